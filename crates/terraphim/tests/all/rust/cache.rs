//! What is kept of compiled programs.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::PathBuf,
};

use crate::place::Place;

const PROGRAM: &str = "fn main() { println!(\"{}\", 6 * 7); }";

/// The compiled programs of a place.
fn programs(place: &Place) -> Vec<PathBuf> {
    let folder = fs::read_dir(place.path("data/terraphim/cache/rust/bin")).expect("a folder");
    folder.map(|entry| entry.expect("an entry").path()).collect()
}

#[test]
fn a_program_is_compiled_once() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    let before = programs(&place);
    assert_eq!(place.rust(PROGRAM, &[]).json(), 42);
    let made: Vec<_> = programs(&place).into_iter().filter(|path| !before.contains(path)).collect();
    let [made] = made.as_slice() else { panic!("{made:?}") };
    let inode = || fs::metadata(made).expect("a file").ino();
    let first = inode();
    assert_eq!(place.rust(PROGRAM, &[]).json(), 42);
    assert_eq!(inode(), first);
    // Another text is another program.
    assert_eq!(place.rust(&format!("{PROGRAM}\n"), &[]).json(), 42);
    assert_eq!(programs(&place).len(), before.len() + 2);
}

#[test]
fn a_damaged_program_is_made_anew_and_never_executed() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    let before = programs(&place);
    assert_eq!(place.rust(PROGRAM, &[]).json(), 42);
    let made = programs(&place).into_iter().find(|path| !before.contains(path)).expect("a program");
    let planted = before.first().expect("another program");
    let damages: [&dyn Fn(); 4] = [
        &|| {
            fs::remove_file(&made).expect("a file");
            fs::copy(planted, &made).expect("a copy");
        },
        &|| {
            fs::set_permissions(&made, fs::Permissions::from_mode(0o755)).expect("permissions");
            fs::write(&made, "#!/bin/sh\necho 43").expect("a file");
        },
        &|| {
            fs::File::options()
                .append(true)
                .open(writable(&made))
                .and_then(|file| file.set_len(100))
                .expect("a file")
        },
        &|| {
            fs::remove_file(&made).expect("a file");
            std::os::unix::fs::symlink(planted, &made).expect("a link");
        },
    ];
    for damage in damages {
        damage();
        let ended = place.rust(PROGRAM, &[]);
        assert_eq!(ended.json(), 42);
        assert!(ended.err.contains("was damaged, and is compiled anew"), "{}", ended.err);
    }
    assert!(place.rust(PROGRAM, &[]).err.is_empty());
}

fn writable(path: &PathBuf) -> &PathBuf {
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("permissions");
    path
}

#[test]
fn a_cache_that_is_gone_is_made_again() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    fs::remove_dir_all(place.path("data/terraphim/cache")).expect("a folder");
    assert_eq!(place.rust(PROGRAM, &[]).json(), 42);
}

#[test]
fn a_workspace_around_the_cache_is_refused() {
    let place = Place::new();
    if !place.has_rust() {
        return;
    }
    let around = place.path("data");
    let around = around.to_str().expect("a path in UTF-8");
    let ended = place.rust(PROGRAM, &["--workspace", around]);
    let err = ended.failure(4);
    assert!(
        err.contains("lies in the workspace, where programs write")
            || err.contains("is not for programs alone"),
        "{err}"
    );
}
