//! From a program's text to what node is sent: compiled, its imports answered by
//! the host, and the way back for positions in what node says.

use terraphim_sandbox_protocol::{Failure, FailureKind, GuestFrame, HostFrame, LogLevel, Payload, Start};

use super::{super::ending::Allowed, ending};
use crate::{
    channel::Channel,
    compile::{
        self, Compiled, Import,
        advice::{quote_all, request},
    },
    engine, json,
    positions::Position,
};

/// Longest message, hint or stack of a failure, in bytes.
const TEXT_BYTES: usize = 16 << 10;

/// Longest text of a warning, in bytes.
const WARNING_BYTES: usize = 1 << 10;

/// A program that node can be sent.
pub(super) struct Program<'s> {
    start: &'s Start,
    compiled: Compiled,
    /// The host's tables of an import's servers.
    tables: Vec<Option<Payload>>,
}

impl<'s> Program<'s> {
    /// Compiles a program and asks the host for the modules that are not among
    /// node's own.
    pub(super) fn prepare(
        start: &'s Start,
        builtins: &[String],
        channel: &mut Channel,
    ) -> Result<Self, Failure> {
        // A defect of the compiler is the program's failure, not the sandbox's.
        let compiled = std::panic::catch_unwind(|| compile::compile(&start.source, start.syntax));
        let compiled = compiled.unwrap_or_else(|_| {
            let message = "the compiler could not process this program";
            Err(compile::syntax_error(&start.source, 0, message, "write it in simpler terms"))
        })?;
        let mut program = Self { start, tables: vec![None; compiled.imports.len()], compiled };
        program.link(builtins, channel)?;
        Ok(program)
    }

    /// Asks for all imported servers at once.
    fn link(&mut self, builtins: &[String], channel: &mut Channel) -> Result<(), Failure> {
        let is_of_host =
            |import: &Import| import.specifier != "mcp-runtime" && !builtins.contains(&import.specifier);
        let mut left = 0;
        // Ids of calls made here count down, those of the program count up.
        let ids = (0..=u32::MAX).rev();
        // The host looks at all calls that stand in the program when it is first asked.
        let mut calls = self.compiled.notes.calls.as_slice();
        let asked: Vec<Option<u32>> = ids
            .zip(&self.compiled.imports)
            .map(|(id, import)| {
                let asked = is_of_host(import).then(|| request(import, std::mem::take(&mut calls)))?;
                channel.send(&GuestFrame::encode_call(id, "import", asked.as_bytes()));
                left += 1;
                Some(id)
            })
            .collect();
        while left > 0 {
            let Some(HostFrame::Reply { id, ok, payload }) = channel.receive(None) else { continue };
            let Some(index) = asked.iter().position(|one| *one == Some(id)) else { continue };
            let Some(import) = self.compiled.imports.get(index) else { continue };
            if !ok {
                return Err(self.unlinked(import, &payload));
            }
            if let Some(slot) = self.tables.get_mut(index) {
                *slot = Some(payload);
            }
            left -= 1;
        }
        Ok(())
    }

    /// The host's complaint about an import, at the name it is about.
    fn unlinked(&self, import: &Import, payload: &Payload) -> Failure {
        let complaint = Fields::of(std::str::from_utf8(payload).unwrap_or_default());
        let about = complaint.text("tool");
        let named = import.names.iter().flatten().find(|(name, _)| *name == about);
        let offset = named.map_or(import.offset, |(_, offset)| *offset);
        let (message, mut hint) = (complaint.text("message"), complaint.text("hint"));
        if hint.starts_with("only 'mcp-servers'") {
            hint.push_str("; and what node itself has, as in 'node:fs'");
        }
        compile::syntax_error(&self.start.source, offset, &message, &hint)
    }

    /// What node is sent: JSON.
    pub(super) fn message(&self) -> String {
        let mut text = String::from("{\"code\":");
        json::quote(&self.compiled.code, &mut text);
        text.push_str(",\"imports\":[");
        for (index, (import, tables)) in self.compiled.imports.iter().zip(&self.tables).enumerate() {
            text.push_str(if index > 0 { ",{\"specifier\":" } else { "{\"specifier\":" });
            json::quote(&import.specifier, &mut text);
            if let Some(names) = &import.names {
                text.push_str(",\"names\":");
                quote_all(names.iter().map(|(name, _)| name.as_str()), &mut text);
            }
            if let Some(tables) = tables {
                text.push_str(",\"tables\":");
                text.push_str(std::str::from_utf8(tables).unwrap_or("null"));
            }
            text.push('}');
        }
        let Start { tool_calls, arguments_bytes, .. } = self.start;
        text.push_str(&format!("],\"toolCalls\":{tool_calls},\"argumentsBytes\":{arguments_bytes}}}"));
        text
    }

    /// Tells what was noticed before the program ran; names that only node has are there.
    pub(super) fn advise(&self, channel: &mut Channel) {
        for (line, text) in &self.compiled.notes.advice {
            channel.log(LogLevel::Warn, &format!("line {line}: {text}"));
        }
    }

    /// Node says that a module lacks a name.
    pub(super) fn missing(&self, said: &str) -> Failure {
        let said = Fields::of(said);
        let name = said.text("name");
        let import = said.number("index").and_then(|index| self.compiled.imports.get(index));
        let named = import.and_then(|import| import.names.iter().flatten().find(|(one, _)| *one == name));
        let offset = named.map_or(0, |(_, offset)| *offset);
        let specifier = import.map_or("", |import| import.specifier.as_str());
        let hint = format!("it exports {}", said.text("known"));
        compile::syntax_error(
            &self.start.source,
            offset,
            &format!("'{specifier}' exports no `{name}`"),
            &hint,
        )
    }

    /// A warning of a rejection that nobody handled, as node says it.
    pub(super) fn tell_rejection(&self, said: &str, channel: &mut Channel) {
        let said = Fields::of(said);
        let text = match said.number("more") {
            Some(more) => format!("nobody handled the rejection of {more} more promises"),
            None => {
                let line = self.place(&said.text("stack")).0;
                let line = line.map(|place| format!("line {}: ", place.line)).unwrap_or_default();
                let message = said.text("message");
                let message = engine::cut(&message, WARNING_BYTES);
                format!("{line}nobody handled the rejection of a promise: {message}")
            }
        };
        channel.log(LogLevel::Warn, &text);
    }

    /// A failure in the program's own lines.
    pub(super) fn failed(&self, mut failure: Failure, allowed: &Allowed) -> Failure {
        let (place, stack) = self.place(&failure.stack);
        let place = place.unwrap_or(Position { line: 0, column: 0 });
        (failure.line, failure.column) = (place.line, place.column);
        failure.stack = stack;
        if failure.kind == FailureKind::Syntax && !failure.message.starts_with("SyntaxError") {
            failure.kind = FailureKind::Runtime;
        }
        if failure.hint.is_empty() && failure.kind == FailureKind::Runtime {
            failure.hint = ending::hint(&failure.message).to_owned();
        }
        let full = ending::of_memory(&failure, allowed);
        let mut failure = match full {
            Some(full) => {
                Failure { line: failure.line, column: failure.column, stack: failure.stack, ..full }
            }
            None => failure,
        };
        for text in [&mut failure.message, &mut failure.hint, &mut failure.stack] {
            *text = engine::cut(text, TEXT_BYTES).to_owned();
        }
        failure
    }

    /// The innermost place and the frames of a stack as node writes it.
    fn place(&self, stack: &str) -> (Option<Position>, String) {
        // Frames that were awaited are marked; here all are told alike.
        let stack = stack.replace("at async ", "at ");
        self.compiled.positions.stack(&self.start.source, &stack, compile::FILE)
    }
}

/// The members of an object that was received as JSON; none of what is no object.
struct Fields<'t>(Vec<(String, &'t str)>);

impl<'t> Fields<'t> {
    fn of(text: &'t str) -> Self {
        Self(json::members(text).unwrap_or_default())
    }

    fn get(&self, name: &str) -> Option<&'t str> {
        self.0.iter().find(|(one, _)| one == name).map(|(_, value)| *value)
    }

    fn text(&self, name: &str) -> String {
        self.get(name).and_then(json::string).unwrap_or_default()
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.trim().parse().ok()
    }
}
