//! Where a program ended. The shell itself tells the line of its own complaints
//! only; a command that ends the program (`set -e`), and an `exit`, say nothing.
//! So a program of several lines begins with two traps, which a program may
//! replace by its own: then the line is not known.

/// Stands before the program, on its first line, so that lines keep their numbers. What it
/// writes to the broker at the end are four texts: line and command of the last failure
/// outside of functions, the line where the innermost function was called, and the
/// command that ended the program. It leaves `$?`, `$_` and the exit code alone.
pub(super) const TRAPS: &str = concat!(
    r#"trap '{ BASH_FAILED=("$LINENO" "${BASH_COMMAND%%[[:cntrl:]]*}" "$_"); : "${BASH_FAILED[2]}"; } 2>/dev/null' ERR; "#,
    r#"trap '{ [ "$?" = 0 ] || printf "%s\0%.300s\0%s\0%.300s" "${BASH_FAILED[0]-}" "${BASH_FAILED[1]-}" "#,
    r#""${BASH_LINENO[0]-}" "${BASH_COMMAND%%[[:cntrl:]]*}" >&9 || :; } 2>/dev/null' EXIT; "#,
);

/// Longest command that is told, in characters.
const COMMAND_CHARS: usize = 120;

/// Where a program ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The line, from 1; 0 where it is not known.
    pub(super) line: u32,
    /// The command that ended it, as the shell writes it; empty where it is not known or an `exit`.
    pub(super) command: String,
}

/// The program as the shell is given it.
pub(super) fn with_traps(source: &str) -> String {
    // One that has a single line needs none, and ends without a process more.
    if only_line(source).is_some() { source.to_owned() } else { format!("{TRAPS}{source}") }
}

/// The number of the line that is the whole program.
fn only_line(source: &str) -> Option<u32> {
    let mut lines = (1..).zip(source.lines()).filter(|(_, line)| !line.trim().is_empty());
    let (number, _) = lines.next()?;
    lines.next().is_none().then_some(number)
}

impl Place {
    /// By what the traps have written, which may be anything.
    pub(super) fn of(source: &str, told: &[u8]) -> Self {
        if let Some(line) = only_line(source) {
            return Self { line, command: String::new() };
        }
        let told = String::from_utf8_lossy(told);
        let texts: Vec<&str> = told.split('\0').collect();
        let [failed_line, failed, called_line, command] = texts.as_slice() else { return Self::default() };
        let line =
            |text: &str| text.parse::<u32>().ok().filter(|line| (1..=last_line(source)).contains(line));
        let command = command.trim();
        let is_exit = matches!(command.split(' ').next(), Some("exit" | "return" | ""));
        let known = if *failed == command { line(failed_line) } else { None };
        let called = line(called_line);
        // A function that ends the program, as `die` does, is told by where it was called.
        let found =
            if is_exit { called.or_else(|| only(source, command)) } else { only(source, command).or(called) };
        Self {
            line: known.or(found).unwrap_or(0),
            command: if is_exit { String::new() } else { shown(command) },
        }
    }
}

fn last_line(source: &str) -> u32 {
    u32::try_from(source.lines().count()).unwrap_or(u32::MAX)
}

/// The number of the only line with this command.
fn only(source: &str, command: &str) -> Option<u32> {
    // The shell writes redirections in its own way.
    let end = ["<", ">", " 2>"].iter().filter_map(|sign| command.find(sign)).min().unwrap_or(command.len());
    let command = command.get(..end)?.trim();
    if command.is_empty() {
        return None;
    }
    let mut lines = (1..)
        .zip(source.lines())
        .filter(|(_, line)| !line.trim_start().starts_with('#') && line.contains(command));
    let (number, _) = lines.next()?;
    lines.next().is_none().then_some(number)
}

fn shown(command: &str) -> String {
    let mut shown: String =
        command.chars().map(|c| if c.is_control() { ' ' } else { c }).take(COMMAND_CHARS).collect();
    if command.chars().nth(COMMAND_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_from_what_the_traps_write() {
        let source = "f() {\n  jq . x 2>/dev/null\n  true\n}\nf\ngrep a b\n# jq . y\nexit 3\ntrue\ntrue";
        for (told, line, command) in [
            (["6", "grep a b", "", "grep a b"], 6, "grep a b"),
            (["", "", "5", "jq . x 2> /dev/null"], 2, "jq . x 2> /dev/null"),
            (["6", "grep a b", "", "exit 3"], 8, ""),
            (["", "", "5", "exit 3"], 5, ""),
            (["", "", "5", "true"], 5, "true"),
            (["", "", "", "true"], 0, "true"),
            (["99", "x", "", "x"], 0, "x"),
            (["-1", "x", "", "x\u{1b}[2J"], 0, "x [2J"),
        ] {
            let place = Place { line, command: command.to_owned() };
            assert_eq!(Place::of(source, told.join("\0").as_bytes()), place, "{told:?}");
        }
        for odd in [&[][..], &["", ""], &["a", "b", "c", "d", "e"], &["1", ""]] {
            assert_eq!(Place::of(source, odd.join("\0").as_bytes()), Place::default(), "{odd:?}");
        }
        assert_eq!(Place::of(source, &[0xff, 0, 0xff, 0, 0xff, 0, 0xff]).line, 0);
        assert_eq!(Place::of("\n\nfalse\n", b"").line, 3);
    }

    #[test]
    fn lines_keep_their_numbers() {
        let source = "a\nb";
        let given = with_traps(source);
        assert_eq!(given.lines().count(), 2);
        assert!(given.ends_with(source) && given.len() > source.len());
        assert_eq!(with_traps("a; b\n"), "a; b\n");
    }
}
