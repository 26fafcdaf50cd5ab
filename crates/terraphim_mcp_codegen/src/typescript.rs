//! TypeScript: declarations for a whole server, one-line signatures, inline types.

mod checked;
mod compact;
mod declarations;
mod print;
mod signature;

pub use checked::{RUNTIME_DECLARATIONS, checked_declarations, unavailable_declarations};
pub use declarations::{declarations, module_declarations};
pub use signature::signature;

pub(crate) use compact::tool_declaration;
pub(crate) use declarations::{ToolFile, tool_files, write_description};
pub(crate) use print::{object_key, quoted};
pub(crate) use signature::{inline, result_inline, signature_as};

use serde_json::Value;
use terraphim_types::ToolDefinition;

use crate::{
    result::ResultShape,
    schema::{Bounds, Extra, ObjectType, Schema, Type, lower},
};

/// The type of a tool's arguments, which MCP makes an object in any case.
pub(crate) fn arguments_type(tool: &ToolDefinition, bounds: Bounds) -> Schema {
    let mut schema = lower(&tool.input_schema, bounds);
    let can_hold_object = match schema.target(&schema.root) {
        Type::Object(_) | Type::Intersection(_) => true,
        Type::Union(members) => members.iter().any(|ty| matches!(ty, Type::Object(_) | Type::Named(_))),
        _ => false,
    };
    if !can_hold_object {
        schema.root = Type::Object(ObjectType::open());
        schema.definitions.clear();
    }
    schema
}

/// The type that is shown for what a call gives: the declared one, else that of
/// what calls were seen to answer. What compiles against a type does not use it:
/// a program must not cease to compile because a call has answered.
pub(crate) fn shown_result_type(tool: &ToolDefinition, bounds: Bounds) -> Schema {
    match (&tool.output_schema, &tool.observed) {
        // It describes the value of a call, which has its shape already.
        (None, Some(observed)) => lower(&observed.schema, bounds),
        _ => result_type(tool, bounds),
    }
}

/// The type of what a call of the tool gives, after its [`ResultShape`].
pub(crate) fn result_type(tool: &ToolDefinition, bounds: Bounds) -> Schema {
    let unknown = Value::Bool(true);
    let mut schema = lower(tool.output_schema.as_ref().unwrap_or(&unknown), bounds);
    let of_property = |name: &str| {
        let property = schema.object()?.properties.iter().find(|property| property.name == name)?;
        Some(property.ty.clone())
    };
    let root = match ResultShape::of(tool) {
        ResultShape::Undeclared => Type::Unknown,
        ResultShape::Structured => return schema,
        ResultShape::Property(name) => of_property(&name).unwrap_or(Type::Unknown),
        ResultShape::OptionalProperty(name) => {
            Type::union([of_property(&name).unwrap_or(Type::Unknown), Type::Null])
        }
    };
    schema.root = root;
    schema
}

/// Whether a call needs no argument at all.
pub(crate) fn arguments_are_optional(arguments: &Schema) -> bool {
    match arguments.target(&arguments.root) {
        Type::Object(object) => object.properties.iter().all(|property| !property.required),
        _ => false,
    }
}

/// Whether there is nothing that a call could pass.
pub(crate) fn takes_nothing(arguments: &Schema) -> bool {
    matches!(
        arguments.target(&arguments.root),
        Type::Object(ObjectType { properties, extra: Extra::Unsaid | Extra::Closed }) if properties.is_empty()
    )
}
