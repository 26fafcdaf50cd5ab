//! Files of product code stay short. The tests of a module do not count, and
//! neither do files that hold nothing but tests. The length of functions is
//! clippy's to judge.

use super::{Report, source::code_only};
use crate::{
    error::Error,
    tree::{self, RustFile},
};

/// How many lines of product code a file may have.
const MAX_LINES: usize = 500;

/// Measures every Rust file of the product.
pub(super) fn gate() -> Result<Report, Error> {
    let files = tree::rust_files()?;
    Ok(Report::of(files.iter().filter_map(finding).collect()))
}

fn finding(file: &RustFile) -> Option<String> {
    if is_test(&file.path) {
        return None;
    }
    let lines = product_lines(&file.text);
    (lines > MAX_LINES).then(|| {
        format!("{}: {lines} lines of product code are more than {MAX_LINES}: divide the file", file.path)
    })
}

/// Whether a file holds tests only.
fn is_test(path: &str) -> bool {
    let mut parts = path.split('/').rev();
    let name = parts.next().unwrap_or_default();
    name == "tests.rs" || parts.any(|folder| folder == "tests" || folder == "benches")
}

/// The lines before the module of tests; a declaration that its text is in another file hides nothing.
fn product_lines(text: &str) -> usize {
    let code = code_only(text);
    let module = code.match_indices("#[cfg(test)]").find(|(at, mark)| {
        let after = code.get(at + mark.len()..).unwrap_or_default();
        let item = after.find(['{', ';']).and_then(|end| after.get(..=end)).unwrap_or_default();
        item.ends_with('{') && item.split_whitespace().next() == Some("mod")
    });
    let product = module.and_then(|(at, _)| code.get(..at)).unwrap_or(&code);
    product.lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: String) -> RustFile {
        RustFile { path: path.into(), text }
    }

    #[test]
    fn the_limit_is_inclusive() {
        assert_eq!(finding(&file("a.rs", "x\n".repeat(MAX_LINES))), None);
        let found = finding(&file("a.rs", "x\n".repeat(MAX_LINES + 1)));
        assert_eq!(
            found.as_deref(),
            Some("a.rs: 501 lines of product code are more than 500: divide the file")
        );
    }

    #[test]
    fn only_a_module_of_tests_ends_the_product() {
        let tests = "#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n";
        assert_eq!(product_lines(&format!("a\nb\n{tests}")), 2);
        assert_eq!(product_lines("#[cfg(test)]\nmod tests;\na\nb\n"), 4);
        assert_eq!(product_lines("#[cfg(test)]\nfn f() {}\na\n"), 3);
        assert_eq!(product_lines("// #[cfg(test)] mod tests {\na\n"), 2);
    }

    #[test]
    fn files_of_tests_do_not_count() {
        for path in ["crates/a/tests/it/main.rs", "crates/a/src/b/tests.rs", "crates/a/src/b/tests/c.rs"] {
            assert_eq!(finding(&file(path, "x\n".repeat(900))), None, "{path}");
        }
        assert!(finding(&file("crates/terraphim_test_upstream/src/lib.rs", "x\n".repeat(900))).is_some());
    }
}
