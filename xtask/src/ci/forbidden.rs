//! What no Rust file of the project may hold: `unsafe` outside the places
//! that need the kernel, tests that are switched off, lints that are silenced
//! without an end, and code that is not there yet.

use super::{
    Report,
    source::{code_only, words},
};
use crate::{
    error::Error,
    tree::{self, RustFile},
};

/// The only places where `unsafe` may stand.
const UNSAFE_PLACES: &[&str] =
    &["crates/terraphim_sandbox/", "crates/terraphim_guest/src/jail", "crates/terraphim_hostile_guest/src/"];

/// Texts of programs that run in the sandbox, and what they are linked with: any
/// compiler from 1.70 on is to take them, and no code of this workspace is.
const PROGRAMS: &[&str] = &[
    "crates/terraphim_mcp_codegen/rust/",
    "crates/terraphim_mcp_codegen/tests/all/rust/programs/",
    "crates/terraphim/tests/hostile/",
    "crates/terraphim/tests/all/hostile/connection.rs",
];

/// Looks through every Rust file of the workspace.
pub(super) fn gate() -> Result<Report, Error> {
    let files = tree::rust_files()?;
    let own = files.iter().filter(|file| !PROGRAMS.iter().any(|place| file.path.starts_with(place)));
    Ok(Report::of(own.flat_map(findings).collect()))
}

fn findings(file: &RustFile) -> Vec<String> {
    let code = code_only(&file.text);
    let unsafe_allowed = UNSAFE_PLACES.iter().any(|place| file.path.starts_with(place));
    let mut found = Vec::new();
    for (line, word, after) in words(&code) {
        match word {
            "unsafe" if !unsafe_allowed => found.push((
                line,
                "`unsafe` belongs into terraphim_sandbox, the guest's `jail` module or the hostile guest only"
                    .to_owned(),
            )),
            "todo" | "unimplemented" if after.starts_with('!') => {
                found.push((line, format!("`{word}!` stands for code that is not there: write it")));
            }
            _ => {}
        }
    }
    for (line, attribute) in attributes(&code) {
        match switched_off(&attribute) {
            Some("ignore") => {
                found.push((line, "an ignored test tests nothing: repair it or remove it".to_owned()));
            }
            Some(_) => found.push((
                line,
                "use `#[expect(..., reason = \"...\")]`, which ends when it is no longer needed".to_owned(),
            )),
            None => {}
        }
    }
    found.sort();
    found.into_iter().map(|(line, what)| format!("{}:{line}: {what}", file.path)).collect()
}

/// The attributes of a code, without white space, with the line that each opens on.
fn attributes(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices('#') {
        let rest = code.get(at + 1..).unwrap_or_default().trim_start();
        let rest = rest.strip_prefix('!').unwrap_or(rest).trim_start();
        if !rest.starts_with('[') {
            continue;
        }
        let line = code.get(..at).unwrap_or_default().matches('\n').count() + 1;
        found.push((line, bracketed(rest)));
    }
    found
}

/// What stands in the brackets that a text opens with.
fn bracketed(text: &str) -> String {
    let mut depth = 0_usize;
    let within = text.chars().take_while(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > 0
    });
    within.skip(1).filter(|c| !c.is_whitespace()).collect()
}

/// `ignore` or `allow` where an attribute says so, on a condition or without one.
fn switched_off(attribute: &str) -> Option<&'static str> {
    let conditional = attribute.starts_with("cfg_attr(");
    let says = |word: &'static str| {
        words(attribute).enumerate().any(|(nth, (_, found, _))| found == word && (nth == 0 || conditional))
    };
    ["ignore", "allow"].into_iter().find(|word| says(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str) -> Vec<String> {
        findings(&RustFile { path: path.into(), text: text.into() })
    }

    #[test]
    fn unsafe_has_its_places() {
        let code = "fn f() {\n    unsafe { g() }\n}\n";
        assert_eq!(check("crates/terraphim_sandbox/src/spawn.rs", code), [""; 0]);
        assert_eq!(check("crates/terraphim_guest/src/jail/memory.rs", code), [""; 0]);
        assert_eq!(check("crates/terraphim_hostile_guest/src/entry.rs", code), [""; 0]);
        for path in ["crates/terraphim_guest/src/run.rs", "crates/terraphim_sandbox_protocol/src/wire.rs"] {
            let found = check(path, code);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(&format!("{path}:2: `unsafe`")), "{found:?}");
        }
        assert_eq!(check("a.rs", "// unsafe\n#![deny(unsafe_code)]\nlet a = \"unsafe\";"), [""; 0]);
    }

    #[test]
    fn tests_are_not_switched_off() {
        for code in ["#[ignore]", "#[ignore = \"slow\"]", "# [ ignore ]", "#[cfg_attr(miri, ignore)]"] {
            let found = check("a.rs", &format!("fn f() {{}}\n{code}\n#[test]\nfn t() {{}}"));
            assert_eq!(found, ["a.rs:2: an ignored test tests nothing: repair it or remove it"], "{code}");
        }
        assert_eq!(check("a.rs", "use ignore::Walk; let x = a[ignore];"), [""; 0]);
    }

    #[test]
    fn lints_are_expected_not_allowed() {
        for code in ["#[allow(dead_code)]", "#![allow(\n  dead_code)]", "#[cfg_attr(test, allow(dead_code))]"]
        {
            let found = check("a.rs", code);
            assert!(found.len() == 1 && found[0].starts_with("a.rs:1: use `#[expect("), "{code}: {found:?}");
        }
        assert_eq!(check("a.rs", "#[expect(dead_code, reason = \"allow\")]\nfn allow() {}"), [""; 0]);
    }

    #[test]
    fn missing_code_is_told() {
        assert_eq!(
            check("a.rs", "fn f() { todo!() }\nfn g() { unimplemented!(\"x\") }"),
            [
                "a.rs:1: `todo!` stands for code that is not there: write it",
                "a.rs:2: `unimplemented!` stands for code that is not there: write it"
            ]
        );
        assert_eq!(check("a.rs", "let todo = todos; // todo!"), [""; 0]);
    }
}
