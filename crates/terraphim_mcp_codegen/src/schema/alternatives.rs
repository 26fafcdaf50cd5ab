//! An object that is one of several, or several at once, as one object whose properties are those of
//! all of them. It is wider than the type itself; where what belongs together matters, the
//! alternatives are told beside it.

use std::borrow::Cow;

use super::{Extra, Notes, ObjectType, Property, Schema, Type};

/// Deepest nesting of alternatives that is followed.
const MAX_DEPTH: usize = 8;
/// Most alternatives that are looked at.
const MAX_ALTERNATIVES: usize = 48;

impl Schema {
    /// The root as one object: that which it is, or all that the alternatives of the root name. A property must
    /// be given where each alternative says so. None where no alternative is an object.
    pub(crate) fn arguments(&self) -> Option<Cow<'_, ObjectType>> {
        match self.target(&self.root) {
            Type::Object(object) => Some(Cow::Borrowed(object)),
            ty => self.as_one(ty, 0).map(Cow::Owned),
        }
    }

    /// The objects of which the root is one, where there are several.
    pub(crate) fn alternatives(&self) -> Vec<&ObjectType> {
        let members = match self.target(&self.root) {
            Type::Union(members) => members.as_slice(),
            Type::Intersection(members) => {
                let union = members.iter().find_map(|member| match self.target(member) {
                    Type::Union(members) => Some(members.as_slice()),
                    _ => None,
                });
                union.unwrap_or_default()
            }
            _ => &[],
        };
        let objects = members.iter().filter_map(|member| match self.target(member) {
            Type::Object(object) => Some(object),
            _ => None,
        });
        let objects: Vec<_> = objects.take(MAX_ALTERNATIVES).collect();
        if objects.len() > 1 { objects } else { Vec::new() }
    }

    fn as_one(&self, ty: &Type, depth: usize) -> Option<ObjectType> {
        let of = |members: &[Type], join: fn(ObjectType, &ObjectType) -> ObjectType| {
            let parts = members.iter().take(MAX_ALTERNATIVES);
            let parts = parts.filter_map(|member| self.as_one(member, depth + 1));
            parts.reduce(|all, one| join(all, &one))
        };
        if depth > MAX_DEPTH {
            return None;
        }
        match self.target(ty) {
            Type::Object(object) => Some(object.clone()),
            Type::Union(members) => of(members, either),
            Type::Intersection(members) => of(members, both),
            _ => None,
        }
    }
}

/// What either object may have.
fn either(mut all: ObjectType, one: &ObjectType) -> ObjectType {
    for known in &mut all.properties {
        match one.properties.iter().find(|property| property.name == known.name) {
            Some(property) => {
                known.required &= property.required;
                if known.ty != property.ty {
                    known.ty = Type::union([known.ty.clone(), property.ty.clone()]);
                }
                if known.notes != property.notes {
                    // Limits and defaults are those of one alternative.
                    known.notes = Notes {
                        description: known
                            .notes
                            .description
                            .take()
                            .or_else(|| property.notes.description.clone()),
                        ..Notes::default()
                    };
                }
            }
            None => known.required = false,
        }
    }
    for property in &one.properties {
        if all.properties.iter().all(|known| known.name != property.name) {
            all.properties.push(Property { required: false, ..property.clone() });
        }
    }
    let extra = extra(&all, one);
    ObjectType { extra, ..all }
}

/// What an object has that is both.
fn both(mut all: ObjectType, one: &ObjectType) -> ObjectType {
    for property in &one.properties {
        match all.properties.iter_mut().find(|known| known.name == property.name) {
            Some(known) => {
                known.required |= property.required;
                if known.ty == Type::Unknown {
                    known.ty = property.ty.clone();
                }
            }
            None => all.properties.push(property.clone()),
        }
    }
    let extra = extra(&all, one);
    ObjectType { extra, ..all }
}

/// What an object may hold beside its properties that is one of both.
fn extra(all: &ObjectType, one: &ObjectType) -> Extra {
    match (&all.extra, &one.extra) {
        (same, other) if same == other && all.properties.is_empty() => same.clone(),
        (Extra::Closed, Extra::Closed) => Extra::Closed,
        (Extra::Of(_), _) | (_, Extra::Of(_)) => Extra::Of(Box::new(Type::Unknown)),
        _ => Extra::Unsaid,
    }
}
