//! One line for a tool, shortened in steps until it fits.

use terraphim_types::ToolDefinition;

use super::{
    arguments_are_optional, arguments_type,
    print::{object_key, scalar_text},
    shown_result_type, takes_nothing,
};
use crate::{
    bounded,
    naming::{identifier, pascal_case},
    schema::{Bounds, Extra, ObjectType, Schema, Type},
};

/// Longest signature, in characters.
const MAX_SIGNATURE_CHARS: usize = 200;
/// Share of a signature that its result type may take, in characters.
const MAX_RESULT_CHARS: usize = 72;
/// Most members of a union that are written out.
const MAX_UNION: usize = 5;

/// The tool as one line, such as
/// `search(args: { query: string; limit?: number }): Promise<Document[]>`, at
/// most about 200 characters long. Types that do not fit are shortened: nested
/// objects to `{ … }`, then optional arguments to `…`. Names such as `Document`
/// are those of the tool's own schema.
pub fn signature(tool: &ToolDefinition) -> String {
    signature_as(&identifier(&tool.name), tool)
}

/// The signature under the name by which a program calls the tool.
pub(crate) fn signature_as(name: &str, tool: &ToolDefinition) -> String {
    let name = bounded::cut(name, 80);
    let result = result_inline(tool, MAX_RESULT_CHARS);
    let arguments = arguments_type(tool, Bounds::LINE);
    if takes_nothing(&arguments) {
        return format!("{name}(): Promise<{result}>");
    }
    let mark = if arguments_are_optional(&arguments) { "?" } else { "" };
    let room = MAX_SIGNATURE_CHARS.saturating_sub(name.chars().count() + result.chars().count() + 20);
    format!("{name}(args{mark}: {}): Promise<{result}>", inline(&arguments, &arguments.root, room))
}

/// The type of what a call gives, on one line of at most `chars` characters.
pub(crate) fn result_inline(tool: &ToolDefinition, chars: usize) -> String {
    let result = shown_result_type(tool, Bounds::LINE);
    inline(&result, &result.root, chars)
}

/// A type on one line of at most `chars` characters, as deep as fits.
pub(crate) fn inline(schema: &Schema, ty: &Type, chars: usize) -> String {
    // At the top a name says less than what it stands for.
    let ty = schema.target(ty);
    for depth in (1..=3).rev() {
        let line = Line { schema, depth }.text(ty, depth);
        if line.chars().count() <= chars {
            return line;
        }
    }
    if let Some(object) = schema.object().filter(|_| std::ptr::eq(ty, schema.target(&schema.root))) {
        return abbreviated(schema, object, chars);
    }
    let line = Line { schema, depth: 0 }.text(ty, 0);
    if line.chars().count() <= chars { line } else { "unknown".to_owned() }
}

/// An object with its required properties first and as many others as fit.
fn abbreviated(schema: &Schema, object: &ObjectType, chars: usize) -> String {
    let line = Line { schema, depth: 0 };
    let (required, optional): (Vec<_>, Vec<_>) =
        object.properties.iter().partition(|property| property.required);
    let mut out = String::from("{ ");
    let mut used = 5;
    for property in required.into_iter().chain(optional) {
        let mark = if property.required { "" } else { "?" };
        let key = object_key(&property.name);
        let part = format!("{key}{mark}: {}; ", line.text(&property.ty, 0));
        let bare = format!("{key}{mark}; ");
        let fitting = [part, bare].into_iter().find(|part| used + part.chars().count() <= chars);
        let Some(part) = fitting else { break };
        used += part.chars().count();
        out.push_str(&part);
    }
    out + "… }"
}

struct Line<'a> {
    schema: &'a Schema,
    depth: usize,
}

impl Line<'_> {
    fn text(&self, ty: &Type, depth: usize) -> String {
        match ty {
            Type::Array(items) => format!("{}[]", self.operand(items, depth)),
            Type::Tuple(tuple) => {
                let mut parts: Vec<_> =
                    tuple.items.iter().take(6).map(|item| self.text(item, depth)).collect();
                if tuple.rest.is_some() || tuple.items.len() > 6 {
                    parts.push("…".to_owned());
                }
                format!("[{}]", parts.join(", "))
            }
            Type::Object(object) => self.object(object, depth),
            Type::Union(members) => self.joined(members, " | ", depth),
            Type::Intersection(members) => self.joined(members, " & ", depth),
            Type::Named(index) => {
                self.schema.definitions.get(*index).map_or("unknown".to_owned(), |it| pascal_case(&it.name))
            }
            scalar => bounded::cut(&scalar_text(scalar), 40).into_owned(),
        }
    }

    fn operand(&self, ty: &Type, depth: usize) -> String {
        match ty {
            Type::Union(_) | Type::Intersection(_) => format!("({})", self.text(ty, depth)),
            ty => self.text(ty, depth),
        }
    }

    fn joined(&self, members: &[Type], sign: &str, depth: usize) -> String {
        let most = if self.depth == 0 { 3 } else { MAX_UNION };
        let mut parts: Vec<_> = members.iter().take(most).map(|member| self.operand(member, depth)).collect();
        parts.dedup();
        if members.len() > most {
            parts.push("…".to_owned());
        }
        parts.join(sign)
    }

    fn object(&self, object: &ObjectType, depth: usize) -> String {
        if object.properties.is_empty() {
            return match &object.extra {
                Extra::Of(ty) if depth > 0 => format!("{{ [key: string]: {} }}", self.text(ty, depth - 1)),
                Extra::Closed => "{}".to_owned(),
                _ => "object".to_owned(),
            };
        }
        if depth == 0 {
            return "{ … }".to_owned();
        }
        let property = |property: &crate::schema::Property| {
            let mark = if property.required { "" } else { "?" };
            format!("{}{mark}: {}", object_key(&property.name), self.text(&property.ty, depth - 1))
        };
        let mut parts: Vec<_> = object.properties.iter().take(40).map(property).collect();
        match &object.extra {
            Extra::Of(_) => parts.push("[key: string]: unknown".to_owned()),
            _ if object.properties.len() > 40 => parts.push("…".to_owned()),
            _ => {}
        }
        format!("{{ {} }}", parts.join("; "))
    }
}
