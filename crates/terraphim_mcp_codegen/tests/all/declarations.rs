//! Golden texts: declarations, signatures, docs.

use std::sync::Arc;

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use terraphim_mcp_codegen::{DiscoveryIndex, ServerTools, declarations, docs, signature};
use terraphim_types::{Language, ServerName, ToolDefinition};

use crate::definitions::{giving, taking, tool};

fn search_tool() -> ToolDefinition {
    tool(json!({
        "name": "search_notes",
        "description": "Searches the notes.\nBest first.",
        "inputSchema": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "properties": {
                "query": { "type": "string", "description": "what to look for", "minLength": 1 },
                "limit": { "type": "integer", "minimum": 1, "maximum": 100, "default": 10 },
                "sort-by": { "enum": ["rank", "date", null] },
                "filter": { "$ref": "#/$defs/Filter" },
            },
            "required": ["query"],
            "$defs": {
                "Filter": {
                    "description": "a condition",
                    "type": "object",
                    "properties": {
                        "any": { "type": "array", "items": { "$ref": "#/$defs/Filter" } },
                        "tag": { "type": ["string", "null"], "deprecated": true },
                    },
                    "additionalProperties": false,
                },
            },
        },
        "outputSchema": {
            "type": "object",
            "properties": {
                "documents": { "type": "array", "items": { "$ref": "#/$defs/Document" } },
                "total": { "type": "integer" },
            },
            "required": ["documents"],
            "$defs": {
                "Document": {
                    "type": "object",
                    "properties": { "title": { "type": "string" }, "rank": { "type": "number" } },
                    "required": ["title", "rank"],
                },
            },
        },
    }))
}

#[test]
fn a_server_becomes_a_module() {
    let server = ServerName::new("my-notes").unwrap();
    let tools = [search_tool(), tool(json!({ "name": "delete", "inputSchema": { "type": "object" } }))];
    expect![[r#"
        declare module 'mcp-servers' {
          /** Notes of a *\/ team. */
          export const my_notes: {
            /**
             * Searches the notes.
             * Best first.
             */
            search_notes: my_notes.SearchNotesTool;
            /** The same as `search_notes`. */
            searchNotes: my_notes.SearchNotesTool;
            delete_: my_notes.DeleteTool;
            /** The same as `delete_`. */
            delete: my_notes.DeleteTool;
          };
          export namespace my_notes {
            type RawReply = { content: { type: string; [key: string]: unknown }[]; structuredContent?: unknown; isError: boolean };
            type SearchNotesTool = {
              (args: SearchNotesArgs): Promise<SearchNotesResult>;
              /** The whole reply. */
              raw(args: SearchNotesArgs): Promise<RawReply>;
            };
            type SearchNotesArgs = {
              /** what to look for (at least 1 character) */
              query: string;
              /** integer, 1 to 100, default 10 */
              limit?: number;
              "sort-by"?: "rank" | "date" | null;
              /** a condition */
              filter?: SearchNotesFilter;
            };
            /** a condition */
            type SearchNotesFilter = {
              any?: SearchNotesFilter[];
              /** @deprecated */
              tag?: string | null;
            };
            type SearchNotesResult = {
              title: string;
              rank: number;
            }[];
            type DeleteTool = {
              (args?: DeleteArgs): Promise<DeleteResult>;
              /** The whole reply. */
              raw(args?: DeleteArgs): Promise<RawReply>;
            };
            type DeleteArgs = { [key: string]: unknown };
            type DeleteResult = unknown;
          }
        }
    "#]].assert_eq(&declarations(&server, Some("Notes of a */ team."), &tools));
}

#[test]
fn docs_tell_how_to_call() {
    let server = ServerTools {
        server: ServerName::new("my-notes").unwrap(),
        description: None,
        tools: Arc::from([search_tool()]),
    };
    let names = ["my_notes.searchNotes", "my-notes.search_nots"].map(str::to_owned);
    let page = docs(&DiscoveryIndex::build(&[server]), &names, Language::TypeScript);
    expect![[r#"
        {
          "docs": [
            {
              "name": "my-notes.search_notes",
              "import": "my_notes",
              "signature": "search_notes(args: { query: string; limit?: number; \"sort-by\"?: \"rank\" | \"date\" | null; filter?: Filter }): Promise<{ title: string; rank: number }[]>",
              "description": "Searches the notes.\nBest first.",
              "parameters": [
                {
                  "name": "query",
                  "type": "string",
                  "required": true,
                  "description": "what to look for (at least 1 character)"
                },
                {
                  "name": "limit",
                  "type": "number",
                  "required": false,
                  "description": "integer, 1 to 100",
                  "default": 10
                },
                {
                  "name": "sort-by",
                  "type": "\"rank\" | \"date\" | null",
                  "required": false
                },
                {
                  "name": "filter",
                  "type": "{ any?: Filter[]; tag?: string | null }",
                  "required": false,
                  "description": "a condition"
                }
              ],
              "result": "{ title: string; rank: number }[]",
              "example": "const result = await my_notes.search_notes({ query: \"query\" });",
              "declaration": "/** a condition */\ntype SearchNotesFilter = {\n  any?: SearchNotesFilter[];\n  /** @deprecated */\n  tag?: string | null;\n};\nfunction search_notes(args: {\n  /** what to look for (at least 1 character) */\n  query: string;\n  /** integer, 1 to 100, default 10 */\n  limit?: number;\n  \"sort-by\"?: \"rank\" | \"date\" | null;\n  /** a condition */\n  filter?: SearchNotesFilter;\n}): Promise<{ title: string; rank: number }[]>;\n"
            }
          ],
          "unknown": [
            {
              "name": "my-notes.search_nots",
              "nearest": [
                "my-notes.search_notes",
                "my-notes"
              ]
            }
          ]
        }"#]].assert_eq(&serde_json::to_string_pretty(&page).unwrap());
}

fn check_arguments(schema: Value, expected: Expect) {
    expected.assert_eq(&signature(&taking(schema)));
}

fn check_result(schema: Value, expected: Expect) {
    expected.assert_eq(&signature(&giving(schema)));
}

fn property(schema: Value) -> Value {
    json!({ "type": "object", "properties": { "x": schema }, "required": ["x"] })
}

#[test]
fn arguments_are_typed() {
    check_arguments(json!({ "type": "object", "properties": {} }), expect!["t(): Promise<unknown>"]);
    check_arguments(json!(true), expect!["t(): Promise<unknown>"]);
    check_arguments(json!({ "type": "string" }), expect!["t(): Promise<unknown>"]);
    check_arguments(
        property(json!({ "type": "string", "nullable": true })),
        expect!["t(args: { x: string | null }): Promise<unknown>"],
    );
    check_arguments(
        property(json!({ "type": "string", "enum": ["a", "b\"\n", 3] })),
        expect![[r#"t(args: { x: "a" | "b\"\n" }): Promise<unknown>"#]],
    );
    check_arguments(property(json!({ "const": -1.5 })), expect!["t(args: { x: -1.5 }): Promise<unknown>"]);
    check_arguments(
        property(json!({ "enum": [18446744073709551615_u64, true, false] })),
        expect!["t(args: { x: number | boolean }): Promise<unknown>"],
    );
    check_arguments(
        property(json!({ "anyOf": [{ "type": "integer" }, { "type": "number" }, {"type": "null"}] })),
        expect!["t(args: { x: number | null }): Promise<unknown>"],
    );
    check_arguments(
        property(
            json!({ "type": "array", "items": { "anyOf": [{ "type": "string" }, { "type": "boolean" }] } }),
        ),
        expect!["t(args: { x: (string | boolean)[] }): Promise<unknown>"],
    );
    check_arguments(
        property(json!({ "type": "object", "additionalProperties": { "type": "number" } })),
        expect!["t(args: { x: { [key: string]: number } }): Promise<unknown>"],
    );
    check_arguments(
        property(json!({ "not": { "type": "string" } })),
        expect!["t(args: { x: unknown }): Promise<unknown>"],
    );
    check_arguments(
        property(json!({ "$ref": "https://example.com/elsewhere.json" })),
        expect!["t(args: { x: unknown }): Promise<unknown>"],
    );
    check_arguments(
        property(
            json!({ "type": "array", "prefixItems": [{ "type": "string" }, { "type": "number" }], "minItems": 2, "maxItems": 2 }),
        ),
        expect!["t(args: { x: [string, number] }): Promise<unknown>"],
    );
    check_arguments(
        property(json!({ "allOf": [
        { "type": "object", "properties": { "a": { "type": "string" } } },
        { "type": "object", "properties": { "a": { "const": "k" }, "b": { "type": "null" } }, "required": ["a"] },
    ] })),
        expect![[r#"t(args: { x: { a: "k"; b?: null } }): Promise<unknown>"#]],
    );
    check_arguments(
        json!({
            "type": "object",
            "properties": { "key": { "type": "string" }, "id": { "type": "string" } },
            "oneOf": [{ "required": ["key"] }, { "required": ["id"] }],
        }),
        expect![
            "t(args: { key?: string; id?: string } & ({ key: string } | { id: string })): Promise<unknown>"
        ],
    );
    check_arguments(
        json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "type": "object",
            "properties": { "x": { "$ref": "#/definitions/X", "type": "string" } },
            "definitions": { "X": { "type": "number" } },
        }),
        expect!["t(args?: { x?: number }): Promise<unknown>"],
    );
}

#[test]
fn results_follow_the_shape() {
    let list = json!({ "type": "array", "items": { "type": "string" } });
    check_result(
        json!({ "type": "object", "properties": { "items": list, "nextCursor": { "type": "string" } }, "required": ["items"] }),
        expect!["t(): Promise<string[]>"],
    );
    check_result(
        json!({ "type": "object", "properties": { "items": list } }),
        expect!["t(): Promise<string[] | null>"],
    );
    check_result(
        json!({ "type": "object", "properties": { "result": { "type": "integer" } }, "x-fastmcp-wrap-result": true, "required": ["result"] }),
        expect!["t(): Promise<number>"],
    );
    check_result(
        json!({ "type": "object", "properties": { "ok": { "type": "boolean" }, "items": list } }),
        expect!["t(): Promise<{ ok?: boolean; items?: string[] }>"],
    );
}

#[test]
fn a_recursive_type_is_named() {
    check_result(
        json!({
            "$ref": "#/$defs/Node",
            "$defs": { "Node": { "type": "object", "properties": { "next": { "$ref": "#/$defs/Node" } } } },
        }),
        expect!["t(): Promise<{ next?: Node }>"],
    );
    check_result(
        json!({ "$ref": "#/$defs/A", "$defs": { "A": { "anyOf": [{ "$ref": "#/$defs/A" }, { "type": "null" }] } } }),
        expect!["t(): Promise<unknown>"],
    );
}

#[test]
fn a_long_signature_is_shortened() {
    let properties: serde_json::Map<_, _> =
        (0..60).map(|n| (format!("parameter_{n}"), json!({ "type": "string" }))).collect();
    let schema = json!({ "type": "object", "properties": properties, "required": ["parameter_7"] });
    check_arguments(
        schema,
        expect![
            "t(args: { parameter_7: string; parameter_0?: string; parameter_1?: string; parameter_2?: string; parameter_3?: string; parameter_4?: string; parameter_5?: string; parameter_6?; … }): Promise<unknown>"
        ],
    );
}
