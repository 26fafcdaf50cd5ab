//! Dialogues with a shell or with Python: what was typed is the program, what was answered is not.
//!
//! An empty line stands for each line of output, so that lines keep their numbers.

/// What was typed in a dialogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dialogue {
    pub(crate) commands: String,
    /// Whether what was typed can be told from what was answered. A command that needs more lines than
    /// can be seen to belong to it cannot.
    pub(crate) is_sure: bool,
}

/// Longest prompt, in bytes.
const MAX_PROMPT_BYTES: usize = 120;

/// A dialogue with a shell; None where the first line that is no comment has no prompt.
pub(crate) fn shell(code: &str) -> Option<Dialogue> {
    let first = code
        .lines()
        .map(str::trim_start)
        .find(|line| !line.is_empty() && (!line.starts_with('#') || prompt(line).is_some()))?;
    prompt(first)?;
    let mut commands = String::with_capacity(code.len());
    let (mut open, mut is_sure) = (Open::default(), true);
    for line in code.lines() {
        let bare = line.trim_start();
        let begins = if open.heredoc.is_some() { None } else { prompt(bare) };
        let typed = match begins {
            Some(length) => {
                is_sure &= !open.is_open();
                open = Open::default();
                bare.get(length..)
            }
            None if open.is_open() => Some(continued(line)),
            None => None,
        };
        if let Some(typed) = typed {
            open.read(typed);
            commands.push_str(typed);
        }
        commands.push('\n');
    }
    Some(Dialogue { commands, is_sure: is_sure && !open.is_open() })
}

/// A line that goes on with a command, without the prompt for such lines.
fn continued(line: &str) -> &str {
    match line.trim_start() {
        ">" => "",
        bare => bare.strip_prefix("> ").unwrap_or(line),
    }
}

/// The length of the prompt that a line begins with, in bytes: `$ `, `user@host:~/x$ `, `(venv) $ `,
/// `[user@host x]$ `, `root# `, `bash-5.1$ `, `~ $ `.
fn prompt(line: &str) -> Option<usize> {
    let near = crate::info::head(line, MAX_PROMPT_BYTES);
    let mut rest = near;
    if let Some(inner) = near.strip_prefix('(')
        && let Some((name, after)) = inner.split_once(") ")
        && !name.is_empty()
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'))
    {
        rest = after;
    }
    let at = near.len() - rest.len();
    let host = host_length(rest);
    let behind = rest.get(host..)?;
    // A `#` alone begins a comment.
    let signs: &[&str] = if host > 0 { &["$", "#", "%", "❯"] } else { &["$", "%", "❯", "➜"] };
    let sign = signs.iter().find(|sign| behind.starts_with(**sign))?;
    let end = at + host + sign.len();
    match line.get(end..)? {
        "" => Some(end),
        after if after.starts_with([' ', '\t']) => Some(end + 1),
        _ => None,
    }
}

/// The length of what a prompt says of user, host and folder.
fn host_length(text: &str) -> usize {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '@' | ':' | '~' | '/' | '-' | '+');
    if let Some(end) = text.strip_prefix('[').and_then(|inner| inner.find(']')) {
        let inner = text.get(1..=end).unwrap_or_default();
        return if inner.contains('@') { end + 2 } else { 0 };
    }
    let length = text.find(|c| !plain(c)).unwrap_or(text.len());
    let word = text.get(..length).unwrap_or_default();
    let after = text.get(length..).unwrap_or_default();
    if matches!(word, "~" | "/") && after.starts_with([' ']) {
        return length + 1;
    }
    let shell = ["bash", "sh", "zsh"].iter().any(|name| {
        word.strip_prefix(name).is_some_and(|rest| {
            rest.strip_prefix('-').is_some_and(|version| version.starts_with(|c: char| c.is_ascii_digit()))
        })
    });
    let is_host = word.split_once('@').is_some_and(|(user, host)| !user.is_empty() && !host.is_empty());
    let is_place = is_host || shell || word == "root" || word.starts_with(['~', '/']);
    match after.strip_prefix(' ') {
        _ if !is_place => 0,
        // `user@host ~ $`, `user@host $`
        Some(more) if is_host => {
            let folder = more.find(|c| !plain(c)).unwrap_or(more.len());
            let blank =
                usize::from(folder > 0 && more.get(folder..).is_some_and(|rest| rest.starts_with(' ')));
            length + 1 + folder + blank
        }
        _ => length,
    }
}

/// What a command that is not at its end still waits for.
#[derive(Debug, Default)]
struct Open {
    quote: Option<char>,
    /// The word that ends a here-document, and whether tabs before it are left out.
    heredoc: Option<(String, bool)>,
    goes_on: bool,
    /// Compound commands that are not closed.
    compounds: usize,
    parentheses: usize,
}

impl Open {
    fn is_open(&self) -> bool {
        self.quote.is_some()
            || self.heredoc.is_some()
            || self.goes_on
            || self.compounds + self.parentheses > 0
    }

    fn read(&mut self, line: &str) {
        if let Some((end, tabs)) = &self.heredoc {
            let shown = if *tabs { line.trim_start_matches('\t') } else { line };
            if shown == end {
                self.heredoc = None;
            }
            return;
        }
        let words = self.words(line);
        let mut begins = true;
        for word in &words {
            match word.as_str() {
                "if" | "for" | "while" | "until" | "case" | "select" | "{" if begins => self.compounds += 1,
                "fi" | "done" | "esac" | "}" if begins => {
                    self.compounds = self.compounds.saturating_sub(1);
                }
                "(" => self.parentheses += 1,
                // A pattern of `case` has none that opens.
                ")" => self.parentheses = self.parentheses.saturating_sub(1),
                _ => {}
            }
            begins = matches!(
                word.as_str(),
                ";" | "&"
                    | "|"
                    | "&&"
                    | "("
                    | ")"
                    | "{"
                    | "do"
                    | "then"
                    | "else"
                    | "elif"
                    | "if"
                    | "while"
                    | "until"
                    | "!"
            );
        }
        let last = words.last().map(String::as_str);
        self.goes_on = line.ends_with('\\') && self.quote != Some('\'')
            || self.quote.is_none() && self.heredoc.is_none() && matches!(last, Some("|" | "&&"));
    }

    /// The words of a line, signs as words of their own; notes open quotes and here-documents.
    fn words(&mut self, line: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut word = String::new();
        let mut chars = line.char_indices().peekable();
        let mut heredoc = None;
        while let Some((at, c)) = chars.next() {
            if let Some(quote) = self.quote {
                if c == '\\' && quote == '"' {
                    chars.next();
                } else if c == quote {
                    self.quote = None;
                }
                continue;
            }
            match c {
                '\\' => {
                    word.push(c);
                    chars.next();
                }
                '\'' | '"' | '`' => {
                    self.quote = Some(c);
                    word.push(c);
                }
                '#' if word.is_empty() => break,
                '<' if line.get(at..).is_some_and(|rest| rest.starts_with("<<<")) => {
                    chars.next();
                    chars.next();
                }
                '<' if line.get(at..).is_some_and(|rest| rest.starts_with("<<")) => {
                    chars.next();
                    heredoc = heredoc.or_else(|| end_word(line.get(at + 2..).unwrap_or_default()));
                }
                ' ' | '\t' | ';' | '&' | '|' | '(' | ')' => {
                    if !word.is_empty() {
                        words.push(std::mem::take(&mut word));
                    }
                    if matches!(c, '&' | '|') && chars.next_if(|(_, next)| *next == c).is_some() {
                        words.push(if c == '&' { "&&" } else { "|" }.to_owned());
                    } else if !matches!(c, ' ' | '\t') {
                        words.push(c.to_string());
                    }
                }
                _ => word.push(c),
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
        self.heredoc = heredoc;
        words
    }
}

/// The word that ends a here-document, by what stands behind `<<`.
fn end_word(text: &str) -> Option<(String, bool)> {
    let (tabs, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let text = text.trim_start_matches(' ');
    let word = match text.strip_prefix(['\'', '"']) {
        Some(quoted) => quoted.split(['\'', '"']).next()?,
        None => text.trim_start_matches('\\').split([' ', '\t', ';', '|', '&', '>', '<', ')']).next()?,
    };
    (!word.is_empty()).then(|| (word.to_owned(), tabs))
}

/// A dialogue with Python (`>>>` and `...`, or `In [1]:`); None where the first line has no prompt.
pub(crate) fn python(code: &str) -> Option<Dialogue> {
    let first = code.lines().map(str::trim_start).find(|line| !line.is_empty())?;
    python_prompt(first)?;
    let mut commands = String::with_capacity(code.len());
    let (mut in_command, mut needs_body, mut is_sure) = (false, false, true);
    for line in code.lines() {
        let bare = line.trim_start();
        let typed = match python_prompt(bare) {
            Some(typed) => {
                is_sure &= !needs_body;
                in_command = true;
                Some(typed)
            }
            None if in_command => going_on(bare),
            None => None,
        };
        match typed {
            Some(typed) => {
                commands.push_str(typed);
                needs_body = typed.trim_end().ends_with([':', '(', '[', '{', ',', '\\']);
            }
            None => in_command = false,
        }
        commands.push('\n');
    }
    Some(Dialogue { commands, is_sure: is_sure && !needs_body })
}

fn python_prompt(line: &str) -> Option<&str> {
    if let Some(typed) = line.strip_prefix(">>>") {
        return if typed.is_empty() { Some("") } else { typed.strip_prefix(' ') };
    }
    let (number, typed) = line.strip_prefix("In [")?.split_once("]:")?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| typed.strip_prefix(' ').unwrap_or(typed))
}

/// What a further line of a command holds.
fn going_on(line: &str) -> Option<&str> {
    let typed = line.strip_prefix("...")?;
    let typed = typed.strip_prefix(':').unwrap_or(typed);
    if typed.is_empty() { Some("") } else { typed.strip_prefix(' ') }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(read: fn(&str) -> Option<Dialogue>, shown: &str, commands: &str) {
        let dialogue = read(shown).expect("it has prompts");
        assert_eq!((dialogue.commands.as_str(), dialogue.is_sure), (commands, true), "{shown}");
    }

    #[test]
    fn prompts_are_taken_away_and_output_leaves_empty_lines() {
        check(
            shell,
            "$ mcp call up.echo \\\n> a=1\n{\"a\":\"1\"}\n$ echo done\ndone\n",
            "mcp call up.echo \\\na=1\n\necho done\n\n",
        );
        for prompt in [
            "$ ",
            "% ",
            "❯ ",
            "user@host$ ",
            "user@host:~/x$ ",
            "(venv) $ ",
            "(.venv) user@host:~$ ",
            "root# ",
            "root@box:/# ",
            "[user@host x]$ ",
            "[root@host ~]# ",
            "bash-5.1$ ",
            "~ $ ",
            "/ # ",
            "~/x$ ",
            "user@host ~ $ ",
            "user@host $ ",
            "user@mac x % ",
        ] {
            check(shell, &format!("{prompt}echo a # b\na\n{prompt}\n"), "echo a # b\n\n\n");
        }
        for none in
            ["echo done\n", "# ls\n", "a@b.c $x\n", "/bin/echo $ x\n", "x $ y\n", "$HOME/x\n", "(a) b\n"]
        {
            assert_eq!(shell(none), None, "{none}");
        }
    }

    #[test]
    fn a_command_has_all_its_lines() {
        check(shell, "$ cat <<EOF > x\n$ a\nb\nEOF\nout\n", "cat <<EOF > x\n$ a\nb\nEOF\n\n");
        check(shell, "$ cat <<-'E'\n> a\n> E\nout\n", "cat <<-'E'\na\nE\n\n");
        check(
            shell,
            "$ for x in a b; do\n>   echo $x\n> done\na\nb\n",
            "for x in a b; do\n  echo $x\ndone\n\n\n",
        );
        check(shell, "$ for x in a b; do\n  echo $x\ndone\na\n", "for x in a b; do\n  echo $x\ndone\n\n");
        check(shell, "$ echo 'a\nb'\na\nb\n", "echo 'a\nb'\n\n\n");
        check(shell, "$ ls |\n> wc -l\n3\n", "ls |\nwc -l\n\n");
        check(
            shell,
            "$ cat <<< a; echo \"it's\" && (ls; pwd)\na\n",
            "cat <<< a; echo \"it's\" && (ls; pwd)\n\n",
        );
    }

    #[test]
    fn what_cannot_be_told_apart_is_not_sure() {
        for shown in ["$ cat <<EOF\na\n", "$ echo 'a\n$ ls\n", "$ if true; then\n$ ls\n", "$ ls \\\n"] {
            assert!(!shell(shown).expect("it has prompts").is_sure, "{shown}");
        }
        for shown in [">>> for x in y:\n1\n", ">>> f(\n>>> 1\n"] {
            assert!(!python(shown).expect("it has prompts").is_sure, "{shown}");
        }
    }

    #[test]
    fn what_was_typed_in_python_is_the_program() {
        check(
            python,
            ">>> for x in y:\n...     print(x)\n...\n1\n>>> x\n2\n",
            "for x in y:\n    print(x)\n\n\nx\n\n",
        );
        check(python, "In [1]: x = 1\nIn [2]: x\nOut[2]: 1\n", "x = 1\nx\n\n");
        assert_eq!(python("print(1)\n>>> x\n"), None);
    }
}
