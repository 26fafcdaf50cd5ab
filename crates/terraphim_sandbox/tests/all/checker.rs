//! The jail of type checkers, with a program of our own in the checker's place.

use std::{fs, os::unix::fs::PermissionsExt};

use terraphim_sandbox::{Checkers, Layers, SandboxError};
use tokio::{io::AsyncReadExt, time::timeout};

use crate::{host::SOON, programs::run};

#[tokio::test]
async fn a_checker_sees_no_process_but_itself_or_does_not_start() {
    let folder = std::env::temp_dir().join(format!("terraphim-checker-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let program = folder.join("checker");
    fs::write(&program, terraphim_hostile_guest::program_with("processes")).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("permissions");
    let folder = folder.canonicalize().expect("a path");
    let checkers = Checkers::new(&folder, "checker");
    let layers = run("return 1").await.jail.layers;
    for _ in 0..2 {
        let started = checkers.start().await;
        if !layers.contains(Layers::PID) || !layers.contains(Layers::EMPTY_ROOT) {
            assert!(matches!(started, Err(SandboxError::Jail { .. })), "{started:?}");
            continue;
        }
        let mut said = String::new();
        let mut process = started.expect("a process");
        timeout(SOON, process.read_to_string(&mut said)).await.expect("an end").expect("a text");
        assert_eq!(said, "1 sees [1]");
    }
    fs::remove_dir_all(&folder).expect("gone");
}
