//! One run: takes the program, compiles it, links its imports, runs it, and
//! says how it ended. The process ends with it.

use std::{
    mem,
    panic::AssertUnwindSafe,
    time::{Duration, Instant},
};

use rquickjs::{Array, Ctx, Function, Object, Value};
use terraphim_sandbox_protocol::{Failure, FailureKind, GuestFrame, HostFrame, LogLevel, Payload, Start};

use crate::{
    compile::{
        self, Compiled, Import,
        advice::{self, LiteralCall, Notes, instead_of},
    },
    engine::{self, Ending, Engine},
    positions::{self, Positions},
    random::Random,
};

/// Longest wait for a timer before it is looked at again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// Longest message, hint or stack of a failure, in bytes.
const TEXT_BYTES: usize = 16 << 10;

/// Longest text of a warning, in bytes.
const LOG_BYTES: usize = 1 << 10;

/// Waits for the program and runs it; one that keeps what it leaves behind may
/// be followed by another.
pub(crate) fn serve(engine: Engine, random: Random) -> ! {
    let mut random = Some(random);
    let start = next_program(&engine);
    let mut run = Run { engine, start, file: compile::FILE.to_owned(), next_id: u32::MAX };
    for number in 2_u64.. {
        let deadline = Instant::now() + Duration::from_millis(run.start.wall_ms);
        run.engine.begin(random.take(), deadline, &run.start);
        let ending = std::panic::catch_unwind(AssertUnwindSafe(|| run.execute()));
        let frame = match ending.unwrap_or_else(|_| defect()) {
            Ending::Result(json) => GuestFrame::encode_done(json.as_bytes()),
            Ending::Failure(failure) => GuestFrame::encode_failed(&failure),
        };
        run.engine.shared.borrow_mut().channel.send(&frame);
        if !run.start.keeps {
            break;
        }
        run.start = next_program(&run.engine);
        // So that lines of functions that came before are not taken for its own.
        run.file = format!("program-{number}.ts");
    }
    // The host takes the measure of this process and ends it.
    loop {
        run.engine.shared.borrow_mut().channel.receive(None);
    }
}

/// Waits for a program; what comes late for the one before is of no interest.
fn next_program(engine: &Engine) -> Start {
    loop {
        let frame = engine.shared.borrow_mut().channel.receive(None);
        if let Some(HostFrame::Start(start)) = frame {
            return start;
        }
    }
}

/// The end of a run that ran into a defect of ours.
fn defect() -> Ending {
    Ending::Failure(Failure {
        kind: FailureKind::Runtime,
        message: "the interpreter could not go on with this program".into(),
        hint: "write it in simpler terms, and report it".into(),
        line: 0,
        column: 0,
        stack: String::new(),
    })
}

struct Run {
    engine: Engine,
    start: Start,
    /// What the interpreter calls the program.
    file: String,
    /// Ids of calls made here count down, those of the program count up.
    next_id: u32,
}

impl Run {
    fn execute(&mut self) -> Ending {
        let source = &self.start.source;
        let syntax = self.start.syntax;
        // A defect of the compiler is the program's failure, not the sandbox's.
        let compiled = std::panic::catch_unwind(|| compile::compile_shared(source, syntax, self.start.keeps));
        let compiled = match compiled {
            Ok(Ok(compiled)) => compiled,
            Ok(Err(failure)) => return Ending::Failure(failure),
            Err(_) => {
                let message = "the compiler could not process this program";
                return Ending::Failure(compile::syntax_error(
                    source,
                    0,
                    message,
                    "write it in simpler terms",
                ));
            }
        };
        let ending = match self.link(&compiled) {
            Ok(modules) => self.run(&compiled, modules),
            Err(failure) => Ending::Failure(failure),
        };
        self.advise(&compiled.notes, &ending);
        ending
    }

    /// Tells what was noticed before the program ran, but not what its error says too.
    fn advise(&self, notes: &Notes, ending: &Ending) {
        let hint = match ending {
            Ending::Failure(failure) => failure.hint.as_str(),
            Ending::Result(_) => "",
        };
        for (line, text) in notes.advice.iter().chain(&notes.absent) {
            if hint.is_empty() || !text.ends_with(hint) {
                self.engine.shared.borrow_mut().channel.log(LogLevel::Warn, &format!("line {line}: {text}"));
            }
        }
    }

    /// Asks the host for the imported modules, all at once.
    fn link(&mut self, compiled: &Compiled) -> Result<Vec<Option<Payload>>, Failure> {
        let imports = &compiled.imports;
        let mut waiting = Vec::new();
        // The host looks at all calls that stand in the program when it is first asked.
        let mut calls = compiled.notes.calls.as_slice();
        for import in imports {
            let id = (import.specifier != "mcp-runtime").then(|| self.ask_for(import, mem::take(&mut calls)));
            waiting.push(id);
        }
        let mut modules = vec![None; imports.len()];
        let mut left = waiting.iter().flatten().count();
        while left > 0 {
            let frame = self.engine.shared.borrow_mut().channel.receive(None);
            let Some(HostFrame::Reply { id, ok, payload }) = frame else { continue };
            let Some(index) = waiting.iter().position(|one| *one == Some(id)) else { continue };
            let Some((import, slot)) = imports.get(index).zip(modules.get_mut(index)) else { continue };
            if !ok {
                return Err(self.unlinked(import, &payload));
            }
            *slot = Some(payload);
            left -= 1;
        }
        Ok(modules)
    }

    fn ask_for(&mut self, import: &Import, calls: &[LiteralCall]) -> u32 {
        let id = self.next_id;
        self.next_id -= 1;
        let frame = GuestFrame::encode_call(id, "import", advice::request(import, calls).as_bytes());
        self.engine.shared.borrow_mut().channel.send(&frame);
        id
    }

    /// The host's complaint about an import, at the name it is about.
    fn unlinked(&self, import: &Import, payload: &Payload) -> Failure {
        let field = |name: &str| {
            self.engine.context.with(|ctx| {
                let complaint = ctx.json_parse(payload.to_vec()).ok().and_then(Value::into_object);
                complaint.and_then(|object| object.get::<_, String>(name).ok()).unwrap_or_default()
            })
        };
        let about = field("tool");
        let named = import.names.iter().flatten().find(|(name, _)| *name == about);
        let offset = named.map_or(import.offset, |(_, offset)| *offset);
        compile::syntax_error(&self.start.source, offset, &field("message"), &field("hint"))
    }

    fn run(&mut self, compiled: &Compiled, modules: Vec<Option<Payload>>) -> Ending {
        if let Some(failure) = self.engine.context.with(|ctx| self.missing_export(&ctx, &compiled.imports)) {
            return Ending::Failure(failure);
        }
        self.engine.shared.borrow_mut().channel.send(&GuestFrame::encode_started());
        let started = self
            .engine
            .context
            .with(|ctx| self.begin(&ctx, compiled, modules).map_err(|_| engine::thrown(&ctx)));
        let ending = match started {
            Ok(()) => self.drive(),
            Err((message, stack)) => Some(self.thrown(message, stack)),
        };
        let ending = ending.unwrap_or_else(|| self.never_settles());
        self.finish(ending, &compiled.positions)
    }

    /// A name that 'mcp-runtime' does not export.
    fn missing_export(&self, ctx: &Ctx<'_>, imports: &[Import]) -> Option<Failure> {
        let runtime: Object<'_> = self.engine.bridge(ctx).ok()?.get("runtimeModule").ok()?;
        let of_runtime = imports.iter().filter(|import| import.specifier == "mcp-runtime");
        let mut names = of_runtime.flat_map(|import| import.names.iter().flatten());
        let (name, offset) = names.find(|(name, _)| !runtime.contains_key(name.as_str()).unwrap_or(false))?;
        let known: Vec<String> = runtime.keys().flatten().collect();
        let message = format!("'mcp-runtime' exports no `{name}`");
        Some(compile::syntax_error(
            &self.start.source,
            *offset,
            &message,
            &format!("it exports {}", known.join(", ")),
        ))
    }

    fn begin(
        &self,
        ctx: &Ctx<'_>,
        compiled: &Compiled,
        modules: Vec<Option<Payload>>,
    ) -> rquickjs::Result<()> {
        let bridge = self.engine.bridge(ctx)?;
        if self.start.keeps {
            bridge.get::<_, Function<'_>>("reset")?.call::<_, ()>(())?;
        }
        let set_limits: Function<'_> = bridge.get("setLimits")?;
        set_limits.call::<_, ()>((f64::from(self.start.tool_calls), self.start.arguments_bytes))?;
        let linked = Array::new(ctx.clone())?;
        for (index, (module, import)) in modules.into_iter().zip(&compiled.imports).enumerate() {
            let module: Value<'_> = match module {
                None => bridge.get("runtimeModule")?,
                Some(tables) => {
                    let one = import.specifier != "mcp-servers";
                    let build: Function<'_> =
                        bridge.get(if one { "serverModule" } else { "serversModule" })?;
                    build.call((ctx.json_parse(tables.into_vec())?,))?
                }
            };
            linked.set(index, module)?;
        }
        let program: Function<'_> =
            ctx.eval_with_options(compiled.code.as_str(), engine::options(&self.file))?;
        let start: Function<'_> = bridge.get("start")?;
        start.call((program, linked))
    }

    /// Runs jobs, replies and timers until the program ended; `None` if nothing can end it any more.
    fn drive(&self) -> Option<Ending> {
        loop {
            if let Some(ending) = self.run_jobs() {
                return Some(ending);
            }
            let (waiting, has_timers) = {
                let shared = self.engine.shared.borrow();
                (shared.calls_waiting, shared.has_timers)
            };
            let timer = if has_timers {
                self.engine.context.with(|ctx| self.number(&ctx, "nextTimer")).unwrap_or(-1.0)
            } else {
                -1.0
            };
            // A program can spoil what the timers are kept in; what comes of it is its own harm.
            if timer == 0.0 {
                self.call_bridge(|ctx, bridge| {
                    bridge.get::<_, Function<'_>>("fireTimers")?.call::<_, ()>(()).map(|()| drop(ctx))
                });
                continue;
            }
            if timer < 0.0 && waiting == 0 {
                return None;
            }
            // The host ends the process at the deadline, so waiting for it alone is bounded.
            let timeout = Duration::try_from_secs_f64(timer / 1000.0).ok().map(|wait| wait.min(LONGEST_WAIT));
            let mut frame = self.engine.shared.borrow_mut().channel.receive(timeout);
            // What came with it is delivered with it.
            while let Some(HostFrame::Reply { id, ok, payload }) = frame.take() {
                self.call_bridge(|ctx, _| {
                    let value: Value<'_> = ctx.json_parse(payload.into_vec())?;
                    self.engine.deliver.clone().restore(&ctx)?.call::<_, ()>((id, ok, value))
                });
                let mut shared = self.engine.shared.borrow_mut();
                shared.calls_waiting = shared.calls_waiting.saturating_sub(1);
                if shared.ending.is_none() && shared.channel.has_frame() {
                    frame = shared.channel.receive(None);
                }
            }
        }
    }

    fn number(&self, ctx: &Ctx<'_>, name: &str) -> rquickjs::Result<f64> {
        self.engine.bridge(ctx)?.get::<_, Function<'_>>(name)?.call(())
    }

    /// Calls into the bridge; what it throws becomes the ending.
    fn call_bridge(&self, call: impl for<'js> FnOnce(Ctx<'js>, Object<'js>) -> rquickjs::Result<()>) {
        let failed = self.engine.context.with(|ctx| {
            let result = self.engine.bridge(&ctx).and_then(|bridge| call(ctx.clone(), bridge));
            result.err().map(|_| engine::thrown(&ctx))
        });
        if let Some((message, stack)) = failed {
            let ending = self.thrown(message, stack);
            self.engine.shared.borrow_mut().ending.get_or_insert(ending);
        }
    }

    fn run_jobs(&self) -> Option<Ending> {
        loop {
            let ended = self.engine.shared.borrow_mut().ending.take();
            if ended.is_some() {
                return ended;
            }
            if self.engine.shared.borrow().interrupted {
                return Some(self.thrown(String::new(), String::new()));
            }
            if !self.engine.runtime.is_job_pending() {
                return None;
            }
            if self.engine.runtime.execute_pending_job().is_err() {
                let (message, stack) = self.engine.context.with(|ctx| engine::thrown(&ctx));
                let ending = self.thrown(message, stack);
                self.engine.shared.borrow_mut().ending.get_or_insert(ending);
            }
        }
    }

    fn thrown(&self, message: String, stack: String) -> Ending {
        let kind =
            if message.starts_with("SyntaxError") { FailureKind::Syntax } else { FailureKind::Runtime };
        Ending::Failure(Failure { kind, message, hint: String::new(), line: 0, column: 0, stack })
    }

    fn never_settles(&self) -> Ending {
        Ending::Failure(Failure {
            kind: FailureKind::Runtime,
            message: "the program waits for a promise that nothing can settle".into(),
            hint: "resolve or reject every promise that you await".into(),
            line: 0,
            column: 0,
            stack: String::new(),
        })
    }

    /// Puts limits into words and positions into the agent's lines.
    fn finish(&self, ending: Ending, positions: &Positions) -> Ending {
        self.tell_rejections(positions);
        let mut failure = match ending {
            Ending::Result(json) if json.len() as u64 > self.start.result_bytes => {
                self.result_too_long(json.len())
            }
            Ending::Result(json) => return Ending::Result(json),
            Ending::Failure(failure) => failure,
        };
        let (place, stack) = positions.stack(&self.start.source, &failure.stack, &self.file);
        if let Some(positions::Position { line, column }) = place {
            failure.line = line;
            failure.column = column;
        }
        failure.stack = engine::cut(&stack, TEXT_BYTES).to_owned();
        if self.engine.shared.borrow().interrupted {
            let seconds = Duration::from_millis(self.start.wall_ms).as_secs_f64();
            failure.kind = FailureKind::Limit;
            // The interpreter knows the function, but not the place in a loop.
            let function = failure.stack.strip_prefix("at ").and_then(|frame| frame.split(' ').next());
            let function = function.filter(|name| *name != "the").map(|name| format!(", in `{name}`"));
            failure.message = format!(
                "the program ran longer than its limit of {seconds} s{}",
                function.unwrap_or_default()
            );
            (failure.line, failure.column) = (0, 0);
            failure.stack.clear();
            failure.hint =
                "look for a loop that does not end, do less in one run, or ask for a longer time".into();
        } else if failure.kind == FailureKind::Runtime
            && (self.engine.heap.was_full() || failure.message == "InternalError: string too long")
        {
            let mib = self.start.heap_bytes >> 20;
            failure.kind = FailureKind::Limit;
            failure.message = format!("the program used more than its {mib} MiB of memory");
            failure.hint = "work on less data at a time, or ask for more memory".into();
        }
        let missing = failure.message.strip_prefix("ReferenceError: ");
        let missing = missing.and_then(|message| message.strip_suffix(" is not defined"));
        if let Some(instead) = missing.and_then(instead_of).filter(|_| failure.hint.is_empty()) {
            instead.clone_into(&mut failure.hint);
        }
        failure.message = engine::cut(&failure.message, TEXT_BYTES).to_owned();
        failure.hint = engine::cut(&failure.hint, TEXT_BYTES).to_owned();
        Ending::Failure(failure)
    }

    /// Warns of every rejected promise that nobody handled.
    fn tell_rejections(&self, positions: &Positions) {
        let (reasons, more) = self.engine.rejections.borrow_mut().take();
        for reason in reasons {
            let told = self.engine.context.with(|ctx| -> rquickjs::Result<(String, String)> {
                let read: Function<'_> = self.engine.bridge(&ctx)?.get("rejection")?;
                let told: Object<'_> = read.call((reason.restore(&ctx)?,))?;
                Ok((told.get("message")?, told.get("stack")?))
            });
            // A reason that cannot be read within the limits is told without its words.
            let (message, stack) = told.unwrap_or_else(|_| ("it cannot be read".into(), String::new()));
            let place = positions.stack(&self.start.source, &stack, &self.file).0;
            let line = place.map(|place| format!("line {}: ", place.line)).unwrap_or_default();
            let text = format!(
                "{line}nobody handled the rejection of a promise: {}",
                engine::cut(&message, LOG_BYTES)
            );
            self.engine.shared.borrow_mut().channel.log(LogLevel::Warn, &text);
        }
        if more > 0 {
            let text = format!("nobody handled the rejection of {more} more promises");
            self.engine.shared.borrow_mut().channel.log(LogLevel::Warn, &text);
        }
    }

    fn result_too_long(&self, bytes: usize) -> Failure {
        Failure {
            kind: FailureKind::Limit,
            message: format!("the result has {bytes} bytes, its limit is {}", self.start.result_bytes),
            hint: "return a summary, and keep the data with workspace.saveData".into(),
            line: 0,
            column: 0,
            stack: String::new(),
        }
    }
}
