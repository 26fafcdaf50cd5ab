//! The line about tokens, with helpers that count, that are silent, and that fail.

use std::{
    fs::File,
    io,
    time::{Duration, Instant},
};

use serde_json::json;
use terraphim_code_execution::tokens::{HelperCommand, serve_helper};

use crate::support::{Setup, text, value};

/// Set in the process that plays the helper.
const IS_HELPER: &str = "TERRAPHIM_TEST_TOKEN_HELPER";

/// This test binary as the helper: a shell keeps its standard output free of
/// what the test harness prints.
pub(crate) fn counting() -> HelperCommand {
    let script = format!(
        "{IS_HELPER}=1 exec \"$0\" tokens::looking_up_first_is_in_the_account --exact --nocapture 3>&1 >/dev/null"
    );
    let this = std::env::current_exe().expect("this binary");
    HelperCommand { program: "/bin/sh".into(), args: vec!["-c".into(), script.into(), this.into()] }
}

fn serve_counts() {
    let output = File::options().write(true).open("/dev/fd/3").expect("the descriptor of the shell");
    serve_helper(io::stdin(), output).expect("requests until the host goes away");
}

fn paid(text: &str) -> Option<u64> {
    let (_, line) = text.rsplit_once("tokens: ")?;
    line.split_once(" paid")?.0.replace(',', "").parse().ok()
}

#[tokio::test]
async fn looking_up_first_is_in_the_account() {
    if std::env::var_os(IS_HELPER).is_some() {
        return tokio::task::spawn_blocking(serve_counts).await.expect("no panic");
    }
    let stage = Setup { helper: counting(), ..Setup::default() }.build();
    let client = stage.connect().await;
    let tokens = async |code: &str| {
        let answer = client.execute(code).await;
        let id = value(&answer)["run_id"].clone();
        let mut answer = text(&answer).to_owned();
        let deadline = Instant::now() + Duration::from_secs(60);
        // The first count loads the tokenizer, which may take longer than an answer waits for it.
        while answer.contains("the count is pending") {
            assert!(Instant::now() < deadline, "{answer}");
            answer = text(&client.call("wait", json!({ "run_id": id })).await).to_owned();
        }
        paid(&answer).unwrap_or_else(|| panic!("{answer}"))
    };
    let plain = tokens("return 1").await;
    let docs = client.call("get_tool_docs", json!({ "names": ["terraphim.search"] })).await;
    client.call("search_tools", json!({ "query": "notes" })).await;
    let after = tokens("return 1").await;
    let read = bpe_openai::o200k_base().count(text(&docs)) as u64;
    assert!(after > plain + read, "{after} against {plain} and {read}");
    assert_eq!(tokens("return 1").await, plain, "what was looked up is charged once");
}

#[tokio::test]
async fn a_silent_helper_delays_nothing() {
    let helper = HelperCommand { program: "/bin/sleep".into(), args: vec!["1000".into()] };
    let stage = Setup { helper, ..Setup::default() }.build();
    let client = stage.connect().await;
    client.execute("return 0").await;
    let began = Instant::now();
    let answer = client.execute("return 1").await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let id = value(&answer)["run_id"].as_str().unwrap();
    let line = format!("tokens: the count is pending, wait with run_id {id} gives it");
    assert!(text(&answer).ends_with(&line), "{}", text(&answer));
    assert_eq!(value(&answer)["result"], 1);
}
