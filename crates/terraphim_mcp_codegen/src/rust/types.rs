//! From the types of a schema to Rust's: structs, choices of texts, lists, tables, values.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use super::names::{Taken, pascal, unique_snakes};
use crate::schema::{Extra, Literal, Notes, ObjectType, Schema, Type};

/// Most texts of a choice; a longer one is any text.
const MAX_VARIANTS: usize = 64;

/// A Rust type.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ty {
    Value,
    Bool,
    Int,
    Float,
    Text,
    List(Box<Ty>),
    Table(Box<Ty>),
    Optional(Box<Ty>),
    Boxed(Box<Ty>),
    /// A struct or a choice of this name.
    Declared(String),
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => f.write_str("Value"),
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("i64"),
            Self::Float => f.write_str("f64"),
            Self::Text => f.write_str("String"),
            Self::List(item) => write!(f, "Vec<{item}>"),
            Self::Table(item) => write!(f, "BTreeMap<String, {item}>"),
            Self::Optional(inner) => write!(f, "Option<{inner}>"),
            Self::Boxed(inner) => write!(f, "Box<{inner}>"),
            Self::Declared(name) => f.write_str(name),
        }
    }
}

impl Ty {
    fn optional(self) -> Self {
        match self {
            // A value is null where there is none.
            Self::Optional(_) | Self::Value => self,
            other => Self::Optional(Box::new(other)),
        }
    }
}

/// A type that is declared.
#[derive(Debug, Clone)]
pub(super) struct Declaration {
    pub(super) name: String,
    pub(super) notes: Notes,
    pub(super) shape: Shape,
}

#[derive(Debug, Clone)]
pub(super) enum Shape {
    Struct {
        fields: Vec<Field>,
        /// The field for members that are not declared.
        other: Option<String>,
    },
    /// Variants and the texts that they stand for.
    Choice(Vec<(String, String)>),
}

#[derive(Debug, Clone)]
pub(super) struct Field {
    /// As it is written.
    pub(super) name: String,
    /// The name in JSON.
    pub(super) json: String,
    pub(super) ty: Ty,
    pub(super) required: bool,
    pub(super) notes: Notes,
}

/// What a program does with the types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// It writes them; what the schema does not name is only there where the schema speaks of it.
    Arguments,
    /// It reads them; everything that comes is kept.
    Result,
}

/// The types of one schema.
pub(super) struct Types {
    pub(super) root: Ty,
    pub(super) declared: Vec<Declaration>,
}

/// Types for `schema`, whose root is called `name` and whose definitions begin with `base`.
/// `taken` has the names of all types of the module.
pub(super) fn types(schema: &Schema, side: Side, base: &str, name: &str, taken: &mut Taken) -> Types {
    let mut maker = Maker {
        schema,
        side,
        base,
        taken,
        circular: circular(schema),
        known: HashMap::new(),
        open: Vec::new(),
        declared: Vec::new(),
    };
    let root = match (side, schema.target(&schema.root), schema.object()) {
        // One side of an intersection says what is known; the others may say more.
        (Side::Arguments, Type::Intersection(_), Some(object)) => {
            let open = ObjectType { extra: Extra::Of(Box::new(Type::Unknown)), ..object.clone() };
            maker.object(&open, name, Notes::default())
        }
        // The struct of the arguments has the tool's name, whatever its definition is called.
        (Side::Arguments, Type::Object(object), _) => maker.object(object, name, Notes::default()),
        _ => maker.ty(&schema.root, name, Place::Behind),
    };
    Types { root, declared: maker.declared }
}

/// Whether a type stands in a struct as itself, or behind a list or a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Within,
    Behind,
}

struct Maker<'a> {
    schema: &'a Schema,
    side: Side,
    base: &'a str,
    taken: &'a mut Taken,
    /// Definitions that hold themselves.
    circular: HashSet<usize>,
    /// Definitions that have a type.
    known: HashMap<usize, Ty>,
    /// Definitions without a name of their own that are being looked at.
    open: Vec<usize>,
    declared: Vec<Declaration>,
}

impl Maker<'_> {
    fn ty(&mut self, ty: &Type, name: &str, place: Place) -> Ty {
        match ty {
            Type::Boolean | Type::Literal(Literal::Boolean(_)) => Ty::Bool,
            Type::Integer => Ty::Int,
            Type::Literal(Literal::Number(number)) if number.is_i64() => Ty::Int,
            Type::Number | Type::Literal(Literal::Number(_)) => Ty::Float,
            Type::String => Ty::Text,
            Type::Literal(Literal::String(text)) => self.choice(&[text], name, Notes::default()),
            Type::Array(items) => {
                let item = if name.ends_with("Result") { self.item_name() } else { format!("{name}Item") };
                Ty::List(Box::new(self.ty(items, &item, Place::Behind)))
            }
            Type::Tuple(_) => Ty::List(Box::new(Ty::Value)),
            Type::Object(object) => self.object(object, name, Notes::default()),
            Type::Union(members) => self.union(members, name, place),
            Type::Named(index) => self.named(*index, name, place),
            Type::Unknown | Type::Never | Type::Null | Type::Intersection(_) => Ty::Value,
        }
    }

    fn item_name(&self) -> String {
        format!("{}Item", self.base)
    }

    fn union(&mut self, members: &[Type], name: &str, place: Place) -> Ty {
        let others: Vec<&Type> = members.iter().filter(|ty| **ty != Type::Null).collect();
        let nullable = others.len() < members.len();
        let texts: Option<Vec<&str>> = others
            .iter()
            .map(|ty| if let Type::Literal(Literal::String(text)) = ty { Some(text.as_str()) } else { None })
            .collect();
        let ty = match (others.as_slice(), texts) {
            ([one], _) => self.ty(one, name, place),
            (_, Some(texts)) => self.choice(&texts, name, Notes::default()),
            (others, None) => {
                // Types without parts are declared nowhere, so that asking for them changes nothing.
                let plain = others.iter().all(|ty| {
                    matches!(
                        ty,
                        Type::Boolean | Type::Integer | Type::Number | Type::String | Type::Literal(_)
                    )
                });
                let scalar = |ty: &&Type| match ty {
                    Type::Literal(Literal::String(_)) | Type::String => Ty::Text,
                    Type::Literal(Literal::Boolean(_)) | Type::Boolean => Ty::Bool,
                    Type::Literal(Literal::Number(number)) if number.is_i64() => Ty::Int,
                    Type::Integer => Ty::Int,
                    _ => Ty::Float,
                };
                let kinds: Vec<Ty> = others.iter().map(scalar).collect();
                match kinds.first() {
                    Some(first) if plain && kinds.iter().all(|kind| kind == first) => first.clone(),
                    Some(_) if plain && kinds.iter().all(|kind| matches!(kind, Ty::Int | Ty::Float)) => {
                        Ty::Float
                    }
                    _ => Ty::Value,
                }
            }
        };
        if nullable { ty.optional() } else { ty }
    }

    fn named(&mut self, index: usize, name: &str, place: Place) -> Ty {
        let Some(definition) = self.schema.definitions.get(index) else { return Ty::Value };
        let target = match self.known.get(&index) {
            Some(known) => known.clone(),
            None if self.open.contains(&index) => return Ty::Value,
            None => {
                self.open.push(index);
                let own = format!("{}{}", self.base, pascal(&definition.name));
                let made = match &definition.ty {
                    Type::Object(object) if !object.properties.is_empty() => {
                        // Known before its fields are, which may hold it.
                        let claimed = self.taken.claim(&own);
                        self.known.insert(index, Ty::Declared(claimed.clone()));
                        self.structure(object, claimed, definition.notes.clone())
                    }
                    // What is made here is used in every place, also in those that need a box.
                    Type::Union(_) | Type::Literal(_) => self.ty(&definition.ty, &own, Place::Within),
                    other => self.ty(other, name, Place::Within),
                };
                self.open.pop();
                self.known.insert(index, made.clone());
                made
            }
        };
        if place == Place::Within && self.circular.contains(&index) && matches!(target, Ty::Declared(_)) {
            return Ty::Boxed(Box::new(target)).optional();
        }
        target
    }

    fn choice(&mut self, texts: &[&str], name: &str, notes: Notes) -> Ty {
        if texts.len() > MAX_VARIANTS {
            return Ty::Text;
        }
        let name = self.taken.claim(name);
        let mut taken = Taken::but(["Other", "Self"]);
        let mut variants: Vec<(String, String)> = Vec::new();
        for text in texts {
            if variants.iter().all(|(_, known)| known != text) {
                variants.push((taken.claim(&pascal(text)), (*text).to_owned()));
            }
        }
        self.declared.push(Declaration { name: name.clone(), notes, shape: Shape::Choice(variants) });
        Ty::Declared(name)
    }

    fn object(&mut self, object: &ObjectType, name: &str, notes: Notes) -> Ty {
        if object.properties.is_empty() {
            return match &object.extra {
                Extra::Of(ty) if **ty != Type::Unknown => {
                    Ty::Table(Box::new(self.ty(ty, &format!("{name}Value"), Place::Behind)))
                }
                _ => Ty::Value,
            };
        }
        let name = self.taken.claim(name);
        self.structure(object, name, notes)
    }

    /// Declares a struct under a name that is its own already.
    fn structure(&mut self, object: &ObjectType, name: String, notes: Notes) -> Ty {
        // The struct stands before those of its fields.
        let at = self.declared.len();
        let shape = Shape::Struct { fields: Vec::new(), other: None };
        self.declared.push(Declaration { name: name.clone(), notes, shape });
        let idents = unique_snakes(object.properties.iter().map(|property| property.name.as_str()));
        let fields: Vec<Field> = object
            .properties
            .iter()
            .map(|property| {
                let inner = format!("{name}{}", pascal(&property.name));
                let ty = self.ty(&property.ty, &inner, Place::Within);
                Field {
                    name: idents.get(property.name.as_str()).cloned().unwrap_or_default(),
                    json: property.name.clone(),
                    ty: if property.required { ty } else { ty.optional() },
                    required: property.required,
                    notes: property.notes.clone(),
                }
            })
            .collect();
        let mut taken = Taken::but(idents.values().map(String::as_str));
        let open = self.side == Side::Result || matches!(object.extra, Extra::Of(_));
        let other = open.then(|| taken.claim("other"));
        if let Some(declaration) = self.declared.get_mut(at) {
            declaration.shape = Shape::Struct { fields, other };
        }
        Ty::Declared(name)
    }
}

/// The definitions that a value of them holds within itself, not behind a list or a table.
fn circular(schema: &Schema) -> HashSet<usize> {
    let held: Vec<HashSet<usize>> = schema
        .definitions
        .iter()
        .map(|definition| {
            let mut held = HashSet::new();
            collect(&definition.ty, &mut held);
            held
        })
        .collect();
    let reaches_itself = |start: &usize| {
        let (mut seen, mut open) = (HashSet::new(), vec![*start]);
        while let Some(index) = open.pop() {
            for next in held.get(index).into_iter().flatten() {
                if next == start {
                    return true;
                }
                if seen.insert(*next) {
                    open.push(*next);
                }
            }
        }
        false
    };
    (0..schema.definitions.len()).filter(reaches_itself).collect()
}

fn collect(ty: &Type, held: &mut HashSet<usize>) {
    match ty {
        Type::Named(index) => {
            held.insert(*index);
        }
        Type::Union(members) | Type::Intersection(members) => {
            members.iter().for_each(|member| collect(member, held));
        }
        Type::Object(object) => object.properties.iter().for_each(|property| collect(&property.ty, held)),
        _ => {}
    }
}
