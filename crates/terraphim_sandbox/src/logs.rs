//! What a program logged, bounded: the head and the tail are kept.

use std::collections::VecDeque;

use terraphim_sandbox_protocol::LogLevel;

/// The logs of a run within a budget.
#[derive(Debug, Clone)]
pub struct Logs {
    budget: usize,
    head: String,
    tail: VecDeque<String>,
    tail_bytes: usize,
    dropped_lines: u64,
}

impl Logs {
    /// Empty logs that keep about `budget` bytes, half of them from the end.
    pub fn with_budget(budget: usize) -> Self {
        Self { budget, head: String::new(), tail: VecDeque::new(), tail_bytes: 0, dropped_lines: 0 }
    }

    /// Adds one or more lines.
    pub fn push(&mut self, level: LogLevel, text: &str) {
        for line in text.split('\n') {
            let line = match level {
                LogLevel::Warn => format!("[warn] {line}"),
                LogLevel::Error => format!("[error] {line}"),
                LogLevel::Debug | LogLevel::Info => line.to_owned(),
            };
            self.push_line(line);
        }
    }

    fn push_line(&mut self, mut line: String) {
        let half = self.budget / 2;
        if line.len() > half {
            let cut = line.len() - half;
            line.truncate(line.floor_char_boundary(half));
            line.push_str(&format!("... ({cut} bytes more)"));
        }
        let to_head = self.tail.is_empty() && self.dropped_lines == 0 && self.head.len() + line.len() < half;
        if to_head {
            self.head.push_str(&line);
            self.head.push('\n');
            return;
        }
        self.tail_bytes += line.len() + 1;
        self.tail.push_back(line);
        while self.tail_bytes > half && self.tail.len() > 1 {
            if let Some(oldest) = self.tail.pop_front() {
                self.tail_bytes -= oldest.len() + 1;
                self.dropped_lines += 1;
            }
        }
    }

    /// Lines that were not kept.
    pub fn dropped_lines(&self) -> u64 {
        self.dropped_lines
    }

    /// The text, with a note where lines are missing; ends with a line feed unless empty.
    pub fn text(&self) -> String {
        let mut text = self.head.clone();
        if self.dropped_lines > 0 {
            text.push_str(&format!("... {} lines left out ...\n", self.dropped_lines));
        }
        for line in &self.tail {
            text.push_str(line);
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_tail_are_kept_within_the_budget() {
        let mut logs = Logs::with_budget(100);
        for number in 0..1000 {
            logs.push(LogLevel::Info, &format!("line {number}"));
        }
        let text = logs.text();
        assert!(text.starts_with("line 0\nline 1\n"), "{text}");
        assert!(text.ends_with("line 999\n"), "{text}");
        assert!(text.contains("lines left out"), "{text}");
        assert!(text.len() < 150, "{}", text.len());
    }

    #[test]
    fn few_lines_are_kept_as_they_are() {
        let mut logs = Logs::with_budget(100);
        logs.push(LogLevel::Info, "a\nb");
        logs.push(LogLevel::Error, "c");
        assert_eq!(logs.text(), "a\nb\n[error] c\n");
        assert_eq!(logs.dropped_lines(), 0);
    }

    #[test]
    fn one_long_line_is_cut_between_characters() {
        let mut logs = Logs::with_budget(100);
        logs.push(LogLevel::Info, &"ä".repeat(10_000));
        assert!(logs.text().len() < 100, "{}", logs.text());
        assert!(logs.text().contains("bytes more"));
    }
}
