//! How words meet: slips, case styles, other scripts, synonyms, files; and
//! what the ranking does beside words: duplicates, past calls, reasons, updates.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use terraphim_mcp_codegen::{
    DiscoveryIndex, Found, SearchContext, ServerTools, Synonyms, ToolPage, ToolQuery, Weights,
};

use crate::discovery::server;

fn described(name: &str, description: &str) -> Value {
    json!({ "name": name, "description": description })
}

fn ask(index: &DiscoveryIndex, query: &str) -> ToolPage {
    index.search(&ToolQuery { query: Some(query.into()), ..ToolQuery::default() })
}

fn names(page: &ToolPage) -> Vec<&str> {
    page.tools.iter().map(|hit| hit.name.as_str()).collect()
}

fn first(index: &DiscoveryIndex, query: &str) -> String {
    names(&ask(index, query)).first().copied().unwrap_or_default().to_owned()
}

fn check(index: &DiscoveryIndex, expected: &[(&str, &str)]) {
    for (query, tool) in expected {
        assert_eq!(first(index, query), *tool, "{query}");
    }
}

fn office() -> DiscoveryIndex {
    DiscoveryIndex::build(&[
        server(
            "desk",
            "Files on this machine.",
            &[
                described("read_file", "Reads the content of a file."),
                described("write_file", "Writes content into a file."),
                described("delete_file", "Removes a file."),
            ],
        ),
        server(
            "tracker",
            "Issues of projects.",
            &[
                described("createIssue", "Opens an issue."),
                described("list_issues", "The issues of a project."),
                described("set-issue-state", "Closes an issue or opens it again."),
            ],
        ),
        server(
            "drawing",
            "Charts and pictures.",
            &[
                described("generate_bar_chart", "Makes a bar chart of numbers."),
                described("resize_image", "Makes an image smaller."),
            ],
        ),
        server("sky", "Weather of the world.", &[described("forecast", "The weather of the coming days.")]),
        server("azure", "", &[described("databases", "Accounts of Cosmos DB and of SQL.")]),
    ])
}

#[test]
fn identifiers_are_found_in_any_case_style() {
    let styles = [
        "create_issue",
        "create-issue",
        "CreateIssue",
        "createIssue",
        "CREATE ISSUE",
        "Create issue",
        "createissue",
    ];
    let index = office();
    check(&index, &styles.map(|query| (query, "tracker.createIssue")));
    check(
        &index,
        &[("SetIssueState", "tracker.set-issue-state"), ("setissuestate", "tracker.set-issue-state")],
    );
}

#[test]
fn slips_compounds_and_synonyms_are_understood() {
    check(
        &office(),
        &[
            ("forcast", "sky.forecast"),
            ("genrate brchart", "drawing.generate_bar_chart"),
            ("shrink a picture", "drawing.resize_image"),
            ("temperature tomorrow", "sky.forecast"),
            ("erase files", "desk.delete_file"),
            ("cosmosdb accounts", "azure.databases"),
            ("draw a diagram", "drawing.generate_bar_chart"),
            ("creat isue", "tracker.createIssue"),
            ("reed fiel", "desk.read_file"),
            ("closs", "tracker.set-issue-state"),
        ],
    );
}

#[test]
fn two_words_of_the_query_may_be_one_of_a_tool() {
    let shot = described("take_screenshot", "Takes a picture of the page.");
    let index = DiscoveryIndex::build(&[server(
        "browser",
        "",
        &[described("screencast_start", "Records the page."), shot, described("screen_size", "Tells it.")],
    )]);
    assert_eq!(
        names(&ask(&index, "screen shot")).first().map(|name| &**name),
        Some("browser.take_screenshot")
    );
    assert_eq!(names(&ask(&index, "screen size")).first().map(|name| &**name), Some("browser.screen_size"));
}

#[test]
fn an_ending_is_no_part_of_a_compound() {
    let index = DiscoveryIndex::build(&[server(
        "chat",
        "",
        &[described("mention", "Names somebody."), described("open_com_port", "Opens a port.")],
    )]);
    assert!(ask(&index, "comment").tools.is_empty(), "{:?}", names(&ask(&index, "comment")));
}

#[test]
fn tools_of_a_server_that_fit_nothing_are_not_listed() {
    let page = ask(&office(), "numbers");
    assert_eq!(names(&page), ["drawing.generate_bar_chart"]);
    assert_eq!(page.total, 1);
}

#[test]
fn what_is_done_with_a_named_file_decides() {
    let index = office();
    let found = ask(&index, "Generate a bar chart of the sales and save the report to /root/out/report.md.");
    assert!(names(&found)[..2].contains(&"desk.write_file"), "{:?}", names(&found));
    assert!(names(&found)[..2].contains(&"drawing.generate_bar_chart"), "{:?}", names(&found));
    check(&index, &[("read the numbers from /root/in/data.txt", "desk.read_file")]);
}

#[test]
fn the_kind_of_doing_decides_between_siblings() {
    let index = DiscoveryIndex::build(&[server(
        "s",
        "",
        &[
            described("create_branch", "A branch of a repository."),
            described("get_branch", "A branch of a repository."),
            described("remove_branch", "A branch of a repository."),
        ],
    )]);
    check(
        &index,
        &[
            ("show me the branch", "s.get_branch"),
            ("make a branch", "s.create_branch"),
            ("drop the branch", "s.remove_branch"),
        ],
    );
}

#[test]
fn other_scripts_are_searched() {
    let index = DiscoveryIndex::build(&[
        server(
            "ru",
            "",
            &[described("a", "Удаляет файлы из папки."), described("b", "Создаёт отчёт о погоде.")],
        ),
        server(
            "de",
            "",
            &[described("c", "Löscht eine Datei."), described("d", "Sagt die Wettervorhersage.")],
        ),
        server("ar", "", &[described("e", "يبحث في الملفات"), described("f", "يرسل الرسائل")]),
        server("th", "", &[described("g", "ค้นหาไฟล์ในโฟลเดอร์"), described("h", "ส่งข้อความถึงผู้ใช้")]),
        server("zh", "", &[described("i", "使用必应搜索"), described("j", "发送邮件")]),
    ]);
    check(
        &index,
        &[
            ("файл", "ru.a"),
            ("отчет погода", "ru.b"),
            ("LÖSCHT DATEI", "de.c"),
            ("loscht", "de.c"),
            ("Vorhersage", "de.d"),
            ("ملف", "ar.e"),
            ("رسالة الرسائل", "ar.f"),
            ("ค้นหา", "th.g"),
            ("ข้อความ", "th.h"),
            ("搜索", "zh.i"),
            ("邮件", "zh.j"),
        ],
    );
    let compounds = DiscoveryIndex::build(&[server(
        "de",
        "",
        &[described("a", "Vorhersage für das Wetter."), described("b", "Verwaltung von Dateien.")],
    )]);
    check(&compounds, &[("Wettervorhersage", "de.a")]);
}

fn trackers() -> DiscoveryIndex {
    let tool = || described("create_issue", "Creates a new issue in a project, with title and body.");
    let mut servers: Vec<_> = ["azure-devops", "gitea", "github", "gitlab", "jira", "linear"]
        .map(|name| server(name, "", &[tool()]))
        .into();
    servers.push(server(
        "printer",
        "",
        &[described("create_issue", "Prints one number of a magazine on paper.")],
    ));
    servers.push(server("notes", "", &[described("add_note", "Writes a note about an issue.")]));
    DiscoveryIndex::build(&servers)
}

#[test]
fn tools_that_are_nearly_the_same_stand_together() {
    let index = trackers();
    let page = ask(&index, "create issue");
    assert_eq!(names(&page), ["azure-devops.create_issue", "printer.create_issue", "notes.add_note"]);
    assert_eq!(page.total, 3);
    assert_eq!(
        page.tools[0].also,
        [
            "gitea.create_issue",
            "github.create_issue",
            "gitlab.create_issue",
            "jira.create_issue",
            "linear.create_issue"
        ]
    );
    for server in ["gitea", "github", "gitlab", "jira", "linear"] {
        check(&index, &[(&format!("create an issue in {server}"), &format!("{server}.create_issue"))]);
    }
    let listed = json!({ "query": "create issue", "duplicates": "listed" });
    assert_eq!(index.search(&serde_json::from_value(listed).unwrap()).total, 8);
    let of_server = json!({ "query": "create issue", "server": "jira" });
    let page = index.search(&serde_json::from_value(of_server).unwrap());
    assert_eq!((names(&page), page.tools[0].also.len()), (vec!["jira.create_issue"], 0));
}

#[test]
fn pages_follow_each_other_without_gap_or_repetition() {
    let index = trackers();
    let page = |offset: u32, limit: u32| {
        let query = ToolQuery { query: Some("create issue".into()), offset, limit, ..ToolQuery::default() };
        names(&index.search(&query)).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let single: Vec<_> = (0..4).flat_map(|offset| page(offset, 1)).collect();
    assert_eq!(single, page(0, 10));
    assert_eq!(single.len(), 3);
}

#[test]
fn past_calls_decide_between_equals_only() {
    let index = trackers();
    let usage = ["gitlab.create_issue", "notes.add_note"].map(|name| (name.to_owned(), 50)).into();
    let context = SearchContext { usage: Some(&usage), ..SearchContext::default() };
    let query = ToolQuery { query: Some("create issue".into()), ..ToolQuery::default() };
    let page = index.search_with(&query, &context);
    assert_eq!(names(&page), ["gitlab.create_issue", "printer.create_issue", "notes.add_note"]);
}

#[test]
fn synonyms_of_the_caller_are_searched_too() {
    let index = office();
    let query = ToolQuery { query: Some("zettelmeldung".into()), ..ToolQuery::default() };
    assert!(index.search(&query).tools.is_empty());
    let synonyms = Synonyms::with_groups([["zettelmeldung", "issue"]]);
    let context = SearchContext { synonyms: &synonyms, ..SearchContext::default() };
    let page = index.search_with(&query, &context);
    assert!(
        names(&page).iter().all(|name| name.starts_with("tracker.")) && page.total == 3,
        "{:?}",
        names(&page)
    );
}

#[test]
fn reasons_are_told_on_request() {
    let query = json!({ "query": "forcast of picture files", "explain": true, "duplicates": "listed" });
    let page = office().search(&serde_json::from_value(query).unwrap());
    let found = |tool: &str, word: &str| {
        let hit = page.tools.iter().find(|hit| hit.name == tool).unwrap();
        let reason = hit.reasons.iter().find(|reason| reason.word == word);
        reason.map(|reason| (reason.by.clone(), reason.found, reason.fields.join(" ")))
    };
    assert_eq!(found("sky.forecast", "forcast"), Some(("forecast".into(), Found::Correction, "name".into())));
    assert_eq!(
        found("drawing.resize_image", "picture"),
        // The server's description has the word itself.
        Some(("pictures".into(), Found::Word, "server description".into()))
    );
    let image = page.tools.iter().find(|hit| hit.name == "drawing.resize_image").unwrap();
    let by_synonym =
        image.reasons.iter().find(|reason| reason.found == Found::Synonym && reason.by == "image");
    assert_eq!(by_synonym.map(|reason| reason.fields.join(" ")), Some("name description".into()));
    assert_eq!(found("desk.read_file", "picture"), None);
    assert!(ask(&office(), "forecast").tools.iter().all(|hit| hit.reasons.is_empty()));
}

#[test]
fn an_update_leaves_the_old_snapshot_as_it_was() {
    let tools = |text: &str| -> Vec<ServerTools> {
        vec![server("a", "", &[described("x", text)]), server("b", "", &[described("y", "Sings songs.")])]
    };
    let first = DiscoveryIndex::build(&tools("Bakes bread."));
    let second = first.updated(&tools("Paints walls."));
    assert_eq!((names(&ask(&first, "bread")), names(&ask(&second, "paint"))), (vec!["a.x"], vec!["a.x"]));
    assert!(ask(&first, "paint").tools.is_empty() && ask(&second, "bread").tools.is_empty());
    assert!(second.updated(&[]).is_empty());
}

/// A server's name, and for each of its tools a verb, a noun and another word.
type Drawn = (&'static str, Vec<(&'static str, &'static str, &'static str)>);

/// A small catalogue of words that meet each other often.
fn catalogue() -> impl Strategy<Value = Vec<Drawn>> {
    const WORDS: [&str; 12] = [
        "create",
        "issue",
        "search",
        "forecast",
        "image",
        "file",
        "weather",
        "delete",
        "branch",
        "songs",
        "chart",
        "repository",
    ];
    let word = || proptest::sample::select(&WORDS[..]);
    let few = || proptest::sample::select(&WORDS[..6]);
    let tools = proptest::collection::vec((few(), few(), word()), 0..5);
    proptest::collection::vec((few(), tools), 0..5)
}

fn servers(catalogue: &[Drawn]) -> Vec<ServerTools> {
    let mut servers: Vec<ServerTools> = Vec::new();
    for (name, tools) in catalogue {
        let name = format!("server-{name}");
        let tools = tools.iter().map(|(verb, noun, word)| {
            described(&format!("{verb}_{noun}"), &format!("The {word} of {noun}."))
        });
        if servers.iter().all(|known| known.server.as_str() != name) {
            servers.push(server(&name, "", &tools.collect::<Vec<_>>()));
        }
    }
    servers
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn an_updated_index_answers_as_one_that_is_built(states in proptest::collection::vec(catalogue(), 1..5), kept in any::<u8>()) {
        let mut index = DiscoveryIndex::default();
        let mut last: Vec<ServerTools> = Vec::new();
        for state in &states {
            let mut next = servers(state);
            // Some servers stay as they were, and are shared.
            for (number, server) in next.iter_mut().enumerate() {
                let known = last.iter().find(|known| known.server == server.server);
                if let Some(known) = known.filter(|_| kept >> (number % 8) & 1 == 1) {
                    *server = known.clone();
                }
            }
            index = index.updated(&next);
            last = next;
        }
        // Built from copies, so that nothing can be shared.
        let copies: Vec<_> = last.iter().map(|server| ServerTools { tools: Arc::from(server.tools.to_vec()), ..server.clone() }).collect();
        let built = DiscoveryIndex::build(&copies);
        let queries = ["create issue", "weather forcast", "delete a file", "search", "chart of songs", "repo", "server-image", ""];
        for query in queries {
            for duplicates in ["folded", "listed"] {
                let query = json!({ "query": query, "detail": "full", "explain": true, "duplicates": duplicates });
                let query: ToolQuery = serde_json::from_value(query).unwrap();
                prop_assert_eq!(index.search(&query), built.search(&query));
            }
        }
        prop_assert_eq!(index.names().collect::<Vec<_>>(), built.names().collect::<Vec<_>>());
        let of = |index: &DiscoveryIndex| index.modules().cloned().collect::<Vec<_>>();
        prop_assert_eq!(of(&index), of(&built));
        prop_assert_eq!(index.reweighted(Weights::default()).search(&ToolQuery { query: Some("issue".into()), ..ToolQuery::default() }),
            ask(&built, "issue"));
    }

    #[test]
    fn any_query_ends_without_a_panic(query in "\\PC{0,300}", offset in any::<u32>(), limit in any::<u32>()) {
        let query = ToolQuery { query: Some(query), offset, limit, explain: true, ..ToolQuery::default() };
        let page = office().search(&query);
        prop_assert!(page.tools.len() <= 100);
    }
}
