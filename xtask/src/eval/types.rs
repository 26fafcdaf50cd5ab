//! `cargo xtask eval types`: types for every tool of a catalogue in every language, how long that
//! takes, and whether the strict checkers of those languages take them without one `any`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use crate::{
    error::Error,
    interop::install::{self, Checkers},
    process,
    tree::{cargo, root, succeed, target_folder},
};

/// How long one step may take.
const DEADLINE: Duration = Duration::from_secs(30 * 60);
/// The promise: every tool of the catalogue in TypeScript and Python, in milliseconds.
const PROMISED_MS: f64 = 1_000.0;
/// Most lines of a checker's complaints that are shown.
const SHOWN_LINES: usize = 20;

/// What the command line asks for.
#[derive(Debug)]
pub(crate) struct Options {
    tools: PathBuf,
}

impl Options {
    pub(crate) fn parse(arguments: &[&str]) -> Result<Self, Error> {
        match arguments {
            ["--data", folder] => Ok(Self { tools: Path::new(folder).join("upstream/tools.jsonl") }),
            ["--tools", file] => Ok(Self { tools: PathBuf::from(file) }),
            _ => Err(Error::Usage {
                complaint:
                    "`eval types` needs --data FOLDER, which has upstream/tools.jsonl, or --tools FILE".into(),
            }),
        }
    }
}

/// Writes the types of the catalogue below the target folder, checks them, and prints the figures.
pub(crate) fn run(options: &Options) -> Result<(), Error> {
    let folder = target_folder()?.join("eval-types");
    let checkers = install::checkers(&target_folder()?.join("checkers"))?;
    let text =
        fs::read_to_string(&options.tools).map_err(Error::io(format!("read {}", options.tools.display())))?;
    let made = write(std::slice::from_ref(&options.tools), &folder.join("tree"), Profile::Release)?;
    println!("tools: {}", text.lines().count());
    for one in &made {
        println!("{}: {} files, {} bytes, {:.1} ms", one.language, one.files, one.bytes, one.ms);
    }
    let both: f64 =
        made.iter().filter(|one| ["ts", "py"].contains(&one.language.as_str())).map(|one| one.ms).sum();
    println!("TypeScript and Python: {both:.1} ms (promised: at most {PROMISED_MS:.0})");
    let mut findings = check(&checkers, &folder.join("tree"))?;
    findings.extend(check_rust(&folder)?);
    if both > PROMISED_MS {
        findings.push(format!("codegen of both languages took {both:.0} ms"));
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Types { findings }) }
}

/// How the generator is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    Release,
}

/// What was made for one language.
#[derive(Debug)]
pub(crate) struct Made {
    language: String,
    files: usize,
    bytes: usize,
    /// How long the texts took, without writing them.
    ms: f64,
}

/// Writes a new tree for each language below `tree`.
pub(crate) fn write(tools: &[PathBuf], tree: &Path, profile: Profile) -> Result<Vec<Made>, Error> {
    if tree.exists() {
        fs::remove_dir_all(tree).map_err(Error::io(format!("empty {}", tree.display())))?;
    }
    let mut generator = cargo();
    generator.args(["run", "--quiet", "-p", "terraphim_mcp_codegen", "--example", "declare"]);
    if profile == Profile::Release {
        generator.arg("--release");
    }
    generator.arg("--").args(tools).arg("--out").arg(tree);
    let ended = succeed(&mut generator, DEADLINE)?;
    ended.stdout.lines().map(figures).collect()
}

fn figures(line: &str) -> Result<Made, Error> {
    let wrong = || Error::Unreadable { what: "the generator's figures".into(), complaint: line.to_owned() };
    let mut words = line.split(' ');
    let language = words.next().ok_or_else(wrong)?.to_owned();
    let mut number = || words.next().and_then(|word| word.parse::<f64>().ok()).ok_or_else(wrong);
    let (files, bytes, micros) = (number()?, number()?, number()?);
    Ok(Made { language, files: files as usize, bytes: bytes as usize, ms: micros / 1_000.0 })
}

/// What the checkers of TypeScript and Python find in a tree, and each `any`; prints a verdict for each.
pub(crate) fn check(checkers: &Checkers, tree: &Path) -> Result<Vec<String>, Error> {
    let mut findings = Vec::new();
    let mut tsc = Command::new(&checkers.tsc);
    tsc.args(["-p", "."]).current_dir(tree.join("ts"));
    findings.extend(complaints("tsc --strict", &mut tsc)?);
    let mut mypy = Command::new(&checkers.mypy);
    mypy.args(["--strict", "--no-incremental", "."]).current_dir(tree.join("py"));
    findings.extend(complaints("mypy --strict", &mut mypy)?);
    for (folder, any, unknown) in [("ts", "any", "unknown"), ("py", "Any", "object")] {
        let counted = count(&tree.join(folder), any, unknown)?;
        let Counted { undeclared, free_form, lists, other, .. } = counted;
        println!(
            "{folder}: {} {any}; {unknown}: {undeclared} results without a declared type, {free_form} objects of \
             any keys, {lists} lists of anything, {other} other",
            counted.any
        );
        if counted.any > 0 {
            findings.push(format!("{folder} has {} times `{any}`", counted.any));
        }
    }
    Ok(findings)
}

/// Whether Rust's compiler takes the modules.
fn check_rust(folder: &Path) -> Result<Vec<String>, Error> {
    let mut check = Command::new(cargo().get_program());
    check.args(["check", "--quiet", "--offline"]).current_dir(folder.join("tree/rs"));
    check.env("CARGO_TARGET_DIR", folder.join("rust")).env_remove("RUSTFLAGS");
    complaints("cargo check", &mut check)
}

fn complaints(name: &str, command: &mut Command) -> Result<Vec<String>, Error> {
    let ended = process::capture(command, DEADLINE)?;
    println!(
        "{name}: {} ({:.1} s)",
        if ended.code == Some(0) { "ok" } else { "FAILED" },
        ended.elapsed.as_secs_f64()
    );
    if ended.code == Some(0) {
        return Ok(Vec::new());
    }
    let said = [ended.stdout, ended.stderr].join("\n");
    Ok(said.lines().filter(|line| !line.is_empty()).take(SHOWN_LINES).map(str::to_owned).collect())
}

/// How often a tree says that anything may stand somewhere.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counted {
    any: usize,
    undeclared: usize,
    free_form: usize,
    lists: usize,
    other: usize,
}

/// Counts in the files of the servers; what stands above them is the same for all.
fn count(folder: &Path, any: &str, unknown: &str) -> Result<Counted, Error> {
    let mut counted = Counted::default();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        let reading = || Error::io(format!("read {}", path.display()));
        for entry in fs::read_dir(&path).map_err(reading())? {
            let entry = entry.map_err(reading())?.path();
            let name = entry.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            if entry.is_dir() && !name.starts_with('.') {
                open.push(entry);
            } else if [".ts", ".pyi"].iter().any(|kind| name.ends_with(kind)) && !is_runtime(&name) {
                let text =
                    fs::read_to_string(&entry).map_err(Error::io(format!("read {}", entry.display())))?;
                count_text(&text, any, unknown, &mut counted);
            }
        }
    }
    Ok(counted)
}

fn is_runtime(name: &str) -> bool {
    ["mcp-runtime.ts", "mcp_runtime.pyi", "_calls.pyi"].contains(&name)
}

fn count_text(text: &str, any: &str, unknown: &str, counted: &mut Counted) {
    let mut in_comment = "";
    for line in text.lines() {
        let line = line.trim();
        let quotes = line.matches("\"\"\"").count();
        if in_comment.is_empty() && line.starts_with("/*") {
            in_comment = "*/";
        }
        if in_comment.is_empty() && quotes > 0 && line.starts_with("\"\"\"") {
            in_comment = if quotes % 2 == 1 { "\"\"\"" } else { "" };
            continue;
        }
        if !in_comment.is_empty() {
            in_comment = if line.ends_with(in_comment) { "" } else { in_comment };
            continue;
        }
        if line.starts_with('#') || line.starts_with("from ") || line.starts_with("def raw(") {
            continue;
        }
        let code = without_literals(line);
        counted.any += types_named(&code, any);
        let found = types_named(&code, unknown);
        let is = |parts: &[&str]| parts.iter().any(|part| code.contains(part));
        if found == 0 {
        } else if is(&["Result = unknown;", "-> Call[object]"]) {
            counted.undeclared += 1;
        } else if is(&["[key: string]: unknown", "[str, object]", "**"]) {
            counted.free_form += found;
        } else if is(&["unknown[]", "list[object]"]) {
            counted.lists += found;
        } else {
            counted.other += found;
        }
    }
}

fn without_literals(line: &str) -> String {
    let plain = line.replace("\\\\", "").replace("\\\"", "");
    plain.split('"').step_by(2).collect::<Vec<_>>().join("\"\"")
}

/// How often `word` stands as a type: a word of its own that names no property.
fn types_named(code: &str, word: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
    let at_type = |(at, _): &(usize, &str)| {
        let before = code.get(..*at).unwrap_or_default();
        let after = code.get(at + word.len()..).unwrap_or_default();
        !before.ends_with(is_part)
            && !after.starts_with(is_part)
            && !after.trim_start().starts_with([':', '?'])
            && !before.trim().is_empty()
    };
    code.match_indices(word).filter(at_type).count()
}

/// The fixture servers, as files of tools.
pub(crate) fn fixtures() -> Result<Vec<PathBuf>, Error> {
    let folder = root().join("crates/terraphim_mcp_codegen/tests/fixtures/types");
    let reading = || Error::io(format!("read {}", folder.display()));
    let mut files = Vec::new();
    for entry in fs::read_dir(&folder).map_err(reading())? {
        let path = entry.map_err(reading())?.path();
        if path.extension().is_some_and(|kind| kind == "jsonl") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(text: &str, any: &str, unknown: &str) -> Counted {
        let mut counted = Counted::default();
        count_text(text, any, unknown, &mut counted);
        counted
    }

    #[test]
    fn types_are_counted_and_words_are_not() {
        let text = "/** any\n * unknown */\nexport type X = {\n  any?: \"any\";\n  a: any[];\n  b: unknown[];\n\
                    \x20 unknown: { [key: string]: unknown };\n};\nexport type XResult = unknown;\n";
        let wanted = Counted { any: 1, undeclared: 1, free_form: 1, lists: 1, other: 0 };
        assert_eq!(counted(text, "any", "unknown"), wanted);
        let text = "class X(TypedDict):\n    \"\"\"Any\n    object\n    \"\"\"\n    #: Any\n    object: Any\n\
                    \x20   b: list[object]\n    def __call__(self, *, c: Literal[\"object\"]) -> Call[object]: ...\n";
        let wanted = Counted { any: 1, undeclared: 1, free_form: 0, lists: 1, other: 0 };
        assert_eq!(counted(text, "Any", "object"), wanted);
    }
}
