//! What is told of tools before they are called, and of calls that are written wrongly.

use expect_test::expect;
use serde_json::{Value, json};

use crate::place::Place;

/// A server whose tools have names that are none in Python, limits, and effects.
fn place() -> Place {
    let place = Place::new();
    let tool = |tool: Value| json!({ "tool": tool }).to_string();
    let arguments = json!({
        "type": "object",
        "properties": {
            "title": { "type": "string", "maxLength": 80 },
            "class": { "enum": ["bug", "idea"] },
            "x-ref": { "type": "integer", "minimum": 1, "default": 5 },
            "labels": { "type": "array", "items": {
                "type": "object",
                "properties": { "name": { "type": "string" }, "color": { "type": "string", "default": "red" } },
                "required": ["name"],
            } },
        },
        "required": ["title", "class"],
        "additionalProperties": false,
    });
    let id = json!({ "type": "object", "properties": { "id": { "type": "integer" } }, "required": ["id"] });
    let tools = [
        tool(
            json!({ "name": "typed_issue", "description": "Creates an issue.", "inputSchema": arguments, "annotations": { "readOnlyHint": true } }),
        ),
        tool(
            json!({ "name": "delete_issue", "description": "Deletes an issue.", "inputSchema": id, "annotations": { "destructiveHint": true } }),
        ),
        tool(
            json!({ "name": "typed_comment", "description": "Adds a comment.", "inputSchema": id, "annotations": { "readOnlyHint": false, "destructiveHint": false } }),
        ),
    ];
    place.file("tools.jsonl", tools.join("\n"));
    let path = place.project("tools.jsonl");
    let path = path.to_str().expect("text").to_owned();
    place.file(
        ".mcp.json",
        json!({ "mcpServers": { "tracker": place.server("tracker", &["--definitions", &path]) } })
            .to_string(),
    );
    place
}

#[test]
fn every_language_tells_every_field() {
    let place = place();
    let docs = |language: &str| {
        place.terraphim(&["tools", "docs", "tracker.typed_issue", "--lang", language]).success().to_owned()
    };
    for (language, told) in [
        (
            "ts",
            [
                "color?: string",
                "default \"red\"",
                "at least 1, default 5",
                "\"x-ref\"?: number",
                "at most 80 characters",
            ],
        ),
        (
            "py",
            [
                "color: NotRequired[str]",
                "default \"red\"",
                "x_ref: int = 5,  # at least 1",
                "sent as \"x-ref\"",
                "at most 80 characters",
            ],
        ),
        (
            "rust",
            [
                "pub color: Option<String>",
                "default \"red\"",
                "at least 1, default 5",
                "\"x-ref\" in JSON",
                "at most 80 characters",
            ],
        ),
        (
            "bash",
            [
                "\"color\"?: string = \"red\"",
                "title=string",
                "x-ref?: integer = 5  # at least 1",
                "class=\"bug\"|\"idea\"",
                "at most 80 characters",
            ],
        ),
    ] {
        let text = docs(language);
        for told in told {
            assert!(text.contains(told), "{language} {told}: {text}");
        }
    }
    expect![[r#"
        tracker.typed_issue
          Creates an issue.

          class TypedIssueLabelsItem(TypedDict):
              name: str
              #: default "red"
              color: NotRequired[str]
          def typed_issue(
              *,
              title: str,  # at most 80 characters
              class_: Literal["bug", "idea"],  # sent as "class"
              x_ref: int = 5,  # at least 1; sent as "x-ref"
              labels: list[TypedIssueLabelsItem] = ...,
          ) -> object: ...

          result: object
          example: result = tracker.typed_issue(title="title", class_="bug")
    "#]]
    .assert_eq(&docs("py"));
    let json = place.terraphim(&["tools", "docs", "tracker.typed_issue", "--lang", "py", "--json"]).json();
    let class = json!({ "name": "class_", "type": "Literal[\"bug\", \"idea\"]", "required": true, "sent_as": "class" });
    assert_eq!(json["docs"][0]["parameters"][1], class);
}

#[test]
fn a_budget_holds_for_what_is_printed() {
    let place = place();
    let names = ["tracker.typed_issue", "tracker.delete_issue", "tracker.typed_comment"];
    let mut args = vec!["tools", "docs", "--max-tokens", "400"];
    args.extend(names);
    for language in ["ts", "py", "rust", "bash"] {
        let all = place.terraphim(&[&args[..], &["--lang", language]].concat());
        let text = all.success();
        // No word of these texts has more than four letters to a token.
        assert!(text.len() <= 400 * 4, "{language}: {} bytes", text.len());
        assert!(text.contains("tracker.typed_issue\n"), "{language}: {text}");
    }
    let whole = place.terraphim(&["tools", "docs", "tracker.typed_issue", "--max-tokens", "350"]);
    assert!(
        whole.success().contains("color?: string") && whole.err.is_empty(),
        "{} {}",
        whole.out,
        whole.err
    );
}

#[test]
fn effects_and_denials_are_told_before_a_call() {
    let place = place();
    expect![[r#"
        tracker.delete_issue (destroys, denied by policy)
          Deletes an issue.
          `tracker.delete_issue` may change something (it does not declare itself read-only) and is not allowed: allow it with `--allow 'tracker.delete_issue'` or with `allow = ["tracker.delete_issue"]` in `terraphim.toml`

          function delete_issue(args: {
            /** integer */
            id: number;
          }): Promise<unknown>;

          result: unknown
          example: const result = await tracker.delete_issue({ id: 1 });
    "#]].assert_eq(place.terraphim(&["tools", "docs", "tracker.delete_issue"]).success());
    let found = place.terraphim(&["tools", "search", "issue", "--server", "tracker", "--limit", "3"]);
    let found = found.success();
    assert!(found.contains("tracker.delete_issue (destroys, denied by policy)\n"), "{found}");
    assert!(found.contains("tracker.typed_issue\n"), "{found}");
    let brief = place.terraphim(&["tools", "docs", "tracker.typed_comment", "--detail", "brief"]);
    assert!(
        brief.success().starts_with("tracker.typed_comment (changes, denied by policy)\n"),
        "{}",
        brief.out
    );
    // What is allowed is not denied, and is marked all the same.
    place.file("terraphim.toml", "allow = [\"tracker.*\"]\n");
    let allowed = place.terraphim(&["tools", "docs", "tracker.delete_issue", "--json"]).json();
    assert_eq!(allowed["docs"][0]["marks"], json!(["destroys"]));
    assert_eq!(allowed["docs"][0]["denied"], Value::Null);
    place.file("terraphim.toml", "deny = [\"tracker.typed_*\"]\n");
    let denied = place.terraphim(&["tools", "docs", "tracker.typed_issue"]);
    assert!(
        denied.success().contains("denied by the pattern `tracker.typed_*`: to call it, remove"),
        "{}",
        denied.out
    );
    // A program reads the same.
    let program = "import { searchTools } from 'mcp-runtime';
        const found = await searchTools({ query: 'delete issue', server: 'tracker' });
        return found.tools.find((tool: any) => tool.name === 'tracker.delete_issue').marks;";
    assert_eq!(place.run(program).json(), json!(["destroys", "denied by policy"]));
}

#[test]
fn servers_are_known_by_name() {
    let place = place();
    let brief = place.terraphim(&["tools", "docs", "tracker"]);
    let brief = brief.success();
    assert!(brief.contains("tracker.typed_issue\n  typed_issue(args: { title: string;"), "{brief}");
    let near = place.terraphim(&["tools", "docs", "traker"]);
    assert_eq!(near.failure(1), "error: there is no tool `traker`: did you mean tracker?\n");
    let none = place.terraphim(&["tools", "search", "issue", "--server", "traker"]);
    assert_eq!(none.failure(1), "error: there is no server `traker`: did you mean tracker?\n");
    let json = place.terraphim(&["tools", "search", "issue", "--server", "traker", "--json"]).outcome(1);
    assert_eq!(json["unknown_server"], json!({ "name": "traker", "nearest": ["tracker"] }));
    let program = "import { searchTools } from 'mcp-runtime';\nreturn await searchTools({ query: 'x', server: 'traker' });";
    let failed = place.run(program);
    let told = failed.failure(1);
    assert!(told.contains("there is no server `traker`") && told.contains("did you mean tracker?"), "{told}");
}

#[test]
fn a_rust_search_tells_fields() {
    let place = place();
    let found = place.terraphim(&["tools", "search", "search notes", "--lang", "rust", "--limit", "1"]);
    assert!(found.success().contains("search(Search { query: String, "), "{}", found.out);
}

#[test]
fn calls_that_are_given_something_else_name_the_parameters() {
    let place = place();
    let program = "import { tracker } from 'mcp-servers';
        const told = async (call: any) => { try { return await call(); } catch (e: any) { return `${e.kind}: ${e.message}: ${e.hint ?? ''}`; } };
        const any: any = tracker;
        return [
          await told(() => any.typed_issue('a', 'bug')),
          await told(() => any.typed_issue('a')),
          await told(() => any.typed_issue({ title: 'a', class: 'bug' }, { labels: [] })),
          await told(() => any.add({ a: 1 })),
          await told(() => any.add({ a: 1, b: 2, c: 3 })),
          await Promise.all([{ a: 1, b: 2 }].map(any.add)),
        ];";
    expect![[r#"
        [
          "arguments: tracker.typed_issue takes one object of arguments, not 2 values: write typed_issue({ title: ..., class: ... }); optional: x-ref, labels",
          "arguments: tracker.typed_issue takes one object of arguments, not a string: write typed_issue({ title: ..., class: ... }); optional: x-ref, labels",
          "arguments: tracker.typed_issue takes one object of arguments, not 2 values: write typed_issue({ title: ..., class: ... }); optional: x-ref, labels",
          "arguments: the arguments of `tracker.add` are not valid: the property `b` is required (got `a`); it takes `a`, `b`: ",
          "arguments: the arguments of `tracker.add` are not valid: unknown property `c` (allowed: `a`, `b`): ",
          [
            {
              "sum": 3
            }
          ]
        ]
    "#]].assert_eq(place.run(program).success());
}

#[test]
fn python_gives_arguments_whose_names_it_cannot_write() {
    let place = place();
    if !place.has_python() {
        return;
    }
    let program = "from mcp_servers import tracker
def told(call):
    try:
        return call()
    except Exception as e:
        return f'{type(e).__name__}: {e}: {getattr(e, \"hint\", None) or \"\"}'
[
    told(lambda: tracker.typed_issue(title='a', class_='bug', x_ref=7)),
    told(lambda: tracker.typed_issue({'title': 'a', 'class': 'bug', 'x-ref': 8})),
    told(lambda: tracker.typed_issue({'title': 'a', 'class': 'bug'}, x_ref=9)),
    told(lambda: tracker.typed_issue(title='a', **{'class': 'bug'})),
    told(lambda: tracker.typed_issue(title='a', class_='bug', **{'class': 'bug'})),
    told(lambda: tracker.typed_issue({'title': 'a', 'class_': 'bug'})),
    told(lambda: tracker.typed_issue('a', 'bug')),
    told(lambda: tracker.typed_issue('a')),
    told(lambda: tracker.typed_issue(title='a', klass='bug')),
]
";
    let ended = place.python(program, &[]);
    expect![[r#"
        [
          {
            "title": "a",
            "class": "bug",
            "x-ref": 7
          },
          {
            "title": "a",
            "class": "bug",
            "x-ref": 8
          },
          {
            "title": "a",
            "class": "bug",
            "x-ref": 9
          },
          {
            "title": "a",
            "class": "bug"
          },
          "ToolError: `class` was given twice: ",
          "ToolError: the arguments of `tracker.typed_issue` are not valid: the property `class` is required (got `class_`, is that what was meant?); unknown property `class_`; did you mean `class`? (allowed: `title`, `class`, `x-ref`, `labels`): write class_= for `class`, x_ref= for `x-ref`",
          "TypeError: tracker.typed_issue takes keyword arguments, or one dict of them, not 2 values: write typed_issue(title=..., class_=...); optional: x_ref, labels: ",
          "TypeError: tracker.typed_issue takes keyword arguments, or one dict of them, not a value of type str: write typed_issue(title=..., class_=...); optional: x_ref, labels: ",
          "ToolError: the arguments of `tracker.typed_issue` are not valid: the property `class` is required (got `klass`, is that what was meant?); unknown property `klass`; did you mean `class`? (allowed: `title`, `class`, `x-ref`, `labels`): write class_= for `class`, x_ref= for `x-ref`"
        ]
    "#]].assert_eq(ended.success());
    let waited =
        "from mcp_servers import tracker\nawait tracker.typed_issue(title='b', class_='idea', x_ref=2)";
    let sent = json!({ "title": "b", "class": "idea", "x-ref": 2 });
    assert_eq!(place.python(waited, &[]).json(), sent);
    // An open schema is sent what it is given.
    let echoed = place.python("from mcp_servers import tracker\ntracker.echo(class_=1, x_ref=2)", &[]);
    assert_eq!(echoed.json(), json!({ "class_": 1, "x_ref": 2 }));
    assert!(!echoed.err.contains("takes no"), "{}", echoed.err);
}
