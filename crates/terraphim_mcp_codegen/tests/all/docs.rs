//! Docs in each language, at each level, within a budget.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use terraphim_mcp_codegen::{
    Asking, Detail, DiscoveryIndex, DocsContext, DocsPage, DocsQuery, Form, ServerTools, TextForm, ToolQuery,
    docs, docs_with, docs_within, effect, python_keywords, show_in, tokens_at_most,
};
use terraphim_types::{Language, ServerName, ToolDefinition};

use crate::definitions::{taking, tool};

const LANGUAGES: [Language; 4] = [Language::TypeScript, Language::Python, Language::Rust, Language::Bash];

/// A tool with everything that docs tell: limits, defaults, names that are none, types within types.
fn issue() -> ToolDefinition {
    tool(json!({
        "name": "create_issue",
        "inputSchema": {
            "type": "object",
            "properties": {
                "title": { "type": "string", "description": "What it is about", "maxLength": 80 },
                "class": { "enum": ["bug", "idea"] },
                "x-ref": { "type": "integer", "minimum": 1, "default": 5 },
                "notify": { "type": "boolean", "default": true },
                "labels": { "type": "array", "maxItems": 3, "items": {
                    "type": "object",
                    "properties": {
                        "name": { "type": "string" },
                        "color": { "type": "string", "default": "red", "description": "Of the sign" },
                    },
                    "required": ["name"],
                } },
            },
            "required": ["title", "class"],
            "additionalProperties": false,
        },
        "outputSchema": {
            "type": "object",
            "properties": { "id": { "type": "integer" }, "url": { "type": "string" } },
            "required": ["id"],
        },
    }))
}

fn index(tools: impl IntoIterator<Item = ToolDefinition>) -> DiscoveryIndex {
    let server = ServerName::new("tracker").expect("a name");
    DiscoveryIndex::build(&[ServerTools { server, description: None, tools: tools.into_iter().collect() }])
}

fn declaration(language: Language, expected: &Expect) {
    let page = docs(&index([issue()]), &["tracker.create_issue".to_owned()], language);
    expected.assert_eq(&page.docs[0].declaration);
}

#[test]
fn declarations_name_every_field_in_the_language() {
    declaration(
        Language::TypeScript,
        &expect![[r#"
        function create_issue(args: {
          /** What it is about (at most 80 characters) */
          title: string;
          class: "bug" | "idea";
          /** integer, at least 1, default 5 */
          "x-ref"?: number;
          /** default true */
          notify?: boolean;
          /** at most 3 items */
          labels?: {
            name: string;
            /** Of the sign (default "red") */
            color?: string;
          }[];
        }): Promise<{
          /** integer */
          id: number;
          url?: string;
        }>;
    "#]],
    );
    declaration(
        Language::Python,
        &expect![[r#"
            class CreateIssueArgsLabelsItem(TypedDict):
                name: str
                #: Of the sign (default "red")
                color: NotRequired[str]
            class CreateIssueResult(TypedDict):
                id: int
                url: NotRequired[str]
            def create_issue(
                *,
                title: str,  # What it is about (at most 80 characters)
                class_: Literal["bug", "idea"],  # sent as "class"
                x_ref: int = 5,  # at least 1; sent as "x-ref"
                notify: bool = True,
                labels: list[CreateIssueArgsLabelsItem] = ...,  # at most 3 items
            ) -> CreateIssueResult: ...
        "#]],
    );
    declaration(
        Language::Rust,
        &expect![[r#"
        pub struct CreateIssue {
            pub title: String, // What it is about (at most 80 characters)
            pub class: CreateIssueClass,
            pub x_ref: Option<i64>, // at least 1, default 5; "x-ref" in JSON
            pub notify: Option<bool>, // default true
            pub labels: Option<Vec<CreateIssueLabelsItem>>, // at most 3 items
        }
        pub enum CreateIssueClass { Bug, Idea, Other(String) } // "bug", "idea"
        pub struct CreateIssueLabelsItem {
            pub name: String,
            pub color: Option<String>, // Of the sign (default "red")
        }
        pub struct CreateIssueResult { pub id: i64, pub url: Option<String>, pub other: Map }
        pub fn create_issue(arguments: CreateIssue) -> Result<CreateIssueResult>;
    "#]],
    );
    declaration(
        Language::Bash,
        &expect![[r#"
        mcp call tracker.create_issue title=string class="bug"|"idea" [x-ref:=integer] [notify:=boolean] [labels:=[{"name":string,"color"?:string}]]
          title: string  # What it is about (at most 80 characters)
          x-ref?: integer = 5  # at least 1
          notify?: boolean = true
          labels?: [{
            "name": string,
            "color"?: string = "red",  # Of the sign
          }]  # at most 3 items
    "#]],
    );
}

#[test]
fn parameters_are_those_of_the_language() {
    let index = index([issue()]);
    let told = |language| {
        let page = docs(&index, &["create_issue".to_owned()], language);
        let told = page.docs[0].parameters.iter().map(|parameter| {
            let mark = if parameter.required { "" } else { "?" };
            let sent = parameter.sent_as.as_deref().map(|name| format!(" as {name}")).unwrap_or_default();
            format!("{}{mark}: {}{sent}", parameter.name, parameter.ty)
        });
        told.collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        title: string
        class: "bug" | "idea"
        x-ref?: number
        notify?: boolean
        labels?: { name: string; color?: string }[]"#]]
    .assert_eq(&told(Language::TypeScript));
    expect![[r#"
        title: str
        class_: Literal["bug", "idea"] as class
        x_ref?: int as x-ref
        notify?: bool
        labels?: list[CreateIssueArgsLabelsItem]"#]]
    .assert_eq(&told(Language::Python));
    expect![[r#"
        title: String
        class: CreateIssueClass
        x_ref?: Option<i64> as x-ref
        notify?: Option<bool>
        labels?: Option<Vec<CreateIssueLabelsItem>>"#]]
    .assert_eq(&told(Language::Rust));
    expect![[r#"
        title: string
        class: "bug"|"idea"
        x-ref?: integer
        notify?: boolean
        labels?: [{"name": string, "color"?: string}]"#]]
    .assert_eq(&told(Language::Bash));
    // Full answers of a search tell the same.
    let query = ToolQuery { query: Some("issue".into()), detail: Detail::Full, ..ToolQuery::default() };
    let mut page = index.search(&query);
    show_in(&index, &mut page, Language::Python);
    let parameters = page.tools[0].parameters.as_ref().expect("parameters");
    assert!(parameters.iter().any(|parameter| parameter.name == "class_"), "{parameters:?}");
}

#[test]
fn a_rust_line_tells_fields_however_many_tools_are_shown() {
    let index = index([issue()]);
    let mut page = index.search(&ToolQuery { query: Some("issue".into()), ..ToolQuery::default() });
    show_in(&index, &mut page, Language::Rust);
    let line = page.tools[0].signature.clone().expect("a signature");
    assert!(line.contains("title: String") && line.contains("x_ref: Option<i64>"), "{line}");
    // What has no type of its own in Rust is told as the JSON that it is.
    let either = json!({ "anyOf": [
        { "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] },
        { "type": "object", "properties": { "b": { "type": "integer" } }, "required": ["b"] },
    ] });
    let index = self::index([taking(either)]);
    let name = index.names().next().expect("a tool").to_owned();
    let page = docs(&index, &[name], Language::Rust);
    let line = &page.docs[0].signature;
    assert!(line.contains(r#"json!({"a": string}|{"b": integer})"#), "{line}");
}

#[test]
fn python_keywords_stand_for_every_argument() {
    let of =
        |properties: Value| python_keywords(&taking(json!({ "type": "object", "properties": properties })));
    let pair = |made: &str, own: &str| (made.to_owned(), own.to_owned());
    assert_eq!(of(json!({ "query": {}, "limit": {} })), []);
    let made = of(json!({ "class": {}, "x-ref": {}, "x_ref": {}, "$filter": {} }));
    assert_eq!(made.len(), 3, "{made:?}");
    for expected in [pair("class_", "class"), pair("x_ref_2", "x-ref"), pair("filter", "$filter")] {
        assert!(made.contains(&expected), "{made:?}");
    }
}

/// Only the signature is written out.
const SHORT: TextForm = TextForm {
    docs: |docs| docs.signature.clone(),
    brief: |brief| brief.name.clone(),
    hit: |_, _| String::new(),
};

#[test]
fn a_budget_counts_what_is_written_out() {
    let index = index((0..30).map(|number| ToolDefinition { name: format!("create_{number}"), ..issue() }));
    let names: Vec<String> = (0..30).map(|number| format!("tracker.create_{number}")).collect();
    for language in LANGUAGES {
        let query =
            DocsQuery { names: names.clone(), language, detail: Some(Detail::Full), max_tokens: Some(2_000) };
        let json = docs_within(&index, &query);
        assert!(tokens_at_most(&serde_json::to_string(&json).expect("JSON")) <= 2_000, "{language}");
        let as_text = |form| {
            let page = docs_with(&index, &query, &DocsContext { form, ..DocsContext::default() });
            page.docs.len()
        };
        let text = as_text(Form::Text(SHORT));
        assert!(text > json.docs.len(), "{language}: {text} of what is shorter");
        assert_eq!(as_text(Form::Both(SHORT)), json.docs.len(), "the longer one counts");
    }
}

#[test]
fn the_declaration_for_python_is_about_as_long_as_the_others() {
    let index = index([issue()]);
    let tokens =
        |language| tokens_at_most(&docs(&index, &["create_issue".into()], language).docs[0].declaration);
    let (python, typescript) = (tokens(Language::Python), tokens(Language::TypeScript));
    assert!(python * 2 <= typescript * 3, "{python} and {typescript}");
}

#[test]
fn the_name_of_a_server_stands_for_its_tools() {
    let index = index(["a", "b"].map(|name| ToolDefinition { name: name.into(), ..issue() }));
    let ask = |names: &[&str], detail| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        docs_within(&index, &DocsQuery { names, detail, ..DocsQuery::default() })
    };
    let briefs = |page: &DocsPage| page.brief.iter().map(|brief| brief.name.clone()).collect::<Vec<_>>();
    let page = ask(&["tracker"], None);
    assert_eq!(
        (briefs(&page), page.unknown.len(), &page.note),
        (vec!["tracker.a".into(), "tracker.b".into()], 0, &None)
    );
    assert_eq!(ask(&["tracker"], Some(Detail::Name)).names, ["tracker.a", "tracker.b"]);
    let both = ask(&["tracker.b", "tracker"], None);
    assert_eq!((both.docs[0].name.as_str(), briefs(&both)), ("tracker.b", vec!["tracker.a".to_owned()]));
    let unknown = ask(&["traker"], None).unknown;
    assert!(unknown[0].nearest.contains(&"tracker".to_owned()), "{unknown:?}");
}

#[test]
fn a_level_that_is_asked_for_counts_for_the_tools_of_a_server() {
    let index = index(["a", "b"].map(|name| ToolDefinition { name: name.into(), ..issue() }));
    let ask = |max_tokens| {
        let (names, detail) = (vec!["tracker".to_owned()], Some(Detail::Full));
        docs_within(&index, &DocsQuery { names, detail, max_tokens, ..DocsQuery::default() })
    };
    let whole = ask(None);
    assert_eq!((whole.docs.len(), whole.brief.len(), &whole.note), (2, 0, &None));
    let cut = ask(Some(400));
    let note = cut.note.expect("a note");
    assert!(cut.docs.len() < 2 && note.contains("for want of room"), "{note}");
}

#[test]
fn a_note_names_what_was_too_much() {
    let index = index((0..120).map(|number| ToolDefinition { name: format!("t{number}"), ..issue() }));
    let ask = |names: Vec<String>, max_tokens, asking| {
        let query = DocsQuery { names, max_tokens, ..DocsQuery::default() };
        docs_with(&index, &query, &DocsContext { asking, ..DocsContext::default() })
    };
    let names: Vec<String> = (0..60).map(|number| format!("tracker.t{number}")).collect();
    let page = ask(names.clone(), None, Asking::default());
    assert_eq!((page.docs.len(), page.omitted), (50, 10));
    assert_eq!(
        page.note.as_deref(),
        Some("10 names were not looked at, as one answer takes 50: ask for them in another")
    );
    let page = ask(names.clone(), None, Asking::SHELL);
    assert_eq!((page.docs.len(), page.omitted, page.note), (60, 0, None));
    let page = ask(vec!["tracker".into()], None, Asking::SHELL);
    assert_eq!((page.brief.len(), page.omitted), (100, 20));
    assert_eq!(
        page.note.as_deref(),
        Some(
            "20 tools are not told, as one answer tells 100 where a server is named: ask for them by their names"
        )
    );
    let one = ask(names.iter().take(1).cloned().collect(), Some(100), Asking::SHELL);
    assert_eq!(one.note.as_deref(), Some("1 by name for want of room: give more --max-tokens"));
    let two = ask(names.into_iter().take(2).collect(), Some(120), Asking::default()).note.expect("a note");
    assert!(
        two.contains("ask for fewer names at a time, such as tracker.t0, or give more max_tokens"),
        "{two}"
    );
}

#[test]
fn alternatives_of_arguments_are_listed_with_what_belongs_together() {
    let target = json!({ "oneOf": [
        { "type": "object", "properties": { "kind": { "const": "id" }, "id": { "type": "integer", "minimum": 1 } }, "required": ["kind", "id"] },
        { "type": "object", "properties": { "kind": { "const": "name" }, "x-name": { "type": "string" } }, "required": ["kind", "x-name"] },
    ] });
    let index = index([taking(target)]);
    let name = index.names().next().expect("a tool").to_owned();
    let of = |language| docs(&index, std::slice::from_ref(&name), language).docs.remove(0);
    let bash = of(Language::Bash);
    let expected = format!("mcp call {name} kind=\"id\"|\"name\" [id:=integer] [x-name=string]");
    assert_eq!(bash.signature, expected);
    assert!(
        bash.declaration
            .contains(r#"give one of: {"kind": "id", "id": integer} | {"kind": "name", "x-name": string}"#),
        "{}",
        bash.declaration
    );
    let python = of(Language::Python);
    for words in [
        "kind: Literal[\"id\", \"name\"]",
        "id: int = ...",
        "x_name: str = ...,  # sent as \"x-name\"",
        "# give one of: (kind=\"id\", id); (kind=\"name\", x_name)",
    ] {
        assert!(python.declaration.contains(words), "{words} in {}", python.declaration);
    }
    let shown: Vec<_> =
        of(Language::TypeScript).parameters.into_iter().map(|it| (it.name, it.required)).collect();
    assert_eq!(shown, [("kind".into(), true), ("id".into(), false), ("x-name".into(), false)]);
}

#[test]
fn types_have_one_name_in_python_and_odd_names_stand_in_brackets() {
    let nested = json!({ "type": "object", "properties": { "target": { "type": "object", "properties": { "a": { "type": "string" } } } } });
    let index = index(
        ["__init__", "plain"].map(|name| ToolDefinition { name: name.into(), ..taking(nested.clone()) }),
    );
    let of = |name: &str| docs(&index, &[format!("tracker.{name}")], Language::Python).docs.remove(0);
    let plain = of("plain");
    for text in [&plain.signature, &plain.declaration] {
        assert!(text.contains("target: PlainArgsTarget"), "{text}");
    }
    let init = of("__init__");
    assert!(init.signature.starts_with(r#"["__init__"](*, target"#), "{}", init.signature);
    assert!(
        init.declaration.contains(r#"# a call is written server["__init__"](...)"#),
        "{}",
        init.declaration
    );
    assert_eq!(init.example.as_deref(), Some(r#"result = tracker["__init__"](target={})"#));
}

#[test]
fn tools_are_marked_by_what_they_say_of_themselves() {
    let of = |annotations: Value| {
        let tool = tool(json!({ "name": "t", "annotations": annotations }));
        effect(&tool)
    };
    for (annotations, expected) in [
        (json!({}), None),
        (json!({ "readOnlyHint": true, "destructiveHint": true }), None),
        (json!({ "destructiveHint": true }), Some("destroys")),
        (json!({ "readOnlyHint": false, "destructiveHint": true }), Some("destroys")),
        (json!({ "readOnlyHint": false }), Some("changes")),
        (json!({ "destructiveHint": false }), Some("changes")),
    ] {
        assert_eq!(of(annotations.clone()), expected, "{annotations}");
    }
    let marked = ToolDefinition {
        annotations: serde_json::from_value(json!({ "destructiveHint": true })).expect("annotations"),
        ..issue()
    };
    let page = docs(&index([marked]), &["tracker".to_owned()], Language::TypeScript);
    assert_eq!(page.brief[0].marks, ["destroys"]);
}

#[test]
fn hostile_texts_end_no_comment() {
    let text = "*/ } ; import os\n# x\n*/\u{202e}\"\"\"";
    let schema = json!({
        "type": "object",
        "properties": { "a\n*/": { "type": "string", "description": text, "default": text }, "b": { "enum": [text, "y"], "description": text } },
    });
    let index = index([taking(schema)]);
    let name = index.names().next().expect("a tool").to_owned();
    for language in LANGUAGES {
        let page = docs(&index, std::slice::from_ref(&name), language);
        let text = &page.docs[0].declaration;
        assert!(!text.contains('\u{202e}'), "{text}");
        let begins =
            |line: &str| line.trim_start().starts_with("import os") || line.trim_start().starts_with("# x");
        assert!(!text.lines().any(begins), "{text}");
    }
}
