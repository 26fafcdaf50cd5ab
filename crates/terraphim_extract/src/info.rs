//! Info strings: the language of a block, its file name, and whether it says that it is not to be run.

use terraphim_types::Language;

/// What an info string says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Info {
    /// Its first word in lower case, without what surrounds it.
    pub(crate) tag: Option<String>,
    pub(crate) filename: Option<String>,
    /// `run`, `exec`: it is to be run.
    pub(crate) says_run: bool,
    /// `ignore`, `no_run`: it is not.
    pub(crate) says_not: bool,
}

/// Longest info string that is looked at, in bytes.
const MAX_INFO_BYTES: usize = 400;

/// Reads an info string: `ts`, `ts title="a.ts"`, `{.python #id}`, `{python}`, `python:src/a.py`, `rust,no_run`.
pub(crate) fn read(info: &str) -> Info {
    let info = head(info.trim(), MAX_INFO_BYTES);
    let separators = |c: char| c.is_whitespace() || matches!(c, ',' | '{' | '}' | ';');
    let mut read = Info::default();
    for (index, word) in info.split(separators).filter(|word| !word.is_empty()).enumerate() {
        let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
        let name = name.trim_start_matches('.').to_ascii_lowercase();
        match (name.as_str(), value) {
            ("title" | "filename" | "file" | "path" | "name", Some(value)) => {
                read.filename = Some(unquoted(value).to_owned());
            }
            ("ignore" | "no_run" | "norun" | "no-run" | "compile_fail" | "should_panic", None) => {
                read.says_not = true
            }
            ("run" | "exec" | "execute" | "eval", None) if index > 0 => read.says_run = true,
            ("run" | "exec" | "execute" | "eval", Some(value)) => {
                let yes = matches!(unquoted(value).to_ascii_lowercase().as_str(), "true" | "yes" | "1");
                (read.says_run, read.says_not) = (yes, !yes);
            }
            (_, None) if index == 0 => read_first(&mut read, word),
            (_, None) if read.filename.is_none() && is_filename(word) => {
                read.filename = Some(word.to_owned())
            }
            _ => {}
        }
    }
    read
}

/// The first word: a tag, `tag:file`, or the name of a file alone.
fn read_first(read: &mut Info, word: &str) {
    let word = word.trim_start_matches('.');
    if let Some((tag, file)) = word.split_once(':') {
        read.tag = Some(tag.to_ascii_lowercase()).filter(|tag| !tag.is_empty());
        read.filename = Some(file.to_owned()).filter(|file| !file.is_empty());
        return;
    }
    if language(&word.to_ascii_lowercase()).is_none() && is_filename(word) {
        read.filename = Some(word.to_owned());
        return;
    }
    read.tag = Some(word.to_ascii_lowercase()).filter(|tag| !tag.is_empty());
}

fn unquoted(value: &str) -> &str {
    value.trim_matches(['"', '\''])
}

fn is_filename(word: &str) -> bool {
    let name = word.rsplit('/').next().unwrap_or(word);
    name.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty()
            && (1..=5).contains(&extension.len())
            && extension.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}

/// What a tag stands for; None for one that is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tagged {
    Program(Language),
    /// A dialogue with a shell or an interpreter, with its prompts.
    Dialogue(Language),
    /// Something that is not a program of ours.
    Other,
}

/// What a tag stands for.
pub(crate) fn language(tag: &str) -> Option<Tagged> {
    Some(match tag {
        "ts" | "tsx" | "typescript" | "mts" | "cts" | "deno" | "typescriptreact" => {
            Tagged::Program(Language::TypeScript)
        }
        "js" | "jsx" | "javascript" | "mjs" | "cjs" | "ecmascript" | "es6" => {
            Tagged::Program(Language::JavaScript)
        }
        "node" | "nodejs" | "node.js" => Tagged::Program(Language::Node),
        "py" | "python" | "python3" | "py3" | "python2" | "ipython" | "py-3" => {
            Tagged::Program(Language::Python)
        }
        "sh" | "shell" | "bash" | "zsh" | "shellscript" | "ksh" => Tagged::Program(Language::Bash),
        "console" | "shell-session" | "shellsession" | "sh-session" | "terminal" | "bash-session" => {
            Tagged::Dialogue(Language::Bash)
        }
        "pycon" | "python-repl" | "doctest" | "ipythonconsole" => Tagged::Dialogue(Language::Python),
        "rs" | "rust" => Tagged::Program(Language::Rust),
        "text" | "txt" | "plain" | "plaintext" | "output" | "out" | "stdout" | "log" | "logs" | "none"
        | "json" | "json5" | "jsonc" | "jsonl" | "ndjson" | "yaml" | "yml" | "toml" | "ini" | "env"
        | "dotenv" | "xml" | "html" | "css" | "scss" | "svg" | "diff" | "patch" | "udiff" | "csv" | "tsv"
        | "md" | "markdown" | "mermaid" | "sql" | "graphql" | "http" | "dockerfile" | "docker"
        | "makefile" | "make" | "nginx" | "proto" | "protobuf" | "tree" | "pseudo" | "pseudocode"
        | "regex" | "latex" | "tex" | "math" | "dot" | "plantuml" | "traceback" | "error" | "stderr"
        | "result" | "c" | "cpp" | "c++" | "h" | "hpp" | "cs" | "csharp" | "java" | "kotlin" | "kt"
        | "go" | "golang" | "ruby" | "rb" | "php" | "swift" | "scala" | "perl" | "r" | "lua" | "haskell"
        | "hs" | "elixir" | "ex" | "clojure" | "zig" | "powershell" | "ps1" | "pwsh" | "bat" | "cmd"
        | "batch" | "fish" | "nix" | "hcl" | "terraform" | "vue" | "svelte" | "d.ts" | "dts" | "jinja"
        | "jinja2" | "handlebars" | "vim" | "awk" | "jq" | "prompt" | "schema" => Tagged::Other,
        _ => return None,
    })
}

/// The first bytes of a text, up to a character's boundary.
pub(crate) fn head(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The last bytes of a text, from a character's boundary.
pub(crate) fn tail(text: &str, most: usize) -> &str {
    let mut start = text.len().saturating_sub(most);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn info_strings_are_read_in_every_style() {
        let check = |info: &str, tag: Option<&str>, filename: Option<&str>, run: (bool, bool)| {
            let expected = Info {
                tag: tag.map(str::to_owned),
                filename: filename.map(str::to_owned),
                says_run: run.0,
                says_not: run.1,
            };
            assert_eq!(read(info), expected, "{info}");
        };
        check("", None, None, (false, false));
        check(" TS ", Some("ts"), None, (false, false));
        check("ts title=\"a.ts\" {1,3}", Some("ts"), Some("a.ts"), (false, false));
        check("{.python #id run=false}", Some("python"), None, (false, true));
        check("{python}", Some("python"), None, (false, false));
        check("python:src/a.py", Some("python"), Some("src/a.py"), (false, false));
        check("rust,no_run", Some("rust"), None, (false, true));
        check("bash run", Some("bash"), None, (true, false));
        check("src/main.rs", None, Some("src/main.rs"), (false, false));
        check("js lib/util.js", Some("js"), Some("lib/util.js"), (false, false));
    }

    #[test]
    fn ends_are_cut_between_characters() {
        assert_eq!((head("aé", 2), tail("éa", 2)), ("a", "a"));
    }
}
