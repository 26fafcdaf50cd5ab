//! How much work a check would be, counted before it is done: a schema can be
//! small and yet take longer than the universe lasts, because references make
//! one part of it count again wherever they lead there, and it can be nested
//! deeper than a stack holds.
//!
//! The count walks schema and arguments as a validator does. It gives up beyond
//! a number of steps, so that counting is no attack either.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::keywords::{COMBINED, FOR_EACH, ITEMS, PREFIX_ITEMS, SAME_PLACE};

/// Most steps of one check.
const MOST_STEPS: u64 = 2_000_000;

/// Most steps within alternatives for which complaints are collected; each takes about a kilobyte.
const MOST_EXPLAINED: u64 = 20_000;

/// References that are compared in one step.
const LINKS_A_STEP: u64 = 8;

/// How deep schemas may lie in each other, through references too.
const MOST_DEPTH: usize = 256;

/// What one use of a pattern counts.
const PATTERN_STEPS: u64 = 100;

/// Allowed values that are compared in one step.
const VALUES_A_STEP: usize = 16;

/// Keywords that look at what others have looked at, and so walk there again.
const WALKING_AGAIN: [&str; 2] = ["unevaluatedItems", "unevaluatedProperties"];

/// Why a schema cannot be used.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// Compiling it would go too deep.
    #[error("its schemas lie more than {MOST_DEPTH} deep in each other")]
    TooDeep,
    /// The work that it makes cannot be told.
    #[error("it has the reference `{reference}`, which is none to a place of its own")]
    Reference {
        /// The reference.
        reference: String,
    },
}

/// What a check would take.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effort {
    /// Little enough to be done and, where something is wrong, explained.
    Small,
    /// Little enough to be done, too much to be explained.
    Large,
    /// Too much.
    TooMuch,
}

/// Looks a schema over before it is compiled.
pub(super) fn survey(schema: &Value) -> Result<(), Unusable> {
    let dialect = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
    let names_by_id = dialect.contains("draft-04");
    Survey { root: schema, names_by_id, heights: HashMap::new() }.height(schema, 0).map(drop)
}

/// The effort of checking `arguments` against a schema that was looked over.
pub(super) fn of(schema: &Value, arguments: &Value) -> Effort {
    let mut count = Count { root: schema, steps: 0, explained: 0 };
    match count.visit(schema, arguments, Place { depth: 0, in_alternatives: false }, None) {
        None => Effort::TooMuch,
        Some(()) if count.explained > MOST_EXPLAINED => Effort::Large,
        Some(()) => Effort::Small,
    }
}

/// The schema that a reference names, if it is a pointer into the same document.
fn referred<'s>(root: &'s Value, reference: &str) -> Option<&'s Value> {
    let pointer = reference.strip_prefix('#')?;
    // Where the pointer is written with escapes, only the plain ones are known here.
    if pointer.contains('%') {
        return None;
    }
    root.pointer(pointer)
}

struct Survey<'s> {
    root: &'s Value,
    /// Whether it is of the draft in which `id` is what `$id` is later.
    names_by_id: bool,
    /// How deep each object goes; 0 while that is being found out.
    heights: HashMap<*const Value, usize>,
}

impl<'s> Survey<'s> {
    /// How deep `value` goes, wherever in it schemas may be.
    fn height(&mut self, value: &'s Value, depth: usize) -> Result<usize, Unusable> {
        if let Some(height) = self.heights.get(&std::ptr::from_ref(value)) {
            return if depth + height > MOST_DEPTH { Err(Unusable::TooDeep) } else { Ok(*height) };
        }
        if depth > MOST_DEPTH {
            return Err(Unusable::TooDeep);
        }
        let height = match value {
            Value::Array(items) => self.highest(items.iter(), depth)?,
            Value::Object(members) => {
                self.heights.insert(value, 0);
                self.check_references(members, depth)?;
                let below = self.highest(members.values(), depth)?;
                let reference = members.get("$ref").and_then(Value::as_str);
                let target = reference.and_then(|reference| referred(self.root, reference));
                below.max(self.highest(target.into_iter(), depth)?)
            }
            _ => return Ok(1),
        };
        self.heights.insert(value, height + 1);
        Ok(height + 1)
    }

    fn highest(&mut self, values: impl Iterator<Item = &'s Value>, depth: usize) -> Result<usize, Unusable> {
        let mut highest = 0;
        for value in values {
            highest = highest.max(self.height(value, depth + 1)?);
        }
        Ok(highest)
    }

    /// References that this file cannot follow would lead to work that it does not see.
    fn check_references(&self, members: &Map<String, Value>, depth: usize) -> Result<(), Unusable> {
        let text = |key: &str| members.get(key).and_then(Value::as_str);
        let stray = text("$ref").filter(|reference| referred(self.root, reference).is_none());
        // A part with a name of its own changes what references in it mean.
        let old_name = text("id").filter(|_| self.names_by_id);
        let renamed = text("$id").or(old_name).filter(|_| depth > 0);
        match stray.or(renamed).or(text("$dynamicRef")).or(text("$recursiveRef")) {
            None => Ok(()),
            Some(reference) => Err(Unusable::Reference { reference: reference.chars().take(100).collect() }),
        }
    }
}

/// Where in the walk a visit is.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    in_alternatives: bool,
}

/// The references that led to a visit without going deeper into the arguments.
struct Chain<'c> {
    schema: *const Value,
    length: u64,
    before: Option<&'c Chain<'c>>,
}

impl Chain<'_> {
    fn holds(&self, schema: *const Value) -> bool {
        std::iter::successors(Some(self), |link| link.before).any(|link| link.schema == schema)
    }
}

struct Count<'s> {
    root: &'s Value,
    steps: u64,
    explained: u64,
}

impl<'s> Count<'s> {
    /// Counts so many steps; `None` beyond the limit.
    fn step(&mut self, steps: u64, place: Place) -> Option<()> {
        self.steps = self.steps.saturating_add(steps);
        if place.in_alternatives {
            self.explained = self.explained.saturating_add(steps);
        }
        (self.steps <= MOST_STEPS).then_some(())
    }

    /// Counts the check of `value` against `schema`.
    fn visit(
        &mut self,
        schema: &'s Value,
        value: &Value,
        place: Place,
        before: Option<&Chain<'_>>,
    ) -> Option<()> {
        self.step(1, place)?;
        let Value::Object(keywords) = schema else { return Some(()) };
        if place.depth > 2 * MOST_DEPTH {
            return None;
        }
        let inner = Place { depth: place.depth + 1, ..place };
        let allowed = keywords.get("enum").and_then(Value::as_array).map_or(0, Vec::len);
        self.step((allowed / VALUES_A_STEP) as u64, place)?;
        let again = WALKING_AGAIN.iter().filter(|keyword| keywords.contains_key(**keyword)).count();
        for _ in 0..=again {
            self.same_place(keywords, value, inner, before)?;
        }
        match value {
            Value::Object(members) => self.members(keywords, members, inner),
            Value::Array(items) => self.items(keywords, items, inner),
            Value::String(text) if keywords.contains_key("pattern") => {
                self.step(PATTERN_STEPS + text.len() as u64 / 16, place)
            }
            _ => Some(()),
        }
    }

    /// The schemas that hold for the same value.
    fn same_place(
        &mut self,
        keywords: &'s Map<String, Value>,
        value: &Value,
        place: Place,
        before: Option<&Chain<'_>>,
    ) -> Option<()> {
        if let Some(schema) = keywords.get("$ref").and_then(|target| referred(self.root, target.as_str()?)) {
            let length = before.map_or(0, |chain| chain.length);
            self.step(length / LINKS_A_STEP, place)?;
            // What leads to itself without a step into the arguments ends there.
            if !before.is_some_and(|chain| chain.holds(schema)) {
                let chain = Chain { schema, length: length + 1, before };
                self.visit(schema, value, place, Some(&chain))?;
            }
        }
        for schema in SAME_PLACE.iter().filter_map(|keyword| keywords.get(*keyword)) {
            self.visit(schema, value, place, before)?;
        }
        for keyword in COMBINED {
            let place = Place { in_alternatives: place.in_alternatives || keyword != "allOf", ..place };
            for schema in keywords.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                self.visit(schema, value, place, before)?;
            }
        }
        for keyword in ["dependentSchemas", "dependencies"] {
            for schema in keywords.get(keyword).and_then(Value::as_object).into_iter().flat_map(Map::values) {
                self.visit(schema, value, place, before)?;
            }
        }
        Some(())
    }

    fn members(
        &mut self,
        keywords: &'s Map<String, Value>,
        members: &Map<String, Value>,
        place: Place,
    ) -> Option<()> {
        let named = keywords.get("properties").and_then(Value::as_object);
        let patterns = keywords.get("patternProperties").and_then(Value::as_object);
        for (name, value) in members {
            self.step(1, place)?;
            let known = named.and_then(|named| named.get(name));
            if let Some(schema) = known {
                self.visit(schema, value, place, None)?;
            }
            for schema in patterns.into_iter().flat_map(Map::values) {
                self.step(PATTERN_STEPS, place)?;
                self.visit(schema, value, place, None)?;
            }
            let others = FOR_EACH.iter().filter(|keyword| **keyword != "propertyNames" && known.is_none());
            for schema in others.filter_map(|keyword| keywords.get(*keyword)) {
                self.visit(schema, value, place, None)?;
            }
            if let Some(schema) = keywords.get("propertyNames") {
                self.visit(schema, &Value::String(name.clone()), place, None)?;
            }
        }
        Some(())
    }

    fn items(&mut self, keywords: &'s Map<String, Value>, items: &[Value], place: Place) -> Option<()> {
        let lists = [PREFIX_ITEMS, ITEMS].into_iter().filter_map(|keyword| keywords.get(keyword)?.as_array());
        for (schema, value) in lists.flat_map(|list| list.iter().zip(items)) {
            self.visit(schema, value, place, None)?;
        }
        let each = keywords.get(ITEMS).filter(|schema| !schema.is_array());
        let others = FOR_EACH.iter().filter_map(|keyword| keywords.get(*keyword));
        for schema in each.into_iter().chain(others) {
            for value in items {
                self.visit(schema, value, place, None)?;
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests;
