//! The keywords of JSON Schema whose values are schemas, by what these are for.

/// A schema for the same place.
pub(super) const SAME_PLACE: [&str; 4] = ["not", "if", "then", "else"];

/// A list of schemas for the same place.
pub(super) const COMBINED: [&str; 3] = ["allOf", "anyOf", "oneOf"];

/// A schema for each item or member.
pub(super) const FOR_EACH: [&str; 6] = [
    "additionalItems",
    "additionalProperties",
    "contains",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
];

/// A schema for each item, or a list with one for each of the first items.
pub(super) const ITEMS: &str = "items";

/// A list with a schema for each of the first items.
pub(super) const PREFIX_ITEMS: &str = "prefixItems";

/// The keywords whose value may be one schema.
pub(super) fn of_one() -> impl Iterator<Item = &'static str> {
    SAME_PLACE.into_iter().chain(FOR_EACH).chain([ITEMS])
}

/// The keywords whose value may be a list of schemas.
pub(super) fn of_several() -> impl Iterator<Item = &'static str> {
    COMBINED.into_iter().chain([PREFIX_ITEMS, ITEMS])
}
