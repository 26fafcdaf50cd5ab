//! Programs and what their answers say.

use serde_json::{Value, json};

use crate::support::{Client, Setup, eras, is_error, text, value};

/// The lines of a text without those whose figures differ from run to run.
fn without_usage(text: &str) -> String {
    let (body, last) = text.rsplit_once('\n').expect("a closing line");
    assert!(
        last.starts_with("usage: ") && last.contains(" tool call") && last.contains("; tokens: "),
        "{last}"
    );
    body.to_owned()
}

#[tokio::test]
async fn a_success_is_complete_in_both_forms_in_every_era() {
    let stage = Setup::default().build();
    for era in eras() {
        let client = stage.connect_by(era).await;
        let code = "import { terraphim } from 'mcp-servers';
            console.log('looking');
            const docs = await terraphim.search({ query: 'x' });
            return { total: docs.length, top: docs[0].title };";
        let answer = client.execute(code).await;
        assert!(!is_error(&answer), "{answer:?}");
        assert_eq!(without_usage(text(&answer)), "{\"total\":4,\"top\":\"Pinning\"}\nlogs:\nlooking");
        assert!(text(&answer).contains(" 1 tool call"), "{}", text(&answer));
        assert!(text(&answer).ends_with("; tokens: the count is not available"), "{}", text(&answer));
        let outcome = value(&answer);
        assert_eq!(outcome["status"], "done");
        assert_eq!(outcome["result"], json!({ "total": 4, "top": "Pinning" }));
        assert_eq!(outcome["logs"].as_str().unwrap().trim_end(), "looking");
        assert_eq!(outcome["usage"]["tool_calls"], 1);
        assert_eq!(outcome["wall"]["name"], "process");
        assert!(outcome.get("error").is_none() && outcome.get("tokens").is_none(), "{outcome}");
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn a_failure_is_complete_in_both_forms_in_every_era() {
    let stage = Setup::default().build();
    for era in eras() {
        let client = stage.connect_by(era).await;
        let thrown = client.execute("console.log('so far');\nthrow new Error('boom')").await;
        assert!(is_error(&thrown));
        let shown = without_usage(text(&thrown));
        assert!(shown.starts_with("program.ts:2:11: Error: boom\n  2 | throw new Error('boom')"), "{shown}");
        assert!(shown.ends_with("\nlogs:\nso far"), "{shown}");
        let error = &value(&thrown)["error"];
        assert_eq!((&error["kind"], &error["line"]), (&json!("runtime"), &json!(2)), "{error}");
        let typo = client
            .execute("import { terraphim } from 'mcp-servers'; return await terraphim.serach({})")
            .await;
        assert!(is_error(&typo) && text(&typo).contains("hint: "), "{}", text(&typo));
        assert!(text(&typo).contains("search"), "{}", text(&typo));
        client.leave().await.unwrap();
    }
}

#[tokio::test]
async fn every_kind_of_failure_says_what_to_change() {
    let client = Setup::default().build().connect().await;
    let call = |tool: &str| {
        format!("import {{ terraphim }} from 'mcp-servers';\nreturn await terraphim.{tool}({{}})")
    };
    let cases = [
        ("const = 1".to_owned(), "syntax", "program.ts:1:7"),
        (call("write_note"), "denied", "terraphim.write_note"),
        (call("fail"), "tool", "terraphim.fail failed: no no"),
        (
            "import { nowhere } from 'mcp-servers'; return await nowhere.tool({})".to_owned(),
            "syntax",
            "nowhere",
        ),
    ];
    for (code, kind, words) in cases {
        let answer = client.execute(&code).await;
        assert!(is_error(&answer), "{code}");
        assert_eq!(value(&answer)["error"]["kind"], kind, "{code}: {}", value(&answer));
        assert!(text(&answer).contains(words), "{code}: {}", text(&answer));
        assert!(text(&answer).len() < 40_000, "{code}: {}", text(&answer).len());
        assert!(value(&answer).to_string().len() < 40_000, "{code}");
    }
}

#[tokio::test]
async fn limits_come_from_the_arguments() {
    let client = Setup::default().build().connect().await;
    let endless = json!({ "code": "for (;;) {}", "timeout_ms": 200 });
    let answer = client.call("execute_code", endless).await;
    assert_eq!(value(&answer)["error"]["kind"], "limit");
    assert!(text(&answer).contains("0.2 s"), "{}", text(&answer));
    let code = "const a = []; for (;;) a.push(new Uint8Array(1 << 20))";
    let answer = client.call("execute_code", json!({ "code": code, "memory_mb": 16 })).await;
    assert_eq!(value(&answer)["error"]["kind"], "limit", "{}", text(&answer));
    let answer =
        client.call("execute_code", json!({ "code": "return 1 as number", "language": "javascript" })).await;
    assert_eq!(value(&answer)["error"]["kind"], "syntax", "{}", text(&answer));
}

#[tokio::test]
async fn a_long_result_is_kept_and_shown_as_a_preview() {
    let client = Setup::default().build().connect().await;
    let answer = client.execute("return 'ü'.repeat(50_000)").await;
    assert!(!is_error(&answer) && text(&answer).len() < 26 << 10, "{}", text(&answer).len());
    let outcome = value(&answer);
    assert_eq!(outcome["result"]["truncated"], true);
    assert!(outcome.to_string().len() < 26 << 10);
    let path = outcome["files"][0]["path"].as_str().unwrap();
    assert!(
        text(&answer).contains(&format!("files in the workspace: {path} (100002 bytes)")),
        "{}",
        text(&answer)
    );
}

#[tokio::test]
async fn many_files_are_named_in_part_and_counted() {
    let client = Setup::default().build().connect().await;
    let code = "import { workspace } from 'mcp-runtime';
        for (let n = 0; n < 60; n++) await workspace.saveData('file' + n, n);";
    let answer = client.execute(code).await;
    let outcome = value(&answer);
    assert_eq!(outcome["files"].as_array().unwrap().len(), 50, "{}", text(&answer));
    assert_eq!(outcome["more_files"], 10);
    assert!(text(&answer).contains(" and 10 more\nusage: "), "{}", text(&answer));
}

/// The lines of a description from the first import to the last return.
fn example(description: &str) -> String {
    let lines = description.lines().skip_while(|line| !line.starts_with("import "));
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_examples_that_a_model_is_shown_run_as_they_stand() {
    let client = Setup::default().build().connect().await;
    let tools = client.running.list_all_tools().await.unwrap();
    let code = example(tools[0].description.as_deref().unwrap());
    assert!(code.lines().count() >= 4, "{code}");
    let answer = client.execute(&code).await;
    assert_eq!(
        value(&answer)["result"],
        json!({ "total": 3, "byTopic": { "async": 2, "locks": 1 } }),
        "{code}"
    );

    let info = client.running.peer_info().unwrap();
    let instructions = info.instructions.as_deref().unwrap();
    let code: Vec<_> = example(instructions).lines().take(4).map(str::to_owned).collect();
    let answer = client.execute(&code.join("\n")).await;
    let result = &value(&answer)["result"];
    assert_eq!(result["all"], 6, "{code:?}: {}", text(&answer));
    let callable = result["callable"].as_array().unwrap();
    assert!(callable.contains(&json!("search")) && callable.contains(&json!("write_note")), "{callable:?}");
}

async fn doubled(client: &Client, n: u32) -> Value {
    let code = format!(
        "import {{ terraphim }} from 'mcp-servers';
        await terraphim.hold({{}});
        const {{ n }} = await terraphim.echo({{ n: {n} }});
        return n * 2"
    );
    value(&client.execute(&code).await)["result"].clone()
}

#[tokio::test]
async fn programs_run_at_the_same_time() {
    let stage = Setup::default().build();
    let client = stage.connect().await;
    let runs = async {
        tokio::join!(doubled(&client, 1), doubled(&client, 2), doubled(&client, 3), doubled(&client, 4))
    };
    let release = async {
        // Every program holds before any is let go.
        crate::support::reaches(&stage.notes.held, 4).await;
        stage.notes.released.send_replace(true);
    };
    let (results, ()) = tokio::join!(runs, release);
    assert_eq!(results, (json!(2), json!(4), json!(6), json!(8)));
}

#[tokio::test]
async fn structured_answers_fit_the_declared_schemas() {
    let client = Setup::default().build().connect().await;
    let tools = client.running.list_all_tools().await.unwrap();
    let cases = [
        ("execute_code", json!({ "code": "return [1]" })),
        ("execute_code", json!({ "code": "throw 1" })),
        ("search_tools", json!({})),
        ("search_tools", json!({ "query": "notes", "detail": "full" })),
        ("get_tool_docs", json!({ "names": ["terraphim.search", "terraphim.serach"] })),
    ];
    for (name, arguments) in cases {
        let tool = tools.iter().find(|tool| tool.name == name).unwrap();
        let schema = Value::Object((**tool.output_schema.as_ref().unwrap()).clone());
        let answer = client.call(name, arguments).await;
        let complaint = jsonschema::validator_for(&schema).unwrap().validate(value(&answer)).err();
        assert!(complaint.is_none(), "{name}: {complaint:?}");
    }
}
