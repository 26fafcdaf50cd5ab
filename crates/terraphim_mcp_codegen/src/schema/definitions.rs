//! Settles the names of a lowered schema: no name stands for itself, and what
//! is used once or is small stands where it is used.

use super::{Definition, Extra, Notes, ObjectType, Schema, Tuple, Type};

/// Deepest nesting up to which definitions are put in place.
const MAX_INLINE_DEPTH: usize = 24;

/// Removes circles of names, puts small definitions in place, drops unused ones.
pub(super) fn settle(mut schema: Schema) -> Schema {
    break_circles(&mut schema.definitions);
    let uses = uses(&schema);
    let definitions = schema.definitions.clone();
    let in_place: Vec<bool> = definitions
        .iter()
        .zip(&uses)
        .enumerate()
        .map(|(index, (definition, uses))| {
            is_small(&definition.ty) || *uses == 1 && !reaches(&definitions, index)
        })
        .collect();
    let placing = Placing { definitions: &definitions, in_place: &in_place };
    schema.root = placing.place(schema.root, 0);
    for definition in &mut schema.definitions {
        let ty = std::mem::replace(&mut definition.ty, Type::Unknown);
        definition.ty = placing.place(ty, 0);
    }
    compact(schema)
}

/// A name that leads back to itself without an object or a list between says
/// nothing, and no language allows it: it becomes `Unknown`.
fn break_circles(definitions: &mut [Definition]) {
    let circular: Vec<usize> =
        (0..definitions.len()).filter(|start| is_circular(definitions, *start)).collect();
    if circular.is_empty() {
        return;
    }
    for definition in definitions {
        let ty = std::mem::replace(&mut definition.ty, Type::Unknown);
        definition.ty = ty.without_names(&circular);
    }
}

fn is_circular(definitions: &[Definition], start: usize) -> bool {
    walk(definitions, start, |ty| match ty {
        Type::Union(_) | Type::Intersection(_) => ty.children(),
        _ => Vec::new(),
    })
}

/// Whether a definition holds itself, at any depth.
fn reaches(definitions: &[Definition], start: usize) -> bool {
    walk(definitions, start, Type::children)
}

/// Whether a walk from a definition over `inner` types comes back to it.
fn walk<'a>(definitions: &'a [Definition], start: usize, inner: impl Fn(&'a Type) -> Vec<&'a Type>) -> bool {
    let mut seen = vec![false; definitions.len()];
    let mut open: Vec<&Type> = definitions.get(start).map(|definition| &definition.ty).into_iter().collect();
    while let Some(ty) = open.pop() {
        if let Type::Named(index) = ty {
            if *index == start {
                return true;
            }
            if let (Some(seen), Some(definition)) = (seen.get_mut(*index), definitions.get(*index))
                && !std::mem::replace(seen, true)
            {
                open.push(&definition.ty);
            }
        }
        open.extend(inner(ty));
    }
    false
}

fn is_small(ty: &Type) -> bool {
    let is_scalar = |ty: &Type| ty.children().is_empty() && !matches!(ty, Type::Named(_));
    match ty {
        Type::Union(members) => members.len() <= 6 && members.iter().all(is_scalar),
        Type::Array(items) => is_scalar(items),
        ty => is_scalar(ty),
    }
}

fn uses(schema: &Schema) -> Vec<usize> {
    let mut uses = vec![0_usize; schema.definitions.len()];
    let mut open: Vec<&Type> = vec![&schema.root];
    while let Some(ty) = open.pop() {
        if let Type::Named(index) = ty
            && let Some(count) = uses.get_mut(*index)
        {
            *count += 1;
            if *count == 1 {
                open.extend(schema.definitions.get(*index).map(|definition| &definition.ty));
            }
        }
        open.extend(ty.children());
    }
    uses
}

struct Placing<'a> {
    definitions: &'a [Definition],
    in_place: &'a [bool],
}

impl Placing<'_> {
    fn place(&self, ty: Type, depth: usize) -> Type {
        let inner = |ty: Type| self.place(ty, depth + 1);
        match ty {
            Type::Named(index) if depth < MAX_INLINE_DEPTH && self.in_place.get(index) == Some(&true) => {
                match self.definitions.get(index) {
                    Some(definition) => inner(definition.ty.clone()),
                    None => Type::Unknown,
                }
            }
            Type::Array(items) => Type::Array(Box::new(inner(*items))),
            Type::Tuple(Tuple { items, required, rest }) => Type::Tuple(Tuple {
                items: items.into_iter().map(inner).collect(),
                required,
                rest: rest.map(|rest| Box::new(inner(*rest))),
            }),
            Type::Object(ObjectType { mut properties, extra }) => {
                for property in &mut properties {
                    let ty = std::mem::replace(&mut property.ty, Type::Unknown);
                    property.ty = inner(ty);
                }
                let extra = if let Extra::Of(ty) = extra { Extra::Of(Box::new(inner(*ty))) } else { extra };
                Type::Object(ObjectType { properties, extra })
            }
            Type::Union(members) => Type::union(members.into_iter().map(inner)),
            Type::Intersection(members) => members.into_iter().map(inner).fold(Type::Unknown, Type::and),
            ty => ty,
        }
    }
}

/// Keeps the definitions that are still referred to, in their order.
fn compact(mut schema: Schema) -> Schema {
    let uses = uses(&schema);
    let mut next = 0;
    let moved: Vec<Option<usize>> = uses
        .iter()
        .map(|count| {
            (*count > 0).then(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    renumber(&mut schema.root, &moved);
    let mut kept = Vec::with_capacity(next);
    for (mut definition, moved_to) in schema.definitions.into_iter().zip(&moved) {
        if moved_to.is_some() {
            renumber(&mut definition.ty, &moved);
            kept.push(Definition { notes: Notes { facts: Vec::new(), ..definition.notes }, ..definition });
        }
    }
    schema.definitions = kept;
    schema
}

fn renumber(ty: &mut Type, moved: &[Option<usize>]) {
    match ty {
        Type::Named(index) => match moved.get(*index).copied().flatten() {
            Some(index) => *ty = Type::Named(index),
            None => *ty = Type::Unknown,
        },
        Type::Array(items) => renumber(items, moved),
        Type::Tuple(Tuple { items, rest, .. }) => {
            items.iter_mut().for_each(|item| renumber(item, moved));
            rest.iter_mut().for_each(|rest| renumber(rest, moved));
        }
        Type::Object(ObjectType { properties, extra }) => {
            properties.iter_mut().for_each(|property| renumber(&mut property.ty, moved));
            if let Extra::Of(ty) = extra {
                renumber(ty, moved);
            }
        }
        Type::Union(members) | Type::Intersection(members) => {
            members.iter_mut().for_each(|member| renumber(member, moved));
        }
        _ => {}
    }
}
