//! The jail of type checkers, with a program of our own in the checker's place.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use terraphim_sandbox::Checkers;
use tokio::{io::AsyncReadExt, time::timeout};

use crate::host::SOON;

#[tokio::test]
async fn a_checker_sees_no_process_but_itself() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("checker");
    fs::create_dir_all(&folder).expect("a folder");
    let program = folder.join("checker");
    fs::write(&program, terraphim_hostile_guest::program_with("processes")).expect("a program");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("permissions");
    let folder = folder.canonicalize().expect("a path");
    let checkers = Checkers::new(&folder, "checker");
    for _ in 0..2 {
        let mut process = checkers.start().await.expect("a process");
        let mut said = String::new();
        timeout(SOON, process.read_to_string(&mut said)).await.expect("an end").expect("a text");
        assert_eq!(said, "1 sees [1]");
    }
}
