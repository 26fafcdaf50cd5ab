//! A schema as one dialect can check it by itself: every reference is one to
//! `$defs` or to the whole, and nothing stands in it that checks nothing.
//!
//! Schemas of every draft from 4 on are read, and those that name none. What
//! cannot be checked (a reference to elsewhere, a pattern that is none) is left
//! out, and told; so the rest is still checked.

use std::{collections::HashMap, sync::Arc};

use jsonschema::PatternOptions;
use serde_json::{Map, Value, json};

use super::{
    BACKTRACKS,
    keywords::{COMBINED, ITEMS, PREFIX_ITEMS, of_one, of_several},
    uri::{decoded, joined},
};

/// How deep schemas may lie in each other.
const MOST_DEPTH: usize = 256;

/// Most parts of a schema, counted once where they stand and once where they are referred to.
const MOST_NODES: usize = 200_000;

/// How many things that cannot be checked are told.
const MOST_TOLD: usize = 5;

/// Keywords whose value is a schema for each name.
const NAMED: [&str; 6] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

/// Keywords that count something.
const SIZES: [&str; 8] = [
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "minContains",
    "maxContains",
];

/// The names of types.
const TYPES: [&str; 7] = ["null", "boolean", "integer", "number", "string", "array", "object"];

/// A schema that can be checked, and what of the one that it was made from cannot.
pub(super) struct Standalone {
    pub(super) schema: Value,
    /// Each on one line; a few.
    pub(super) unchecked: Vec<String>,
}

/// Why none could be made.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unusable {
    /// Following it would go too deep.
    #[error("its schemas lie more than {MOST_DEPTH} deep in each other")]
    TooDeep,
    /// It is too large.
    #[error("it has more than {MOST_NODES} parts")]
    TooLarge,
}

/// Makes a schema stand by itself.
pub(super) fn of(schema: &Value) -> Result<Standalone, Unusable> {
    let dialect = schema.get("$schema").and_then(Value::as_str).unwrap_or_default();
    let dialect = Dialect::named(dialect);
    let mut maker = Maker {
        root: schema,
        dialect,
        resources: HashMap::new(),
        anchors: HashMap::new(),
        bases: HashMap::new(),
        places: HashMap::new(),
        queue: Vec::new(),
        unchecked: Vec::new(),
        nodes: 0,
    };
    if dialect == Dialect::Unknown {
        maker.tell("the dialect that `$schema` names is not known, 2020-12 is taken for it");
    }
    maker.collect(schema, &Arc::from(""), 0)?;
    let mut made = maker.schema(schema, 0)?;
    let mut definitions = Map::new();
    let mut next = 0;
    while let Some(target) = maker.queue.get(next).copied() {
        definitions.insert(format!("r{next}"), maker.schema(target, 0)?);
        next += 1;
    }
    if !definitions.is_empty() {
        // What only says yes has no place for definitions, and refers to none.
        if let Value::Object(made) = &mut made {
            made.insert("$defs".to_owned(), Value::Object(definitions));
        }
    }
    Ok(Standalone { schema: made, unchecked: maker.unchecked })
}

/// Which keywords mean what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// `id` names a schema, and what stands beside a reference counts nothing.
    Draft4,
    /// What stands beside a reference counts nothing.
    Draft6Or7,
    Later,
    Unknown,
}

impl Dialect {
    fn named(name: &str) -> Self {
        let has = |part: &str| name.contains(part);
        match name {
            "" => Self::Later,
            _ if has("draft-03") || has("draft-04") => Self::Draft4,
            _ if has("draft-06") || has("draft-07") => Self::Draft6Or7,
            _ if has("2019-09") || has("2020-12") || has("json-schema.org/schema") => Self::Later,
            _ => Self::Unknown,
        }
    }
}

struct Maker<'s> {
    root: &'s Value,
    dialect: Dialect,
    /// Schemas by their URIs.
    resources: HashMap<String, &'s Value>,
    /// Schemas by the URI of what they stand in, and their name there.
    anchors: HashMap<(Arc<str>, &'s str), &'s Value>,
    /// The URIs of what schemas stand in, where that has one.
    bases: HashMap<*const Value, Arc<str>>,
    /// The numbers of what is referred to.
    places: HashMap<*const Value, usize>,
    queue: Vec<&'s Value>,
    unchecked: Vec<String>,
    nodes: usize,
}

impl<'s> Maker<'s> {
    fn tell(&mut self, what: &str) {
        if self.unchecked.len() < MOST_TOLD && !self.unchecked.iter().any(|told| told == what) {
            self.unchecked.push(what.to_owned());
        }
    }

    fn step(&mut self, depth: usize) -> Result<(), Unusable> {
        self.nodes += 1;
        match (depth > MOST_DEPTH, self.nodes > MOST_NODES) {
            (true, _) => Err(Unusable::TooDeep),
            (_, true) => Err(Unusable::TooLarge),
            _ => Ok(()),
        }
    }

    /// Finds the names of all schemas.
    fn collect(&mut self, schema: &'s Value, outer: &Arc<str>, depth: usize) -> Result<(), Unusable> {
        self.step(depth)?;
        let Value::Object(keywords) = schema else { return Ok(()) };
        let text = |key: &str| keywords.get(key).and_then(Value::as_str);
        let old = text("id").filter(|_| self.dialect == Dialect::Draft4);
        let mut base = Arc::clone(outer);
        if let Some(id) = text("$id").or(old) {
            let (uri, fragment) = id.split_once('#').unwrap_or((id, ""));
            if !uri.is_empty() {
                base = Arc::from(joined(outer, uri));
                self.resources.entry(base.to_string()).or_insert(schema);
            }
            if !fragment.is_empty() {
                self.anchors.entry((Arc::clone(&base), fragment)).or_insert(schema);
            }
        }
        for name in [text("$anchor"), text("$dynamicAnchor")].into_iter().flatten() {
            self.anchors.entry((Arc::clone(&base), name)).or_insert(schema);
        }
        if !base.is_empty() {
            self.bases.insert(schema, Arc::clone(&base));
        }
        for schema in parts(keywords) {
            self.collect(schema, &base, depth + 1)?;
        }
        Ok(())
    }

    /// What a reference from `schema` leads to.
    fn target(&self, schema: &'s Value, reference: &str) -> Option<&'s Value> {
        let base = self.bases.get(&std::ptr::from_ref(schema)).cloned().unwrap_or_else(|| Arc::from(""));
        let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let resource = match uri {
            "" => base,
            uri => Arc::from(joined(&base, uri)),
        };
        let fragment = decoded(fragment)?;
        if !fragment.is_empty() && !fragment.starts_with('/') {
            return self.anchors.get(&(resource, fragment.as_str())).copied();
        }
        let own = |found: Option<&&'s Value>| found.copied();
        let document = match own(self.resources.get(&*resource)) {
            Some(document) => document,
            None if resource.is_empty() => self.root,
            None => return None,
        };
        // Some write all pointers from the whole, whatever they stand in.
        document.pointer(&fragment).or_else(|| self.root.pointer(&fragment).filter(|_| uri.is_empty()))
    }

    /// The reference to a schema in what is made.
    fn reference(&mut self, target: &'s Value) -> Value {
        if std::ptr::eq(target, self.root) {
            return json!("#");
        }
        let next = self.queue.len();
        let place = *self.places.entry(target).or_insert(next);
        if place == next {
            self.queue.push(target);
        }
        json!(format!("#/$defs/r{place}"))
    }

    fn schema(&mut self, schema: &'s Value, depth: usize) -> Result<Value, Unusable> {
        self.step(depth)?;
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(_) => return Ok(schema.clone()),
            _ => {
                self.tell("a part of it is no schema");
                return Ok(Value::Bool(true));
            }
        };
        let mut made = Map::new();
        for keyword in ["$ref", "$dynamicRef", "$recursiveRef"] {
            let Some(reference) = keywords.get(keyword).and_then(Value::as_str) else { continue };
            match self.target(schema, reference) {
                Some(target) if made.is_empty() => {
                    made.insert("$ref".to_owned(), self.reference(target));
                }
                Some(target) => {
                    let reference = self.reference(target);
                    made.insert("allOf".to_owned(), json!([{ "$ref": reference }]));
                }
                None => self.tell(&format!(
                    "the reference `{}` leads to nothing in it",
                    reference.chars().take(100).collect::<String>()
                )),
            }
        }
        if keywords.contains_key("$ref") && matches!(self.dialect, Dialect::Draft4 | Dialect::Draft6Or7) {
            return Ok(Value::Object(made));
        }
        self.values(keywords, &mut made);
        self.numbers(keywords, &mut made);
        self.parts(keywords, &mut made, depth + 1)?;
        self.lists(keywords, &mut made, depth + 1)?;
        self.dependencies(keywords, &mut made, depth + 1)?;
        Ok(Value::Object(made))
    }

    /// The keywords that compare: types, allowed values, names, patterns.
    fn values(&mut self, keywords: &Map<String, Value>, made: &mut Map<String, Value>) {
        let is_type = |kind: &&Value| kind.as_str().is_some_and(|kind| TYPES.contains(&kind));
        match keywords.get("type") {
            Some(Value::Array(kinds)) if !kinds.is_empty() && kinds.iter().all(|kind| is_type(&kind)) => {
                let mut different = Vec::new();
                for kind in kinds {
                    if !different.contains(kind) {
                        different.push(kind.clone());
                    }
                }
                made.insert("type".to_owned(), Value::Array(different));
            }
            Some(kind) if is_type(&kind) => {
                made.insert("type".to_owned(), kind.clone());
            }
            Some(_) => self.tell("a `type` in it names none"),
            None => {}
        }
        if let Some(value) = keywords.get("const") {
            made.insert("const".to_owned(), value.clone());
        }
        match keywords.get("enum") {
            Some(values @ Value::Array(_)) => {
                made.insert("enum".to_owned(), values.clone());
            }
            Some(_) => self.tell("an `enum` in it is no list"),
            None => {}
        }
        if let Some(Value::Array(names)) = keywords.get("required") {
            let names: Vec<_> = names.iter().filter(|name| name.is_string()).collect();
            made.insert("required".to_owned(), json!(names));
        }
        if let Some(unique @ Value::Bool(_)) = keywords.get("uniqueItems") {
            made.insert("uniqueItems".to_owned(), unique.clone());
        }
        if let Some(Value::String(pattern)) = keywords.get("pattern")
            && self.is_pattern(pattern)
        {
            made.insert("pattern".to_owned(), json!(pattern));
        }
    }

    /// Whether a text is a pattern that can be used; told where it is not.
    fn is_pattern(&mut self, pattern: &str) -> bool {
        let options = jsonschema::options()
            .with_pattern_options(PatternOptions::fancy_regex().backtrack_limit(BACKTRACKS));
        let is_one = options.build(&json!({ "pattern": pattern })).is_ok();
        if !is_one {
            let shown: String = pattern.chars().take(60).collect();
            self.tell(&format!("the pattern `{shown}` cannot be used"));
        }
        is_one
    }

    /// The keywords that limit.
    fn numbers(&mut self, keywords: &Map<String, Value>, made: &mut Map<String, Value>) {
        for keyword in SIZES {
            let Some(given) = keywords.get(keyword) else { continue };
            let whole = given.as_u64().or_else(|| {
                let float =
                    given.as_f64().filter(|float| float.fract() == 0.0 && (0.0..1e15).contains(float))?;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "it is whole and in range"
                )]
                Some(float as u64)
            });
            match whole {
                Some(size) => drop(made.insert(keyword.to_owned(), json!(size))),
                None => self.tell(&format!("a `{keyword}` in it is no size")),
            }
        }
        for (limit, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
            let number = keywords.get(limit).filter(|number| number.is_number());
            match (number, keywords.get(exclusive)) {
                // So draft 4 writes it.
                (Some(number), Some(Value::Bool(true))) => {
                    made.insert(exclusive.to_owned(), number.clone());
                    continue;
                }
                (_, Some(bound @ Value::Number(_))) => drop(made.insert(exclusive.to_owned(), bound.clone())),
                _ => {}
            }
            if let Some(number) = number {
                made.insert(limit.to_owned(), number.clone());
            }
        }
        if let Some(step) = keywords.get("multipleOf") {
            match step.as_f64() {
                Some(number) if number > 0.0 => drop(made.insert("multipleOf".to_owned(), step.clone())),
                _ => self.tell("a `multipleOf` in it is no step"),
            }
        }
    }

    /// The keywords that hold schemas and mean the same in all dialects.
    fn parts(
        &mut self,
        keywords: &'s Map<String, Value>,
        made: &mut Map<String, Value>,
        depth: usize,
    ) -> Result<(), Unusable> {
        for keyword in of_one().filter(|keyword| !matches!(*keyword, ITEMS | "additionalItems")) {
            if let Some(schema) = keywords.get(keyword) {
                made.insert(keyword.to_owned(), self.schema(schema, depth)?);
            }
        }
        for keyword in COMBINED {
            let Some(Value::Array(schemas)) = keywords.get(keyword) else { continue };
            if schemas.is_empty() {
                continue;
            }
            let mut all = match made.remove(keyword) {
                Some(Value::Array(begun)) => begun,
                _ => Vec::new(),
            };
            for schema in schemas {
                all.push(self.schema(schema, depth)?);
            }
            made.insert(keyword.to_owned(), Value::Array(all));
        }
        for keyword in ["properties", "patternProperties", "dependentSchemas"] {
            let Some(Value::Object(schemas)) = keywords.get(keyword) else { continue };
            let mut all = Map::new();
            for (name, schema) in schemas {
                if keyword == "patternProperties" && !self.is_pattern(name) {
                    continue;
                }
                all.insert(name.clone(), self.schema(schema, depth)?);
            }
            made.insert(keyword.to_owned(), Value::Object(all));
        }
        if let Some(Value::Object(needed)) = keywords.get("dependentRequired") {
            let lists = needed.iter().filter(|(_, names)| is_names(names));
            let lists: Map<_, _> = lists.map(|(name, names)| (name.clone(), names.clone())).collect();
            made.insert("dependentRequired".to_owned(), Value::Object(lists));
        }
        Ok(())
    }

    /// The items of lists, which older dialects write otherwise.
    fn lists(
        &mut self,
        keywords: &'s Map<String, Value>,
        made: &mut Map<String, Value>,
        depth: usize,
    ) -> Result<(), Unusable> {
        let places = [keywords.get(PREFIX_ITEMS), keywords.get(ITEMS)]
            .into_iter()
            .flatten()
            .find_map(Value::as_array)
            .filter(|places| !places.is_empty());
        if let Some(places) = places {
            let places = places.iter().map(|place| self.schema(place, depth));
            made.insert(PREFIX_ITEMS.to_owned(), Value::Array(places.collect::<Result<_, _>>()?));
        }
        let rest = match keywords.get(ITEMS) {
            Some(Value::Array(_)) => keywords.get("additionalItems"),
            items => items,
        };
        if let Some(rest) = rest {
            made.insert(ITEMS.to_owned(), self.schema(rest, depth)?);
        }
        Ok(())
    }

    /// `dependencies`, which later dialects write as two keywords.
    fn dependencies(
        &mut self,
        keywords: &'s Map<String, Value>,
        made: &mut Map<String, Value>,
        depth: usize,
    ) -> Result<(), Unusable> {
        let Some(Value::Object(all)) = keywords.get("dependencies") else { return Ok(()) };
        for (name, needed) in all {
            let (keyword, value) = match needed {
                Value::Array(_) if is_names(needed) => ("dependentRequired", needed.clone()),
                Value::Array(_) => continue,
                schema => ("dependentSchemas", self.schema(schema, depth)?),
            };
            let entry = made.entry(keyword).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(entry) = entry {
                entry.insert(name.clone(), value);
            }
        }
        Ok(())
    }
}

fn is_names(value: &Value) -> bool {
    value.as_array().is_some_and(|names| names.iter().all(Value::is_string))
}

/// The schemas that stand in a schema.
fn parts(keywords: &Map<String, Value>) -> impl Iterator<Item = &Value> {
    let one = of_one().filter_map(|keyword| keywords.get(keyword)).filter(|schema| !schema.is_array());
    let several = of_several().filter_map(|keyword| keywords.get(keyword)?.as_array()).flatten();
    let named = NAMED.iter().filter_map(|keyword| keywords.get(*keyword)?.as_object()).flat_map(Map::values);
    one.chain(several).chain(named)
}
