//! From what a checker complains about to what is told of a program.

use terraphim_mcp_codegen::nearest;

use super::{
    program::{Lines, Program, place_of},
    report::Diagnostic,
};
use crate::outcome::{ErrorKind, RunError};

/// Errors that are shown, the first included.
const MOST_SHOWN: usize = 5;

/// Longest message of one error, in bytes.
const MESSAGE_BYTES: usize = 1 << 10;

/// Names of servers that are told.
const MOST_NAMES: usize = 20;

/// Of the messages, those that say that something is wrong.
const ERROR: u32 = 1;

/// Complaints of the parser and of the grammar that are about types.
const TYPES_BELOW_2000: [u64; 6] = [1320, 1321, 1322, 1360, 1361, 1362];

/// Names that are not there: what an earlier program of the session declared.
const UNKNOWN_NAMES: [u64; 6] = [2304, 2503, 2552, 2662, 2663, 18004];

/// What may be null or undefined. A result that has it is no less right, and
/// the program says so by itself where it has not.
const MAYBE_ABSENT: [u64; 9] = [2531, 2532, 2533, 2721, 2722, 2723, 18047, 18048, 18049];

/// Names that are not there, which the checker knows from other surroundings.
const FOREIGN_NAMES: [u64; 8] = [2304, 2580, 2581, 2582, 2583, 2584, 2591, 2592];

/// What a program's text lets a checker say.
pub(super) enum Verdict {
    /// Nothing of its types refuses it; what may go wrong, with its line.
    Clean(Vec<String>),
    /// It is to be refused.
    Refused(RunError),
    /// It is not read as a program there; what the compiler says of it counts.
    Unread(String),
}

/// What the program is, besides its text.
pub(super) struct About<'a> {
    /// Whether programs before it may have declared names that it uses.
    pub(super) is_followed: bool,
    /// What programs call the servers.
    pub(super) servers: &'a [String],
}

/// Judges by the checker's complaints about `text`, which was made of the program's source.
pub(super) fn judge(
    source: &str,
    (program, text): (&Program<'_>, &str),
    found: &[Diagnostic],
    about: &About<'_>,
) -> Verdict {
    let errors: Vec<&Diagnostic> = found.iter().filter(|one| one.severity == ERROR).collect();
    let code = |one: &Diagnostic| one.code.0;
    let is_grammar =
        |one: &&&Diagnostic| (1000..2000).contains(&code(one)) && !TYPES_BELOW_2000.contains(&code(one));
    if let Some(grammar) = errors.iter().find(is_grammar) {
        return Verdict::Unread(format!("{} (TS{})", message(grammar), code(grammar)));
    }
    let lines = Lines::new(text);
    let offset = |one: &Diagnostic| program.offset(&lines, one.range.start).unwrap_or(0);
    let place = |one: &Diagnostic| place_of(source, offset(one));
    // As in `object['name']`: who names it like that knows more than the types do.
    let is_named_by_text =
        |one: &Diagnostic| source.get(offset(one)..).is_some_and(|rest| rest.starts_with(['\'', '"', '`']));
    let counts = |one: &&Diagnostic| {
        // That something is of any type without being told so is nothing wrong.
        let is_implicit = (7000..8000).contains(&code(one));
        // An object or a list that is filled later on.
        let is_filled = match code(one) {
            2339 | 2551 if is_named_by_text(one) => true,
            2339 => one.message.ends_with("on type '{}'.") || one.message.ends_with("on type 'never'."),
            2322 => one.message.ends_with("to type 'never'."),
            2345 => one.message.ends_with("to parameter of type 'never'."),
            _ => false,
        };
        let is_earlier = about.is_followed && UNKNOWN_NAMES.contains(&code(one));
        !(is_implicit || is_filled || is_earlier)
    };
    let errors: Vec<&Diagnostic> = errors.into_iter().filter(counts).collect();
    let (doubts, errors): (Vec<_>, Vec<_>) =
        errors.into_iter().partition(|one| MAYBE_ABSENT.contains(&code(one)));
    let Some((first, others)) = errors.split_first() else {
        let told = doubts.iter().take(MOST_SHOWN);
        let told = told.map(|one| format!("line {}: {} (TS{})", place(one).0, message(one), code(one)));
        return Verdict::Clean(told.collect());
    };
    let mut told = format!("{} (TS{})", message(first), code(first));
    match others.len() {
        0 => {}
        1 => told.push_str("; and one more type error"),
        more => told.push_str(&format!("; and {more} more type errors")),
    }
    let hint = hint(first, about.servers);
    let mut error = RunError::new(ErrorKind::Syntax, told, &hint).at(source, place(first));
    let mut further: Vec<String> = Vec::new();
    for one in others.iter().take(MOST_SHOWN - 1) {
        let (line, column) = place(one);
        let at = RunError::new(ErrorKind::Syntax, "", "").at(source, (line, column));
        let snippet = at.snippet.map(|snippet| format!("\n{snippet}")).unwrap_or_default();
        further.push(format!("{line}:{column}: {} (TS{}){snippet}", message(one), code(one)));
    }
    if others.len() >= MOST_SHOWN {
        further.push(format!("... {} more", others.len() + 1 - MOST_SHOWN));
    }
    error.stack = (!further.is_empty()).then(|| further.join("\n"));
    Verdict::Refused(error)
}

/// A message of the checker on its own, without advice for other surroundings.
fn message(one: &Diagnostic) -> String {
    let text = one.message.split(" Do you need to ").next().unwrap_or_default().trim_end();
    let text = text.strip_suffix('.').unwrap_or(text);
    let shown = text.get(..text.floor_char_boundary(MESSAGE_BYTES)).unwrap_or_default();
    let mut message: String =
        shown.chars().map(|c| if c.is_control() && c != '\n' { '\u{fffd}' } else { c }).collect();
    if shown.len() < text.len() {
        message.push('…');
    }
    message
}

/// What to do about an error, where more can be said than the checker says itself.
fn hint(one: &Diagnostic, servers: &[String]) -> String {
    let code = one.code.0;
    let mut quoted = one.message.split('\'').skip(1).step_by(2);
    match code {
        2305 | 2614 | 2724 if one.message.contains("\"mcp-servers\"") => {
            of_servers(quoted.last().unwrap_or_default(), servers)
        }
        2307 | 2792 => {
            let module = quoted.next().unwrap_or_default();
            match module.strip_prefix("mcp-servers/") {
                Some(name) => of_servers(name, servers),
                None => {
                    "only 'mcp-servers', 'mcp-servers/<server>' and 'mcp-runtime' can be imported".to_owned()
                }
            }
        }
        code if FOREIGN_NAMES.contains(&code) => match quoted.next().unwrap_or_default() {
            "fetch" | "XMLHttpRequest" | "WebSocket" => {
                "there is no network here: call a server's tool".to_owned()
            }
            "require" | "module" | "exports" => {
                "write import { ... } from 'mcp-servers' or 'mcp-runtime'; nothing else can be imported"
                    .to_owned()
            }
            "process" | "Buffer" | "Deno" | "Bun" | "fs" | "document" | "window" => {
                "this is neither node nor a browser: tools and `workspace` of 'mcp-runtime' are what there is"
                    .to_owned()
            }
            name if servers.iter().any(|server| server == name) => {
                format!("write import {{ {name} }} from 'mcp-servers'")
            }
            "searchTools" | "getToolDocs" | "workspace" => "import it from 'mcp-runtime'".to_owned(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

fn of_servers(name: &str, servers: &[String]) -> String {
    let near = nearest(name, servers.iter().map(String::as_str));
    if !near.is_empty() {
        return format!("did you mean {}?", near.join(", "));
    }
    let all: Vec<_> = servers.iter().take(MOST_NAMES).map(String::as_str).collect();
    format!("the servers are {}", all.join(", "))
}
