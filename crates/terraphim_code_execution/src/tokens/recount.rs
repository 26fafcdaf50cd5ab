//! One small run recounted by hand: every field of its report against the
//! tokenizer called directly and the formulas written out.

use std::time::Duration;

use terraphim_types::TokenCount;

use super::{
    Baseline, BaselineName, CallText, Comparison, DefinitionText, FetchText, Paid, RunTexts, TokenReport,
    Tokenizer, count_catalogue, count_run, counter::in_process,
};

const FACE: &str =
    r#"[{"name":"execute_code","description":"Runs TypeScript.","inputSchema":{"type":"object"}}]"#;
const FETCH: (&str, &str) =
    (r#"{"query":"issues"}"#, r#"{"tools":[{"name":"github.list_issues"}],"total":1}"#);
const PROGRAM: &str =
    "import { github, files } from 'mcp-servers';\nreturn (await github.list_issues({})).length;";
const OUTCOME: &str = r#"{"result":2,"logs":""}"#;
const DEFINITIONS: [(&str, &str); 9] = [
    ("github.create_issue", r#"{"name":"create_issue","description":"Opens an issue."}"#),
    ("github.list_issues", r#"{"name":"list_issues","description":"Lists the issues of a repository."}"#),
    ("github.close_issue", r#"{"name":"close_issue"}"#),
    ("github.star", r#"{"name":"star","description":"Adds a star, once."}"#),
    ("github.fork", r#"{"name":"fork"}"#),
    ("github.search", r#"{"name":"search","inputSchema":{"type":"object","required":["q"]}}"#),
    ("files.read", r#"{"name":"read","description":"Reads a file."}"#),
    ("files.write", r#"{"name":"write","description":"Writes a file."}"#),
    ("mail.send", r#"{"name":"send","description":"Sends a message to somebody."}"#),
];
/// Tool, arguments, reply, start and end: the first two are in flight together.
const CALLS: [(&str, &str, &str, u64, u64); 3] = [
    ("github.list_issues", r#"{"repo":"a/b"}"#, r#"[{"id":1,"title":"It breaks"},{"id":2}]"#, 0, 9),
    ("files.read", r#"{"path":"notes.md"}"#, "# Notes\n\nNothing of note, at length.", 1, 5),
    ("github.list_issues", r#"{"repo":"c/d","state":"closed"}"#, "[]", 6, 12),
];
const SEARCH_TOOL: &str = r#"{"name":"search_tools","description":"Finds tools by what they do and loads their definitions.","inputSchema":{"type":"object","properties":{"query":{"type":"string","description":"What the tool should do."},"limit":{"type":"integer","default":5}},"required":["query"]}}"#;

fn tokens(text: &str) -> u64 {
    bpe_openai::o200k_base().count(text) as u64
}

/// (cost − paid) ÷ cost in percent, rounded down to a tenth.
fn saved(cost: u64, paid: u64) -> Option<f64> {
    Some(((cost as f64 - paid as f64) / cost as f64 * 1_000.0).floor() / 10.0)
}

fn comparison(turns: u64, cost: [u64; 3], paid: [u64; 3]) -> Comparison {
    Comparison {
        turns,
        tokens_once: TokenCount(cost[0]),
        saved_percent: saved(cost[0], paid[0]),
        tokens_resent: TokenCount(cost[1]),
        saved_resent_percent: saved(cost[1], paid[1]),
        tokens_cached: TokenCount(cost[2]),
        saved_cached_percent: saved(cost[2], paid[2]),
    }
}

fn run() -> RunTexts {
    let calls = CALLS.map(|(tool, arguments, reply, started, ended)| CallText {
        tool: tool.parse().unwrap(),
        arguments: arguments.into(),
        reply: reply.into(),
        started: Duration::from_millis(started),
        ended: Duration::from_millis(ended),
    });
    RunTexts {
        face: FACE.into(),
        fetches: vec![FetchText { arguments: FETCH.0.into(), answer: FETCH.1.into() }],
        program: PROGRAM.into(),
        outcome: OUTCOME.into(),
        calls: calls.into_iter().collect(),
    }
}

async fn report() -> TokenReport {
    let counter = in_process();
    let definition =
        |(tool, json): (&str, &str)| DefinitionText { tool: tool.parse().unwrap(), json: json.into() };
    let catalogue = count_catalogue(&counter, DEFINITIONS.map(definition).to_vec()).await.unwrap();
    TokenReport::new(&count_run(&counter, run()).await.unwrap(), &catalogue)
}

#[tokio::test]
async fn every_field_of_a_small_run() {
    let (f, p, x) = (tokens(FACE), tokens(PROGRAM), tokens(OUTCOME));
    let (q, w) = (tokens(FETCH.0), tokens(FETCH.1));
    // Turns: look up, run the program, read.
    let paid = [
        f + q + w + p + x,
        f + (f + q + w) + (f + q + w + p + x) + q + p,
        f + q + w + p + x + q + p + (f + f + q + w).div_ceil(10),
    ];

    let d = DEFINITIONS.map(|(_, json)| tokens(json));
    let s = tokens(SEARCH_TOOL);
    let all: u64 = d.iter().sum();
    let used = d[0] + d[1] + d[2] + d[3] + d[4] + d[5] + d[6] + d[7];
    let [(a1, r1), (a2, r2), (a3, r3)] = CALLS.map(|(_, args, reply, ..)| (tokens(args), tokens(reply)));
    let (c1, c2, c3, a) = (a1 + r1, a2 + r2, a3 + r3, a1 + a2 + a3);
    // Three turns, one for each call.
    let sequential = |d: u64| {
        let once = d + c1 + c2 + c3;
        let resent = 4 * d + 3 * c1 + 2 * c2 + c3 + a;
        [once, resent, once + a + (3 * d + 2 * c1 + c2).div_ceil(10)]
    };
    // Two turns: the first two calls, then the third.
    let parallel = |d: u64| {
        let once = d + c1 + c2 + c3;
        let resent = 3 * d + 2 * (c1 + c2) + c3 + a;
        [once, resent, once + a + (2 * d + c1 + c2).div_ceil(10)]
    };
    // The searches for list_issues (all of github but create_issue) and read.
    let (s1, s2) = (d[1] + d[2] + d[3] + d[4] + d[5], d[6] + d[7]);
    let once = s + s1 + c1 + s2 + c2 + c3;
    // Five turns: search, call, search, call, call.
    let resent = 6 * s + 5 * s1 + 4 * c1 + 3 * s2 + 2 * c2 + c3 + a;
    let search_sequential = [once, resent, once + a + (5 * s + 4 * s1 + 3 * c1 + 2 * s2 + c2).div_ceil(10)];
    // Three turns: both searches, both calls, the third call.
    let resent = 4 * s + 3 * (s1 + s2) + 2 * (c1 + c2) + c3 + a;
    let search_parallel = [once, resent, once + a + (3 * s + 2 * (s1 + s2) + c1 + c2).div_ceil(10)];

    let baseline = |name, (turns, cost), (parallel_turns, parallel_cost)| Baseline {
        name,
        sequential: comparison(turns, cost, paid),
        parallel: comparison(parallel_turns, parallel_cost, paid),
    };
    let expected = TokenReport {
        tokenizer: Tokenizer::O200kBase,
        estimated: false,
        cache_read_percent: 10,
        calls: 3,
        rounds: 2,
        paid: Paid {
            face: TokenCount(f),
            definitions: TokenCount(q + w),
            program: TokenCount(p),
            outcome: TokenCount(x),
            total: TokenCount(paid[0]),
            turns: 2,
            tokens_resent: TokenCount(paid[1]),
            tokens_cached: TokenCount(paid[2]),
        },
        intermediate_results: TokenCount(r1 + r2 + r3),
        baselines: vec![
            baseline(BaselineName::AllDefinitions, (3, sequential(all)), (2, parallel(all))),
            baseline(BaselineName::UsedServers, (3, sequential(used)), (2, parallel(used))),
            baseline(BaselineName::ToolSearchLoop, (5, search_sequential), (3, search_parallel)),
        ],
    };
    assert_eq!(report().await, expected);
}

#[tokio::test]
async fn the_json_names_the_tokenizer_and_the_baselines_and_reads_back() {
    let report = report().await;
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["tokenizer"], "o200k_base");
    let names: Vec<_> =
        json["baselines"].as_array().unwrap().iter().map(|baseline| &baseline["name"]).collect();
    assert_eq!(names, ["all_definitions", "used_servers", "tool_search_loop"]);
    assert!(json["paid"]["total"].is_u64() && json["baselines"][0]["sequential"]["saved_percent"].is_f64());
    assert_eq!(serde_json::from_value::<TokenReport>(json).unwrap(), report);
}
