//! Unions and intersections of types, kept small: duplicates and absorbed
//! members go, objects are merged. Every result allows at least what the exact one would.

use super::{Extra, Literal, ObjectType, Property, Tuple, Type};

/// Most members of a union of literals; a longer one is widened to their kinds.
const MAX_LITERALS: usize = 64;
/// Most members of any union; a longer one becomes `Unknown`.
const MAX_MEMBERS: usize = 96;
/// Most members over which an intersection is distributed.
const MAX_DISTRIBUTED: usize = 24;

impl Type {
    /// Values of any of the types.
    pub(crate) fn union(types: impl IntoIterator<Item = Type>) -> Self {
        let mut flat = Vec::new();
        for ty in types {
            match ty {
                Self::Union(members) => flat.extend(members),
                Self::Never => {}
                Self::Unknown => return Self::Unknown,
                ty => flat.push(ty),
            }
        }
        if flat.iter().filter(|ty| matches!(ty, Self::Literal(_))).count() > MAX_LITERALS {
            flat = flat.into_iter().map(Self::widened).collect();
        }
        let mut members: Vec<Self> = Vec::new();
        for ty in flat {
            if members.iter().any(|member| member.absorbs(&ty)) {
                continue;
            }
            members.retain(|member| !ty.absorbs(member));
            members.push(ty);
            if members.len() > MAX_MEMBERS {
                return Self::Unknown;
            }
        }
        merge_booleans(&mut members);
        match members.len() {
            0 => Self::Never,
            1 => members.pop().unwrap_or(Self::Never),
            _ => Self::Union(members),
        }
    }

    /// Values of both types.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, ty) | (ty, Self::Unknown) => ty,
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (left, right) if left == right => left,
            (Self::Intersection(members), ty) | (ty, Self::Intersection(members)) => with_member(members, ty),
            (left @ Self::Named(_), right) | (left, right @ Self::Named(_)) => {
                Self::Intersection(vec![left, right])
            }
            (Self::Union(left), Self::Union(right)) if is_distributable(&left, &right) => {
                let pairs =
                    left.iter().flat_map(|one| right.iter().map(|other| one.clone().and(other.clone())));
                Self::union(pairs.collect::<Vec<_>>())
            }
            // Copying what is large into every member would grow exponentially with the nesting.
            (Self::Union(members), ty) | (ty, Self::Union(members)) if !ty.children().is_empty() => {
                let members = members.into_iter().map(|member| informed(member, &ty)).collect();
                Self::Intersection(vec![ty, Self::Union(members)])
            }
            (Self::Union(members), ty) | (ty, Self::Union(members)) => {
                Self::union(members.into_iter().map(|member| member.and(ty.clone())))
            }
            (Self::Object(left), Self::Object(right)) => Self::Object(merged(left, right)),
            (Self::Array(left), Self::Array(right)) => Self::Array(Box::new(left.and(*right))),
            // A place list says more than an item type does; keeping it alone is wider than both.
            (tuple @ Self::Tuple(_), Self::Array(_) | Self::Tuple(_))
            | (Self::Array(_), tuple @ Self::Tuple(_)) => tuple,
            (left, right) if left.absorbs(&right) => right,
            (left, right) if right.absorbs(&left) => left,
            _ => Self::Never,
        }
    }

    /// Whether every value of `other` plainly is one of this type.
    fn absorbs(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Number, Self::Integer)
            | (Self::String, Self::Literal(Literal::String(_)))
            | (Self::Number | Self::Integer, Self::Literal(Literal::Number(_)))
            | (Self::Boolean, Self::Literal(Literal::Boolean(_))) => true,
            (left, right) => left == right,
        }
    }

    /// The kind of a literal; anything else as it is.
    fn widened(self) -> Self {
        match self {
            Self::Literal(Literal::String(_)) => Self::String,
            Self::Literal(Literal::Number(_)) => Self::Number,
            Self::Literal(Literal::Boolean(_)) => Self::Boolean,
            ty => ty,
        }
    }

    /// The type with every name in `names` replaced by `Unknown`, where it stands at the top.
    pub(crate) fn without_names(self, names: &[usize]) -> Self {
        match self {
            Self::Named(index) if names.contains(&index) => Self::Unknown,
            Self::Union(members) => {
                Self::union(members.into_iter().map(|member| member.without_names(names)))
            }
            Self::Intersection(members) => {
                members.into_iter().map(|member| member.without_names(names)).fold(Self::Unknown, Self::and)
            }
            ty => ty,
        }
    }

    /// The types directly inside this one.
    pub(crate) fn children(&self) -> Vec<&Type> {
        match self {
            Self::Array(items) => vec![items],
            Self::Tuple(Tuple { items, rest, .. }) => items.iter().chain(rest.as_deref()).collect(),
            Self::Object(ObjectType { properties, extra }) => {
                let rest = if let Extra::Of(ty) = extra { Some(ty.as_ref()) } else { None };
                properties.iter().map(|property| &property.ty).chain(rest).collect()
            }
            Self::Union(members) | Self::Intersection(members) => members.iter().collect(),
            _ => Vec::new(),
        }
    }
}

/// An alternative that only names a property, as `required` does, with the plain type that the
/// object beside it gives to that property.
fn informed(mut member: Type, beside: &Type) -> Type {
    let (Type::Object(object), Type::Object(known)) = (&mut member, beside) else { return member };
    for property in object.properties.iter_mut().filter(|property| property.ty == Type::Unknown) {
        let same = known.properties.iter().find(|known| known.name == property.name);
        if let Some(known) = same.filter(|known| known.ty.children().is_empty()) {
            property.ty = known.ty.clone();
        }
    }
    member
}

fn is_distributable(left: &[Type], right: &[Type]) -> bool {
    left.len() * right.len() <= MAX_DISTRIBUTED * MAX_DISTRIBUTED
        && left.iter().chain(right).all(|member| member.children().is_empty())
}

fn with_member(mut members: Vec<Type>, ty: Type) -> Type {
    if let Type::Intersection(more) = ty {
        return more.into_iter().fold(Type::Intersection(members), Type::and);
    }
    if members.contains(&ty) {
        return Type::Intersection(members);
    }
    let is_open = |ty: &Type| matches!(ty, Type::Named(_) | Type::Union(_));
    match members.iter().position(|member| !is_open(member)) {
        Some(at) if !is_open(&ty) => {
            let merged = members.remove(at).and(ty);
            if merged == Type::Never {
                return Type::Never;
            }
            members.insert(at, merged);
        }
        _ if members.len() < MAX_DISTRIBUTED => members.push(ty),
        // Leaving a member out only widens.
        _ => {}
    }
    Type::Intersection(members)
}

fn merge_booleans(members: &mut Vec<Type>) {
    let literal = |value| Type::Literal(Literal::Boolean(value));
    if members.contains(&literal(true)) && members.contains(&literal(false)) {
        let at = members.iter().position(|ty| matches!(ty, Type::Literal(Literal::Boolean(_)))).unwrap_or(0);
        members.retain(|ty| !matches!(ty, Type::Literal(Literal::Boolean(_))));
        members.insert(at.min(members.len()), Type::Boolean);
    }
}

fn merged(left: ObjectType, right: ObjectType) -> ObjectType {
    let bare = left.properties.is_empty() && right.properties.is_empty();
    let extra = match (left.extra, right.extra) {
        (Extra::Closed, Extra::Closed) => Extra::Closed,
        (Extra::Closed, _) | (_, Extra::Closed) if bare => Extra::Closed,
        (Extra::Of(left), Extra::Of(right)) if bare => Extra::Of(Box::new(left.and(*right))),
        (Extra::Of(ty), Extra::Unsaid) | (Extra::Unsaid, Extra::Of(ty)) if bare => Extra::Of(ty),
        (Extra::Of(_), _) | (_, Extra::Of(_)) => Extra::Of(Box::new(Type::Unknown)),
        _ => Extra::Unsaid,
    };
    let mut properties = left.properties;
    for property in right.properties {
        match properties.iter_mut().find(|known| known.name == property.name) {
            Some(known) => join(known, property),
            None => properties.push(property),
        }
    }
    ObjectType { properties, extra }
}

fn join(known: &mut Property, other: Property) {
    known.required |= other.required;
    let ty = std::mem::replace(&mut known.ty, Type::Unknown);
    known.ty = ty.and(other.ty);
    if known.notes.is_empty() {
        known.notes = other.notes;
    }
}
