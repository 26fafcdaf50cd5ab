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

          class TypedIssueArgsLabelsItem(TypedDict):
              name: str
              #: default "red"
              color: NotRequired[str]
          def typed_issue(
              *,
              title: str,  # at most 80 characters
              class_: Literal["bug", "idea"],  # sent as "class"
              x_ref: int = 5,  # at least 1; sent as "x-ref"
              labels: list[TypedIssueArgsLabelsItem] = ...,
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

/// Tools for readers: many alike, one with alternatives, one whose name Python itself uses.
fn readers() -> Place {
    let place = Place::new();
    let read_only = json!({ "readOnlyHint": true });
    let tool = |name: &str, schema: &Value| {
        let tool = json!({ "name": name, "description": "Reads tickets.", "inputSchema": schema, "annotations": read_only });
        json!({ "tool": tool }).to_string()
    };
    let id = json!({ "type": "object", "properties": { "id": { "type": "integer" } }, "required": ["id"], "additionalProperties": false });
    let either = json!({ "type": "object", "oneOf": [
        { "type": "object", "properties": { "a": { "type": "string" } }, "required": ["a"] },
        { "type": "object", "properties": { "b": { "type": "integer" } }, "required": ["b"] },
    ] });
    let mixed = json!({ "type": "object", "properties": { "mixed": { "enum": ["a", 1, null, true] } }, "required": ["mixed"] });
    let mut tools: Vec<_> = (0..60).map(|number| tool(&format!("typed_ticket_{number}"), &id)).collect();
    tools.extend([
        tool("typed_either", &either),
        tool("typed_mixed", &mixed),
        tool("__call__", &id),
        tool("__init__", &id),
    ]);
    place.file("tools.jsonl", tools.join("\n"));
    let path = place.project("tools.jsonl");
    let entry = place.server("desk", &["--definitions", path.to_str().expect("text")]);
    place.file(".mcp.json", json!({ "mcpServers": { "desk": entry } }).to_string());
    place
}

#[test]
fn a_search_says_how_many_there_are_and_pages_on() {
    let place = readers();
    let search = |more: &[&str]| place.terraphim(&[&["tools", "search"], more].concat());
    let first = search(&["ticket", "--limit", "2", "--server", "desk"]);
    assert_eq!(first.success().matches("desk.").count(), 2, "{}", first.out);
    assert!(
        first.err.contains("2 of ") && first.err.contains("tools: --offset 2 shows more"),
        "{}",
        first.err
    );
    let second = search(&["ticket", "--limit", "2", "--server", "desk", "--offset", "2"]);
    assert!(second.err.contains("--offset 4 shows more"), "{}", second.err);
    let name = |text: &str| text.lines().next().expect("a name").to_owned();
    assert_ne!(name(first.success()), name(second.success()));
    let behind = search(&["ticket", "--server", "desk", "--offset", "1000"]);
    assert!(behind.failure(1).contains("none behind the first 1000"), "{}", behind.err);
    let all = search(&["typed_either", "--limit", "100", "--server", "desk"]);
    assert!(all.success().starts_with("desk.typed_either\n"), "{}", all.out);

    let filtered = search(&["--capability", "read", "--server", "desk", "--limit", "3"]);
    assert_eq!(filtered.success().matches("desk.").count(), 3, "{}", filtered.out);
    let category = search(&["search", "--category", "knowledge-graph", "--limit", "100"]);
    assert!(!category.success().contains("desk.") && category.out.contains("terraphim."), "{}", category.out);
    let none = search(&["--category", "no-such"]);
    assert!(none.failure(1).contains("categories: ") && none.err.contains("knowledge-graph"), "{}", none.err);
    assert!(search(&[]).status.code() == Some(2), "nothing was asked");
}

#[test]
fn the_shell_tells_as_many_tools_as_are_named() {
    let place = readers();
    let names: Vec<String> = (0..60).map(|number| format!("desk.typed_ticket_{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let docs = place.terraphim(&[&["tools", "docs"], &names[..]].concat());
    assert_eq!(docs.success().matches("desk.typed_ticket_").count() % 60, 0, "{}", docs.out);
    assert!(docs.out.contains("desk.typed_ticket_59\n") && docs.err.is_empty(), "{}", docs.err);
    let program = "import { getToolDocs } from 'mcp-runtime';
        const names = Array.from({ length: 60 }, (_, n) => `desk.typed_ticket_${n}`);
        const page = await getToolDocs(names);
        return [page.docs.length, page.note];";
    let note = "10 names were not looked at, as one answer takes 50: ask for them in another";
    assert_eq!(place.run(program).json(), json!([50, note]));
    let one = place.terraphim(&["tools", "docs", names[0], "--max-tokens", "100"]);
    assert!(one.err.contains("for want of room: give more --max-tokens"), "{}", one.err);
    let full = place.terraphim(&["tools", "docs", "desk", "--detail", "full", "--max-tokens", "4000"]);
    assert!(
        full.success().contains("function typed_ticket_0(") && full.err.contains("by name"),
        "{}",
        full.err
    );
}

#[test]
fn options_that_there_are_not_are_refused_in_every_language() {
    let place = readers();
    let program = "import { searchTools, getToolDocs } from 'mcp-runtime';
        const told = async work => { try { await work(); return 'nothing'; } catch (error) { return `${error.kind}: ${error.message}; ${error.hint}`; } };
        const names = async offset => (await searchTools({ query: 'ticket', server: 'desk', limit: 2, offset })).tools.map(tool => tool.name);
        const [first, next] = [await names(0), await names(1)];
        return [await told(() => searchTools({ query: 'x', ofset: 3 })), await told(() => getToolDocs(['desk.typed_mixed'], { detial: 'full' })), first[1] === next[0]];";
    let told = place.run(program).json();
    let searched = told[0].as_str().expect("a text");
    assert!(
        searched.starts_with("arguments: the search for tools has no option `ofset`; did you mean offset")
            && searched.contains("max_tokens"),
        "{searched}"
    );
    let docs = told[1].as_str().expect("a text");
    assert!(docs.contains("has no option `detial`; did you mean detail?"), "{docs}");
    assert_eq!(told[2], true, "{told}");
    if place.has_python() {
        let program = "from mcp_runtime import search_tools
try:
    told = search_tools({'query': 'x', 'capability': ['read']})
except Exception as error:
    told = str(error) + error.hint
[told, len(search_tools('ticket', server='desk', offset=1, limit=1)['tools'])]";
        let told = place.python(program, &[]).json();
        assert!(
            told[0]
                .as_str()
                .is_some_and(|told| told.contains("no option `capability`") && told.contains("capabilities")),
            "{told}"
        );
        assert_eq!(told[1], 1);
    }
    if place.has_bash() {
        let page =
            "mcp search ticket --server desk --limit 2 --offset 1 --capability read | jq '.tools | length'";
        place.file("page.sh", page);
        assert_eq!(place.terraphim(&["run", "page.sh"]).json(), 2);
    }
}

#[test]
fn what_bash_is_told_of_alternatives_and_mixed_values_works() {
    let place = readers();
    let docs = |name: &str| place.terraphim(&["tools", "docs", name, "--lang", "bash"]).success().to_owned();
    let either = docs("desk.typed_either");
    assert!(either.contains("mcp call desk.typed_either [a=string] [b:=integer]"), "{either}");
    assert!(either.contains(r#"give one of: {"a": string} | {"b": integer}"#), "{either}");
    assert!(docs("desk.typed_mixed").contains("mixed:=\"a\"|1|"), "{}", docs("desk.typed_mixed"));
    if place.has_bash() {
        place.file(
            "program.sh",
            "for given in b:=1 a=x; do mcp call desk.typed_either $given > /dev/null || exit 1; done
for given in 'mixed:=\"a\"' mixed:=1 mixed:=null mixed:=true; do mcp call desk.typed_mixed \"$given\" > /dev/null || exit 1; done
mcp call --help desk.typed_either | jq -R . | jq -s .",
        );
        let help = place.terraphim(&["run", "program.sh"]).json().to_string();
        assert!(help.contains("[a=string] [b:=integer]") && help.contains("give one of"), "{help}");
    }
}

#[test]
fn tools_whose_names_python_uses_stand_in_brackets() {
    let place = readers();
    if !place.has_python() {
        return;
    }
    let docs = place.terraphim(&["tools", "docs", "desk.__call__", "--lang", "py"]);
    assert!(docs.success().contains("result = desk[\"__call__\"](id=1)"), "{}", docs.out);
    // The server of these tests does not know the tools, but is asked for them.
    let program = "from mcp_servers import desk
def told(call):
    try:
        return call()
    except Exception as error:
        return f'{error}; {error.hint}'
calls = [lambda: desk['__call__'](id=1), lambda: desk['__init__'](id=1), lambda: desk['typed_ticket_0'](id=1) is not None,
         lambda: desk.__call__(id=1), lambda: desk.__init__(id=1), lambda: desk['typed_tickt_0']]
result = [told(call) for call in calls] + [hasattr(desk, '__call__'), hasattr(desk, '__wrapped__')]
result";
    let told = place.python(program, &[]).json();
    let text = |at: usize| told[at].as_str().unwrap_or_default();
    assert!(
        text(0).contains("unknown tool: __call__") && text(1).contains("unknown tool: __init__"),
        "{told}"
    );
    assert_eq!(told[2], true, "{told}");
    assert_eq!(text(3), "Python itself uses the name `__call__` behind a dot; write desk[\"__call__\"](...)");
    assert_eq!(text(4), "Python itself uses the name `__init__` behind a dot; write desk[\"__init__\"](...)");
    assert!(text(5).contains("has no tool `typed_tickt_0`; did you mean"), "{told}");
    assert_eq!(json!([false, false]), json!([told[6], told[7]]));
}
