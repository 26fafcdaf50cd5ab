//! What happens when files, folders and indexes change or break.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use terraphim_notes::{Relevance, SkipReason, Storage};

use crate::support::{Home, documents, paths, server};

#[tokio::test]
async fn changes_are_followed_and_the_rest_is_left_alone() {
    let home = Home::new();
    assert_eq!(paths(&home.server(), "tomatoes").await.len(), 2);

    // Same size and time: a file that looks the same is not read again.
    let futures = home.path("notes/futures.md");
    let text = fs::read_to_string(&futures).expect("a note");
    let before = fs::metadata(&futures).and_then(|metadata| metadata.modified()).expect("a time");
    fs::write(&futures, text.replace("polling", "xolling")).expect("written");
    File::options().write(true).open(&futures).and_then(|file| file.set_modified(before)).expect("set");
    home.write("notes/new.md", "Potatoes are here, and patience.");
    home.write("notes/gardening.md", "Cucumbers instead.");
    fs::remove_file(home.path("notes/plain.txt")).expect("removed");

    let server = home.server();
    assert_eq!(paths(&server, "tomatoes").await, Vec::<String>::new());
    assert_eq!(paths(&server, "potato").await, ["new.md"]);
    assert_eq!(paths(&server, "cucumber").await, ["gardening.md"]);
    assert_eq!(paths(&server, "polling").await, ["futures.md"]);
    let status = server.library().refresh(None).await.expect("a status");
    assert_eq!((status.documents, status.storage), (6, Storage::Disk));

    // A running server follows too, on disk and in memory.
    let memory = self::server(vec![home.role(Relevance::TerraphimGraph)], None);
    assert_eq!(memory.library().refresh(Some("ENG")).await.expect("a status").storage, Storage::Memory);
    home.write("notes/late.md", "Aubergines");
    fs::remove_file(home.path("notes/new.md")).expect("removed");
    for server in [&server, &memory] {
        assert_eq!(server.library().refresh(None).await.expect("a status").documents, 6);
        assert_eq!(paths(server, "aubergine potatoes").await, ["late.md"]);
    }
}

#[tokio::test]
async fn a_warm_index_is_not_written() {
    let home = Home::new();
    assert_eq!(paths(&home.server(), "cancellation").await.len(), 1);
    let snapshot = || -> Vec<(PathBuf, std::time::SystemTime)> {
        let mut files: Vec<_> = fs::read_dir(home.index_folder())
            .expect("a folder")
            .map(|entry| entry.expect("listed"))
            .filter(|entry| !entry.file_name().to_string_lossy().ends_with(".lock"))
            .map(|entry| (entry.path(), entry.metadata().and_then(|m| m.modified()).expect("a time")))
            .collect();
        files.sort();
        files
    };
    let before = snapshot();
    assert_eq!(paths(&home.server(), "cancellation").await.len(), 1);
    assert_eq!(snapshot(), before);
    // Nor is its lock needed.
    let lock = File::open(home.index_folder().with_extension("lock")).expect("a lock file");
    lock.lock().expect("locked");
    assert_eq!(home.server().library().refresh(None).await.expect("a status").storage, Storage::Disk);
}

#[tokio::test]
async fn everything_deleted_leaves_nothing() {
    let home = Home::new();
    assert!(!paths(&home.server(), "rust").await.is_empty());
    fs::remove_dir_all(home.path("notes")).expect("removed");
    fs::create_dir(home.path("notes")).expect("created");
    let server = home.server();
    assert_eq!(documents(&server, "rust").await, Vec::<Value>::new());
    home.write("notes/again.md", "rust");
    assert_eq!(paths(&home.server(), "rust").await, ["again.md"]);
}

#[tokio::test]
async fn a_changed_knowledge_graph_changes_topics() {
    let home = Home::new();
    assert_eq!(documents(&home.server(), "gardening").await[0]["topic"], Value::Null);
    home.write("kg/vegetables.md", "synonyms:: tomatoes");
    let server = home.server();
    assert_eq!(documents(&server, "gardening").await[0]["topic"], "vegetables");
    home.write("kg/thesaurus.json", r#"{"name": "n", "data": {"sun": {"id": 1, "nterm": "weather"}}}"#);
    let mut role = home.role(Relevance::TerraphimGraph);
    role.knowledge_graph = Some(home.path("kg/thesaurus.json"));
    let from_json = self::server(vec![role], Some(home.path("index")));
    let gardening = documents(&from_json, "weather").await;
    assert_eq!((&gardening[0]["topic"], &gardening[0]["path"]), (&json!("weather"), &json!("gardening.md")));
}

#[tokio::test]
async fn a_broken_index_is_made_anew() {
    let home = Home::new();
    let expected = paths(&home.server(), "rust async tomatoes").await;
    assert!(expected.len() >= 4);
    let names: Vec<_> = fs::read_dir(home.index_folder())
        .expect("a folder")
        .map(|entry| entry.expect("listed").file_name().to_string_lossy().into_owned())
        .collect();
    let mut extensions: Vec<_> =
        names.iter().filter_map(|name| name.rsplit_once('.')).map(|(_, e)| e).collect();
    extensions.sort_unstable();
    extensions.dedup();
    assert!(extensions.len() >= 6, "{names:?}");
    for extension in extensions.into_iter().filter(|extension| *extension != "lock") {
        for damage in [truncate, overwrite, flip] {
            let folder = home.index_folder();
            let files = fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("listed").path());
            let damaged: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(extension)).collect();
            assert!(!damaged.is_empty(), "{extension}");
            damaged.iter().for_each(|path| damage(path));
            let server = home.server();
            assert_eq!(paths(&server, "rust async tomatoes").await, expected, "{extension}");
            assert_eq!(
                server.library().refresh(None).await.expect("a status").storage,
                Storage::Disk,
                "{extension}"
            );
        }
    }
}

fn truncate(path: &Path) {
    File::options().write(true).open(path).and_then(|file| file.set_len(3)).expect("truncated");
}

fn overwrite(path: &Path) {
    fs::write(path, "{\"not\": \"what was written\"}").expect("written");
}

fn flip(path: &Path) {
    let mut bytes = fs::read(path).expect("a file");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    fs::write(path, bytes).expect("written");
}

#[tokio::test]
async fn without_a_usable_folder_the_index_is_in_memory() {
    let home = Home::new();
    home.write("index", "a file where the folder should be");
    let server = home.server();
    assert_eq!(paths(&server, "tomatoes").await.len(), 2);
    assert_eq!(server.library().refresh(None).await.expect("a status").storage, Storage::Memory);
}

#[tokio::test]
async fn a_locked_index_is_made_in_memory() {
    let home = Home::new();
    assert_eq!(paths(&home.server(), "tomatoes").await.len(), 2);
    let lock = File::open(home.index_folder().with_extension("lock")).expect("a lock file");
    lock.lock().expect("locked");
    home.write("notes/more.md", "more tomatoes");
    let server = home.server();
    assert_eq!(paths(&server, "tomatoes").await.len(), 3);
    assert_eq!(server.library().refresh(None).await.expect("a status").storage, Storage::Memory);
    drop(lock);
    home.write("notes/most.md", "most tomatoes");
    let status = server.library().refresh(None).await.expect("a status");
    assert_eq!((status.documents, status.storage), (8, Storage::Disk), "the folder is used once it is free");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_servers_at_once_agree() {
    let home = Home::new();
    for round in 0..5 {
        home.write(&format!("notes/round{round}.md"), format!("tomatoes in round {round}"));
        let mut calls = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let server = home.server();
            for _ in 0..4 {
                let server = server.clone();
                calls.spawn(async move { paths(&server, "tomatoes").await.len() });
            }
        }
        let found = calls.join_all().await;
        assert!(found.iter().all(|count| *count == 3 + round), "{found:?}");
    }
    let status = home.server().library().refresh(None).await.expect("a status");
    assert_eq!((status.documents, status.storage), (11, Storage::Disk));
}

#[tokio::test]
async fn hostile_files_are_survived_and_counted() {
    let home = Home::new();
    home.write("notes/binary.md", [0xff, 0xfe, 0x00, 0x80]);
    home.write("notes/nested.md", format!("nestedword {}{}", "[".repeat(50_000), "> ".repeat(50_000)));
    home.write("notes/front.md", format!("---\ntags: [{}\n---\nfrontword", "[,".repeat(10_000)));
    home.write("notes/endless.md", format!("---\n{}", "a: b\n".repeat(50_000)));
    home.write("notes/long.md", format!("longword {}", "x".repeat(3 << 20)));
    home.write("notes/nul.md", "# \u{0}nulword\u{7}\n\u{202e}\u{0}");
    home.write("notes/empty.md", "");
    let huge = File::create(home.path("notes/huge.md")).and_then(|file| file.set_len(11 << 20));
    huge.expect("a sparse file");
    for server in [home.server(), home.server()] {
        for word in ["nestedword", "frontword", "longword", "nulword"] {
            assert_eq!(paths(&server, word).await.len(), 1, "{word}");
        }
        let mut skipped = server.library().refresh(None).await.expect("a status").skipped;
        skipped.sort_by(|a, b| a.path.cmp(&b.path));
        let skipped: Vec<_> = skipped.iter().map(|file| (file.path.as_str(), file.reason)).collect();
        assert_eq!(skipped, [("binary.md", SkipReason::InvalidText), ("huge.md", SkipReason::TooLarge)]);
    }
    // A file that becomes readable is a note.
    home.write("notes/binary.md", "mended");
    assert_eq!(paths(&home.server(), "mended").await, ["binary.md"]);
}
