//! The interpreter: warmed once in the zygote, then used by one run.

use std::{cell::RefCell, rc::Rc, time::Instant};

use rquickjs::{
    Context, Ctx, Function, Object, Persistent, Runtime, Value,
    context::{EvalOptions, intrinsic},
};
use terraphim_sandbox_protocol::{Failure, FailureKind, GuestFrame, LogLevel, Start};

use crate::{
    channel::Channel,
    jail::{Heap, HeapAllocator},
    random::Random,
};

pub(crate) mod rejections;

use rejections::Rejections;

pub(crate) const PRELUDE: &str = include_str!("prelude.js");
const PRELUDE_FILE: &str = "<prelude>";

/// Stack that the interpreter may use, in bytes; the process has 8 MiB or more.
const STACK_BYTES: usize = 2 << 20;

/// How a program ended.
#[derive(Debug)]
pub(crate) enum Ending {
    /// With a result, as JSON.
    Result(String),
    /// With a failure whose stack is still the interpreter's own.
    Failure(Failure),
}

/// What the interpreter's callbacks share with the run.
pub(crate) struct Shared {
    pub(crate) channel: Channel,
    random: Random,
    arguments_bytes: usize,
    /// Calls that were sent and not answered.
    pub(crate) calls_waiting: u32,
    /// Whether the program ever asked for a timer.
    pub(crate) has_timers: bool,
    pub(crate) deadline: Option<Instant>,
    pub(crate) interrupted: bool,
    pub(crate) ending: Option<Ending>,
}

impl Shared {
    /// Whether the interpreter is to stop; asked every few thousand steps.
    fn interrupt(&mut self) -> bool {
        self.channel.flush();
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        self.interrupted |= late;
        late
    }
}

/// A warm interpreter with the bridge's inner half.
pub(crate) struct Engine {
    pub(crate) shared: Rc<RefCell<Shared>>,
    pub(crate) heap: Rc<Heap>,
    pub(crate) runtime: Runtime,
    pub(crate) context: Context,
    bridge: Persistent<Object<'static>>,
    pub(crate) deliver: Persistent<Function<'static>>,
    pub(crate) rejections: Rc<RefCell<Rejections>>,
}

impl Engine {
    /// Makes an interpreter that has everything but a program.
    pub(crate) fn warm() -> rquickjs::Result<Self> {
        let shared = Rc::new(RefCell::new(Shared {
            channel: Channel::new(),
            random: Random::from_seed([0; 32]),
            arguments_bytes: 0,
            calls_waiting: 0,
            has_timers: false,
            deadline: None,
            interrupted: false,
            ending: None,
        }));
        let heap = Rc::new(Heap::default());
        let runtime = Runtime::new_with_alloc(HeapAllocator(Rc::clone(&heap)))?;
        runtime.set_max_stack_size(STACK_BYTES);
        let asked = Rc::clone(&shared);
        runtime.set_interrupt_handler(Some(Box::new(move || {
            // Borrowed only by callbacks, during which the interpreter does not run.
            asked.try_borrow_mut().is_ok_and(|mut shared| shared.interrupt())
        })));
        let context = Context::custom::<intrinsic::All>(&runtime)?;
        let (bridge, deliver) = context.with(|ctx| {
            let native = natives(&ctx, &shared)?;
            let boot: Function<'_> = ctx.eval_with_options(PRELUDE, options(PRELUDE_FILE))?;
            let bridge: Object<'_> = boot.call((native,))?;
            let deliver: Function<'_> = bridge.get("deliver")?;
            Ok::<_, rquickjs::Error>((Persistent::save(&ctx, bridge), Persistent::save(&ctx, deliver)))
        })?;
        warm_compiler();
        runtime.run_gc();
        let rejections = rejections::track(&runtime);
        Ok(Self { shared, heap, runtime, context, bridge, deliver, rejections })
    }

    /// Gives this process its own randomness and limits; without randomness it
    /// is not the first run, and what the one before left under way is forgotten.
    pub(crate) fn begin(&self, random: Option<Random>, deadline: Instant, start: &Start) {
        let heap = usize::try_from(start.heap_bytes).unwrap_or(usize::MAX);
        self.heap.limit(heap);
        // A collection visits every object, and with that copies each page that
        // this process still shares with the zygote: most runs end before one is due.
        self.runtime.set_gc_threshold(heap / 4);
        let mut shared = self.shared.borrow_mut();
        match random {
            Some(random) => shared.random = random,
            None => {
                shared.calls_waiting = 0;
                shared.has_timers = false;
                shared.interrupted = false;
                shared.ending = None;
            }
        }
        shared.arguments_bytes = usize::try_from(start.arguments_bytes).unwrap_or(usize::MAX);
        shared.deadline = Some(deadline);
    }

    /// The functions of the bridge's inner half.
    pub(crate) fn bridge<'js>(&self, ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
        self.bridge.clone().restore(ctx)
    }
}

pub(crate) fn options(file: &str) -> EvalOptions {
    let mut options = EvalOptions::default();
    options.strict = true;
    options.filename = Some(file.to_owned());
    options
}

/// The first compilation fills allocator pools and tables that every run then shares.
pub(crate) fn warm_compiler() {
    let program = "import { a } from 'mcp-servers';\nasync function f(x: number): Promise<number> { return x + 1 }\nawait f(1)";
    let _ = crate::compile::compile(program, terraphim_sandbox_protocol::Syntax::TypeScript);
}

/// What the inner half may ask of this process.
fn natives<'js>(ctx: &Ctx<'js>, shared: &Rc<RefCell<Shared>>) -> rquickjs::Result<Object<'js>> {
    let native = Object::new(ctx.clone())?;
    let log = Rc::clone(shared);
    let write =
        move |level: u8, text: String| log.borrow_mut().channel.log(log_level(level), cut(&text, 32 << 10));
    native.set("log", Function::new(ctx.clone(), write)?)?;
    let call = Rc::clone(shared);
    let send = move |id: u32, name: String, json: String| {
        let json = readable(json);
        let mut shared = call.borrow_mut();
        let fits = json.len() <= shared.arguments_bytes;
        if fits {
            shared.calls_waiting = shared.calls_waiting.saturating_add(1);
            shared.channel.call(&GuestFrame::encode_call(id, &name, json.as_bytes()));
        }
        fits
    };
    native.set("call", Function::new(ctx.clone(), send)?)?;
    let random = Rc::clone(shared);
    let timed = Rc::clone(shared);
    native.set("timed", Function::new(ctx.clone(), move || timed.borrow_mut().has_timers = true)?)?;
    native.set("random", Function::new(ctx.clone(), move || random.borrow_mut().random.next_unit())?)?;
    let done = Rc::clone(shared);
    let finish = move |json: String| done.borrow_mut().ending = Some(Ending::Result(readable(json)));
    native.set("done", Function::new(ctx.clone(), finish)?)?;
    let failed = Rc::clone(shared);
    let fail = move |kind: String, message: String, stack: String, hint: String| {
        let failure = Failure { kind: failure_kind(&kind), message, hint, line: 0, column: 0, stack };
        failed.borrow_mut().ending = Some(Ending::Failure(failure));
    };
    native.set("fail", Function::new(ctx.clone(), fail)?)?;
    Ok(native)
}

fn log_level(level: u8) -> LogLevel {
    match level {
        0 => LogLevel::Debug,
        2 => LogLevel::Warn,
        3 => LogLevel::Error,
        _ => LogLevel::Info,
    }
}

fn failure_kind(kind: &str) -> FailureKind {
    match kind {
        "runtime" => FailureKind::Runtime,
        "limit" => FailureKind::Limit,
        "denied" => FailureKind::Denied,
        _ => FailureKind::Tool,
    }
}

/// JSON in which every escape stands for a character. Half a surrogate pair,
/// which is written as an escape and nobody else could read, becomes U+FFFD.
pub(crate) fn readable(json: String) -> String {
    if !json.contains("\\ud") {
        return json;
    }
    let mut text = String::with_capacity(json.len());
    let mut rest = json.as_str();
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        text.push_str(before);
        // Pairs are written as they are, so an escape in this range is always half of one.
        let half = escape.get(2..6).is_some_and(|digits| {
            escape.starts_with("\\u")
                && u16::from_str_radix(digits, 16).is_ok_and(|unit| (0xd800..0xe000).contains(&unit))
        });
        let length = if half { 6 } else { 2 };
        text.push_str(if half { "\u{fffd}" } else { escape.get(..length).unwrap_or(escape) });
        rest = escape.get(length..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// At most `most` bytes, cut between characters.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    text.get(..text.floor_char_boundary(most)).unwrap_or_default()
}

/// The text and the stack of whatever was thrown.
pub(crate) fn thrown(ctx: &Ctx<'_>) -> (String, String) {
    let value = ctx.catch();
    let Some(object) = value.as_object() else { return (describe(&value), String::new()) };
    let text = |name: &str| object.get::<_, String>(name).unwrap_or_default();
    (format!("{}: {}", text("name"), text("message")), text("stack"))
}

fn describe(value: &Value<'_>) -> String {
    match value.as_string().map(rquickjs::String::to_string) {
        Some(Ok(text)) => text,
        _ => format!("a value of type {}", value.type_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_pairs_become_readable() {
        for (json, expected) in [
            (r#""a""#, r#""a""#),
            (r#""\ud83d""#, "\"\u{fffd}\""),
            (r#""\udc00\udc00""#, "\"\u{fffd}\u{fffd}\""),
            (r#""\\ud83d \n\ud83dx""#, "\"\\\\ud83d \\n\u{fffd}x\""),
            (r#""\u00e9 \ud7ff""#, r#""\u00e9 \ud7ff""#),
        ] {
            assert_eq!(readable(json.to_owned()), expected, "{json}");
        }
    }
}
