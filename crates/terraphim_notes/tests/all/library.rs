//! The roles behind the tools: following files, knowledge graphs and configurations at run time.

use std::{
    fs,
    time::{Duration, Instant},
};

use terraphim_kg::{AutocompleteIndex, Boundaries, Thesaurus};
use terraphim_mcp_gateway::Provider;
use terraphim_notes::{
    Change, Library, NotesConfig, NotesError, Phase, Relevance, Role, RoleView, SearchRequest,
};

use crate::support::Home;

/// Less than the 30 s after which files are looked at anyway, so that a change that was not told fails a test.
const PATIENCE: Duration = Duration::from_secs(25);

fn library(roles: Vec<Role>, home: &Home) -> Library {
    let config = NotesConfig { roles, default_role: None, index_dir: Some(home.path("index")) };
    Library::new(config).expect("a good configuration")
}

fn found(view: &RoleView, query: &str) -> Vec<String> {
    let request = SearchRequest { query: query.to_owned(), limit: 100, ..SearchRequest::default() };
    view.search(&request).expect("a page").documents.into_iter().map(|found| found.path).collect()
}

/// Asks until a query finds exactly these.
async fn eventually(library: &Library, query: &str, expected: &[&str]) {
    let start = Instant::now();
    loop {
        let view = library.view(None).await.expect("a view");
        let mut paths = found(&view, query);
        paths.sort_unstable();
        if paths == expected {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "`{query}` finds {paths:?}");
        tokio::task::yield_now().await;
    }
}

const OTHER: &str = r#"{"name": "other", "data": {"tomatoes": {"id": 7, "nterm": "vegetable"}, "sun": {"id": 8, "nterm": "weather"}}}"#;

#[tokio::test]
async fn changes_are_found_without_being_asked_for() {
    let home = Home::new();
    home.write("notes/.gitignore", "ignored.md\n");
    let library = library(vec![home.role(Relevance::TerraphimGraph)], &home);
    eventually(&library, "aubergine", &[]).await;
    home.write("notes/new.md", "An aubergine.");
    eventually(&library, "aubergine", &["new.md"]).await;
    home.write("notes/new.md", "No more of it.");
    home.write("notes/ignored.md", "An aubergine that is ignored.");
    home.write("notes/far/away/below.md", "An aubergine.");
    eventually(&library, "aubergine", &["far/away/below.md"]).await;
    home.write("notes/far/away/too.md", "An aubergine.");
    eventually(&library, "aubergine", &["far/away/below.md", "far/away/too.md"]).await;
    fs::rename(home.path("notes/far"), home.path("notes/near")).expect("renamed");
    eventually(&library, "aubergine", &["near/away/below.md", "near/away/too.md"]).await;
    home.write("notes/near/away/.temporary", "An aubergine, and a cucumber.");
    fs::rename(home.path("notes/near/away/.temporary"), home.path("notes/near/away/too.md"))
        .expect("renamed");
    eventually(&library, "cucumber", &["near/away/too.md"]).await;
    fs::rename(home.path("notes/near"), home.path("elsewhere")).expect("renamed");
    eventually(&library, "aubergine", &[]).await;
    home.write("notes/.gitignore", "nothing\n");
    eventually(&library, "aubergine", &["ignored.md"]).await;
}

#[tokio::test]
async fn a_knowledge_graph_is_followed_too() {
    let home = Home::new();
    let library = library(vec![home.role(Relevance::TerraphimGraph)], &home);
    let view = library.view(None).await.expect("a view");
    assert!(view.thesaurus().lookup("tomatoes").is_none());
    home.write("kg/vegetable.md", "synonyms:: tomatoes\n");
    eventually(&library, "vegetable", &["gardening.md", "plain.txt"]).await;
    let topics = |view: &RoleView| -> Vec<String> {
        let request = SearchRequest { query: "tomatoes".into(), limit: 9, ..SearchRequest::default() };
        view.search(&request).expect("a page").documents.into_iter().filter_map(|found| found.topic).collect()
    };
    let now = library.view(None).await.expect("a view");
    assert_eq!(topics(&now), ["vegetable", "vegetable"]);
    assert!(topics(&view).is_empty(), "a view stays as it was");
}

#[tokio::test]
async fn a_thesaurus_loaded_at_run_time_takes_the_place_of_the_configured_one() {
    let home = Home::new();
    let mut other = home.role(Relevance::Bm25);
    other.name = "Other".into();
    other.short_name = "other".into();
    let library = library(vec![home.role(Relevance::TerraphimGraph), other], &home);
    let mut changes = library.subscribe();
    let thesaurus = Thesaurus::from_json(OTHER).expect("a thesaurus");
    let view = library.load_thesaurus(Some("eng"), thesaurus).await.expect("a view");
    assert_eq!(view.thesauri(), ["other", "Engineer"]);
    assert_eq!(found(&view, "vegetable").len(), 2);
    assert_eq!(found(&view, "back-pressure").len(), 0);
    let names: Vec<_> = view.graph().nodes().iter().map(|node| view.concept_name(node.concept)).collect();
    assert_eq!(names, ["vegetable", "weather"]);
    let completed = view.autocomplete().expect("an index");
    assert_eq!(completed.complete("TOM", 5)[0].concept, "vegetable");
    assert!(view.matcher(Boundaries::Anywhere).expect("a matcher").find("unsunny").len() == 1);

    // The other role keeps its own, changes keep being followed, and the index keeps what was configured.
    let unchanged = library.view(Some("OTHER")).await.expect("a view");
    assert_eq!(unchanged.thesauri(), ["Other"]);
    home.write("notes/more.md", "More tomatoes.");
    let status = library.refresh(Some("eng")).await.expect("a status");
    assert_eq!(status.documents, 7);
    let view = library.view(Some("eng")).await.expect("a view");
    assert_eq!(found(&view, "vegetable").len(), 3);
    let again = self::library(vec![home.role(Relevance::TerraphimGraph)], &home);
    assert_eq!(found(&again.view(None).await.expect("a view"), "back-pressure"), ["channels.md"]);

    let view = library.reset_thesaurus(Some("eng")).await.expect("a view");
    assert_eq!(view.thesauri(), ["Engineer"]);
    assert_eq!((found(&view, "vegetable").len(), found(&view, "back-pressure").len()), (0, 1));
    let mut told = Vec::new();
    while let Ok(change) = changes.try_recv() {
        told.push(change);
    }
    let knowledge = Change::Knowledge { role: "eng".into() };
    assert_eq!(told.iter().filter(|change| **change == knowledge).count(), 2, "{told:?}");
    let one = |ids: &[String]| ids.len() == 1;
    assert!(
        told.iter()
            .any(|change| matches!(change, Change::Documents { role, ids } if role == "eng" && one(ids))),
        "{told:?}"
    );
}

#[tokio::test]
async fn thesaurus_files_lie_below_the_roles_folders() {
    let home = Home::new();
    home.write("kg/more/other.json", OTHER);
    home.write("outside.json", OTHER);
    home.write("kg/broken.json", "{");
    #[cfg(unix)]
    std::os::unix::fs::symlink(home.path("outside.json"), home.path("kg/link.json")).expect("linked");
    let library = library(vec![home.role(Relevance::TerraphimGraph)], &home);
    for inside in [home.path("kg/more/other.json"), "more/other.json".into()] {
        let view = library.load_thesaurus_file(None, &inside).await.expect("a view");
        assert_eq!(view.thesauri()[0], "other");
    }
    let mut outside = vec![home.path("outside.json"), "../outside.json".into(), home.path("kg/none.json")];
    if cfg!(unix) {
        outside.push(home.path("kg/link.json"));
    }
    for path in outside {
        let error = library.load_thesaurus_file(None, &path).await.expect_err("outside");
        assert!(matches!(error, NotesError::OutsideRoots { .. }), "{path:?} {error}");
    }
    let error = library.load_thesaurus_file(None, &home.path("kg/broken.json")).await.expect_err("broken");
    assert!(matches!(error, NotesError::Thesaurus { .. }), "{error}");
}

#[tokio::test]
async fn another_configuration_takes_effect_at_once() {
    let home = Home::new();
    let library = library(vec![home.role(Relevance::TerraphimGraph)], &home);
    let before = library.view(None).await.expect("a view");
    let mut changes = library.subscribe();
    let mut cook = home.role(Relevance::TitleScorer);
    cook.name = "Cook".into();
    cook.short_name = "cook".into();
    cook.knowledge_graph = None;
    let mut config = NotesConfig::clone(&library.config());
    config.roles.push(cook);
    config.default_role = Some("cook".into());
    library.set_config(config.clone()).expect("a good configuration");
    assert_eq!(changes.try_recv(), Ok(Change::Config));
    assert_eq!(library.config().roles.len(), 2);
    assert_eq!(library.role(None).expect("a role").name, "Cook");
    let cooks = library.view(None).await.expect("a view");
    assert_eq!(found(&cooks, "gardening"), ["gardening.md"]);
    assert!(!cooks.has_knowledge() && found(&cooks, "tomatoes").is_empty(), "only titles count");
    let same = library.view(Some("eng")).await.expect("a view");
    assert!(std::sync::Arc::ptr_eq(&same, &before), "what stays as it is is not read anew");

    config.roles[0].haystacks.clear();
    library.set_config(config).expect_err("a role without notes");
    assert_eq!(library.config().roles[0].haystacks.len(), 1);
    library.set_config(NotesConfig::default()).expect("no roles");
    assert!(matches!(library.view(None).await, Err(NotesError::NoRole)));
    assert!(!found(&before, "rust").is_empty(), "a view outlives its role");
}

#[tokio::test]
async fn documents_are_given_whole_and_listed() {
    let home = Home::new();
    home.write("notes/binary.md", [0xff]);
    let library = library(vec![home.role(Relevance::TerraphimGraph)], &home);
    let view = library.view(None).await.expect("a view");
    let request =
        SearchRequest { query: "cancelling".into(), limit: 1, explain: true, ..SearchRequest::default() };
    let page = view.search(&request).expect("a page");
    let document = view.document(&page.documents[0].id).expect("read").expect("a document");
    assert_eq!((document.path.as_str(), document.topic.as_deref()), ("tokio.md", Some("cancellation")));
    assert!(document.text.starts_with("---\ntitle: Cancelling tasks\n"), "as it stands in the file");
    for unknown in ["", "0000000000000000", "../../etc/passwd"] {
        assert_eq!(view.document(unknown).expect("looked up"), None);
    }
    let (all, total) = view.documents(0, 100).expect("listed");
    assert_eq!((all.len(), total), (6, 6));
    let (part, total) = view.documents(4, 1).expect("listed");
    assert_eq!((part.as_slice(), total), (&all[4..5], 6));
    fs::remove_file(home.path("notes/tokio.md")).expect("removed");
    assert_eq!(view.document(&page.documents[0].id).expect("looked up"), None);
}

#[tokio::test]
async fn scores_are_explained_by_their_parts() {
    let home = Home::new();
    for relevance in [
        Relevance::TerraphimGraph,
        Relevance::Bm25,
        Relevance::Bm25f,
        Relevance::Bm25plus,
        Relevance::TitleScorer,
    ] {
        let library = library(vec![home.role(relevance)], &home);
        let view = library.view(None).await.expect("a view");
        let query = "rust cancel* tasks OR \"bounded channels\" OR flow control";
        let request =
            SearchRequest { query: query.into(), limit: 9, explain: true, ..SearchRequest::default() };
        let page = view.search(&request).expect("a page");
        assert!(page.total >= 2, "{relevance:?}");
        for found in &page.documents {
            let explanation = found.explain.as_ref().expect("explained");
            assert_eq!(explanation.relevance, relevance.name());
            let (synonyms, others): (Vec<_>, Vec<_>) =
                explanation.parts.iter().partition(|part| part.kind == "synonym");
            // Of each concept's synonyms the best one alone counts.
            let least = synonyms.iter().map(|part| part.score).fold(0.0, f64::max);
            let most: f64 = synonyms.iter().map(|part| part.score).sum();
            let sum: f64 = others.iter().map(|part| part.score).sum();
            let tolerance = 1e-4;
            assert!(
                found.score >= sum + least - tolerance && found.score <= sum + most + tolerance,
                "{relevance:?} {found:?}"
            );
        }
    }
}

#[tokio::test]
async fn operators_and_prefixes_narrow_and_widen() {
    let home = Home::new();
    let library = library(vec![home.role(Relevance::Bm25)], &home);
    let view = library.view(None).await.expect("a view");
    for (query, expected) in [
        ("rust AND patterns", &["channels.md", "tokio.md"][..]),
        ("rust AND patterns AND tomatoes", &[]),
        ("tomatoes OR polling", &["futures.md", "gardening.md", "plain.txt"]),
        ("(tomatoes OR polling) AND sun", &["gardening.md"]),
        ("asynchron*", &["futures.md"]),
        ("async*", &["channels.md", "futures.md", "tokio.md"]),
        ("cancel* AND future", &["tokio.md"]),
        ("poll* AND \"rust means\"", &["futures.md"]),
        ("\"tomatoes want\" OR \"bounded queue\"", &["channels.md", "gardening.md"]),
        ("BRÜCK*", &["deep/Grüße aus Köln.md"]),
    ] {
        let mut paths = found(&view, query);
        paths.sort_unstable();
        assert_eq!(paths, expected, "{query}");
    }
}

#[tokio::test]
async fn suggestions_are_weighed_by_notes_and_queries() {
    let home = Home::new();
    for number in 0..5 {
        home.write(&format!("notes/z{number}.md"), "zebra");
    }
    home.write("kg/zebra.md", "");
    home.write("kg/zebra-crossing.md", "");
    let library = library(vec![home.role(Relevance::TerraphimGraph)], &home);
    let view = library.view(None).await.expect("a view");
    let best =
        |view: &RoleView| view.autocomplete().expect("an index").complete("zeb", 1)[0].concept.to_owned();
    assert_eq!(best(&view), "zebra");
    for _ in 0..9 {
        found(&view, "zebra crossing");
    }
    assert_eq!(best(&view), "zebra", "not before it is made anew");
    let view = library.rebuild_autocomplete(None).await.expect("a view");
    assert_eq!(best(&view), "zebra-crossing");
    let thesaurus = Thesaurus::from_json(OTHER).expect("a thesaurus");
    let given = AutocompleteIndex::new(&thesaurus, |_| 1).expect("an index");
    let view = library.load_autocomplete(None, given).await.expect("a view");
    assert_eq!(view.autocomplete().expect("an index").name(), "other");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn queries_are_answered_while_notes_are_read() {
    let home = Home::new();
    let library = library(vec![home.role(Relevance::TerraphimGraph)], &home);
    eventually(&library, "polling", &["futures.md"]).await;
    let folder = home.path("notes/many");
    fs::create_dir(&folder).expect("created");
    let writing = tokio::task::spawn_blocking(move || {
        let filler = "several words that fill a note without saying anything ".repeat(40);
        for number in 0..600 {
            fs::write(folder.join(format!("{number}.md")), format!("turnip {filler}")).expect("written");
        }
    });
    let start = Instant::now();
    let mut while_reading = 0;
    loop {
        let view = library.view(None).await.expect("a view");
        assert_eq!(found(&view, "polling"), ["futures.md"]);
        while_reading += usize::from(view.progress().phase == Phase::Reading);
        if writing.is_finished() && view.status().documents == 606 {
            break;
        }
        assert!(start.elapsed() < 10 * PATIENCE, "{:?}", view.status());
    }
    assert!(while_reading > 0, "no query was answered while notes were read");
    library.refresh(None).await.expect("a status");
    assert_eq!(library.progress(None).expect("a role").phase, Phase::Ready);
}

#[tokio::test]
async fn a_first_look_that_takes_long_is_not_waited_for() {
    let home = Home::new();
    for number in 0..500 {
        home.write(&format!("notes/many/{number}.md"), "turnip");
    }
    let library = library(vec![home.role(Relevance::TerraphimGraph)], &home);
    assert_eq!(library.progress(None).expect("a role").phase, Phase::Unopened);
    match library.view_within(None, Duration::ZERO).await {
        Err(NotesError::NotYet { .. }) => {}
        Ok(view) => assert!(view.status().documents <= 506),
        Err(other) => panic!("{other}"),
    }
    assert_eq!(library.refresh(None).await.expect("a status").documents, 506);
}

#[tokio::test(start_paused = true)]
async fn searches_for_tools_wait_once_for_synonyms() {
    let home = Home::new();
    for number in 0..3_000 {
        home.write(&format!("notes/many/{number}.md"), "turnip");
    }
    let server = home.server();
    // Time passes here by itself while everything waits for something else.
    for waited in [Duration::from_secs(1), Duration::ZERO, Duration::ZERO] {
        let begun = tokio::time::Instant::now();
        server.synonyms().await;
        let elapsed = begun.elapsed();
        let progress = server.library().progress(None).expect("a role");
        assert_ne!(progress.phase, Phase::Ready, "the notes are still being read");
        assert!(elapsed >= waited && elapsed < waited + Duration::from_millis(100), "{elapsed:?}");
    }
    server.library().refresh(None).await.expect("a status");
    let groups = server.synonyms().await.expect("the knowledge graph's words");
    assert!(groups.iter().any(|words| words.iter().any(|word| word == "bounded queue")), "{groups:?}");
}

#[tokio::test]
async fn a_haystack_that_vanishes_is_told() {
    let home = Home::new();
    let library = library(vec![home.role(Relevance::TerraphimGraph)], &home);
    assert_eq!(library.refresh(None).await.expect("a status").problem, None);
    fs::rename(home.path("notes"), home.path("elsewhere")).expect("renamed");
    assert!(matches!(library.refresh(None).await, Err(NotesError::Haystack { .. })));
    let view = library.view(None).await.expect("the last view");
    assert!(view.status().problem.is_some_and(|problem| problem.contains("correct its `path`")));
    fs::rename(home.path("elsewhere"), home.path("notes")).expect("renamed");
    assert_eq!(library.refresh(None).await.expect("a status").problem, None);
}
