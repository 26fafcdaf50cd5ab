//! One run of commands: makes its folders, starts a shell, a compiler or a
//! compiled program, answers its calls, and tells how it ended. No program is ever
//! executed by this process.

use std::{
    borrow::Cow,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    process::Pid,
};
use terraphim_sandbox_protocol::{
    EXIT_BAD_CHANNEL, EXIT_JAIL, Failure, GuestFrame, HostFrame, LogLevel, Prepare, Stage, Start, Syntax,
};

use super::{
    calls::Calls,
    clients::{Clients, Number, broker},
    compiled,
    ending::Allowed,
    output::{self, Errors, Pipe, Read},
    place::Place,
    shell, watch,
};
use crate::{
    channel::Channel,
    jail::{self, Command, Commands, Filters, JailError, Supervised},
};

/// How long a program waits for what can be said of it before it runs; what
/// comes later is said then.
const ADVICE: Duration = Duration::from_millis(5);

/// How often what the processes use is looked at.
const TICK: Duration = Duration::from_millis(20);

/// Reads of standard output in a row before others have their turn.
const READS: usize = 4;

/// What a supervisor is made with.
pub(super) struct Setting<'s> {
    pub(super) commands: Commands,
    /// The path of the shell or the compiler in the jail.
    pub(super) program: &'s str,
    pub(super) filters: &'s Filters,
    pub(super) supervised: Supervised,
    /// All data of the run's processes together, in bytes.
    pub(super) memory_bytes: u64,
    pub(super) cpu_seconds: u64,
}

/// What is started for a run.
pub(super) struct Task<'t> {
    pub(super) kind: Kind,
    /// Its path in the jail.
    pub(super) program: &'t str,
    /// All arguments, its own name first.
    pub(super) arguments: Vec<Cow<'t, str>>,
    /// How the command lines of itself begin, which say nothing about what it does.
    pub(super) own_name: &'t [&'t str],
    /// `NAME=value`, all that it gets.
    pub(super) environment: &'static [&'static str],
}

/// What a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Shell,
    /// It makes no calls, and what it says is the host's to read.
    Compiler,
    Compiled,
}

/// Serves the run of this process, which is the first of its PID namespace.
pub(super) fn serve(setting: Setting<'_>) -> ! {
    let mut channel = Channel::new();
    let mut next = channel.receive(None);
    let stage = match (setting.commands, next) {
        (Commands::Compiled, Some(HostFrame::Stage(stage))) => {
            next = channel.receive(None);
            Some(stage)
        }
        (Commands::Shell, other) => {
            next = other;
            None
        }
        _ => jail::exit_now(EXIT_BAD_CHANNEL),
    };
    let Some(HostFrame::Prepare(prepare)) = next else {
        jail::exit_now(EXIT_BAD_CHANNEL);
    };
    if jail::make_folders(&prepare, stage.as_ref()).is_err() {
        jail::exit_now(EXIT_JAIL);
    }
    let Some(HostFrame::Start(start)) = channel.receive(None) else {
        jail::exit_now(EXIT_BAD_CHANNEL);
    };
    let result = execute(&setting, &mut channel, &prepare, (stage.as_ref(), &start));
    conclude(channel, result)
}

/// Says the last word of a run.
pub(super) fn conclude(mut channel: Channel, result: Result<String, Failure>) -> ! {
    let frame = match result {
        Ok(result) => GuestFrame::encode_done(result.as_bytes()),
        Err(failure) => GuestFrame::encode_failed(&failure),
    };
    // Whatever the program has left behind is gone before anybody hears of its end.
    jail::end_all();
    channel.send(&frame);
    loop {
        // The host takes the measure of this process and ends it.
        channel.receive(None);
    }
}

fn execute(
    setting: &Setting<'_>,
    channel: &mut Channel,
    prepare: &Prepare,
    (stage, start): (Option<&Stage>, &Start),
) -> Result<String, Failure> {
    let began = Instant::now();
    let starter = Starter { setting, file_bytes: prepare.bytes };
    let mut calls = if start.syntax == Syntax::Bash {
        shell::look_at(&start.source)?;
        // The host answers while the shell reads the program.
        Calls::ask(channel, &start.source)
    } else {
        Calls::default()
    };
    let task = match (start.syntax, stage) {
        (Syntax::Bash, None) => shell::task(&starter, &start.source)?,
        (Syntax::RustBuild, Some(stage)) => compiled::compiler(setting.program, stage, &start.source)?,
        (Syntax::Rust, Some(stage)) => compiled::program(stage),
        _ => jail::exit_now(EXIT_BAD_CHANNEL),
    };
    channel.send(&GuestFrame::encode_started());
    calls.wait(channel, Instant::now() + ADVICE);
    let (ours, theirs) = broker().map_err(broken)?;
    let mut run = Run::begin(&starter, &task, theirs.as_fd(), calls).map_err(broken)?;
    drop(theirs);
    // Replies that it passes on, and the result as it is written and as it is sent.
    let own_data = setting.memory_bytes.saturating_add(start.result_bytes.saturating_mul(2));
    jail::confine_supervisor(&setting.filters.supervisor, own_data).map_err(broken)?;
    let allowed = Allowed {
        kind: task.kind,
        wall_ms: start.wall_ms,
        memory_bytes: setting.memory_bytes,
        cpu_seconds: setting.cpu_seconds,
        result_bytes: start.result_bytes,
    };
    let watching = Watching {
        processes: &setting.supervised.processes,
        own_name: task.own_name,
        allowed,
        deadline: began + Duration::from_millis(start.wall_ms),
        next_look: Instant::now() + TICK,
        orphans_micros: 0,
    };
    let mut clients = Clients::new(ours, start.arguments_bytes);
    let status = run.serve(channel, &mut clients, watching)?;
    run.ended(status, channel, &clients, allowed, &start.source)
}

/// A step that this machine does not offer; the process is of no use.
pub(super) fn broken(_: JailError) -> Failure {
    jail::exit_now(EXIT_JAIL)
}

/// Starts commands behind the walls of their run.
pub(super) struct Starter<'s> {
    setting: &'s Setting<'s>,
    file_bytes: u64,
}

impl Starter<'_> {
    /// The path of the shell or the compiler.
    pub(super) fn program(&self) -> &str {
        self.setting.program
    }

    pub(super) fn start(
        &self,
        task: &Task<'_>,
        stdout: &OwnedFd,
        stderr: &OwnedFd,
        broker: Option<BorrowedFd<'_>>,
    ) -> Result<Pid, JailError> {
        let arguments: Vec<&str> = task.arguments.iter().map(AsRef::as_ref).collect();
        let command = Command {
            program: task.program,
            arguments: &arguments,
            environment: task.environment,
            stdout: stdout.as_fd(),
            stderr: stderr.as_fd(),
            broker,
            data_bytes: self.setting.memory_bytes,
            cpu_seconds: self.setting.cpu_seconds,
            file_bytes: self.file_bytes,
        };
        jail::start(&self.setting.supervised, &command, &self.setting.filters.run)
    }
}

/// A program that runs.
struct Run {
    /// The process that was started first; its end is that of the run.
    main: Pid,
    pidfd: OwnedFd,
    stdout: Pipe,
    stderr: Pipe,
    written: Vec<u8>,
    errors: Errors,
    calls: Calls,
}

/// What of a run is looked at from time to time.
struct Watching<'w> {
    processes: &'w OwnedFd,
    own_name: &'w [&'w str],
    allowed: Allowed,
    deadline: Instant,
    next_look: Instant,
    /// CPU time of processes that nobody but this one waited for.
    orphans_micros: u64,
}

/// What can be ready.
enum Ready {
    Channel,
    Stdout,
    Stderr,
    Main,
    Client(Number),
}

impl Run {
    fn begin(
        starter: &Starter<'_>,
        task: &Task<'_>,
        broker: BorrowedFd<'_>,
        calls: Calls,
    ) -> Result<Self, JailError> {
        let (stdout, out) = Pipe::new()?;
        let (stderr, err) = Pipe::new()?;
        let main = match task.kind {
            // One stream, in its order.
            Kind::Compiler => starter.start(task, &out, &out, None)?,
            Kind::Shell | Kind::Compiled => starter.start(task, &out, &err, Some(broker))?,
        };
        let pidfd = rustix::process::pidfd_open(main, rustix::process::PidfdFlags::empty())
            .map_err(|error| JailError { step: "pidfd_open", source: error.into() })?;
        Ok(Self { main, pidfd, stdout, stderr, written: Vec::new(), errors: Errors::default(), calls })
    }

    /// Goes on until the program has ended, whose status it gives as `wait4` does, or a limit is reached.
    fn serve(
        &mut self,
        channel: &mut Channel,
        clients: &mut Clients,
        mut watching: Watching<'_>,
    ) -> Result<i32, Failure> {
        loop {
            let now = Instant::now();
            if now >= watching.deadline {
                let running = watch::newest_command(watching.processes, watching.own_name);
                self.read_all(channel, watching.allowed)?;
                return Err(watching.allowed.too_long(running.as_deref()));
            }
            if now >= watching.next_look {
                watching.look(self.main)?;
                watching.next_look = now + TICK;
                channel.flush();
            }
            let wait = watching.deadline.min(watching.next_look).saturating_duration_since(now);
            for (ready, flags) in self.wait(clients, wait) {
                match ready {
                    Ready::Channel => self.on_host(channel, clients),
                    Ready::Stdout => self.read_stdout(watching.allowed)?,
                    Ready::Stderr => self.read_stderr(channel),
                    Ready::Main => return Ok(self.status()),
                    Ready::Client(number) => {
                        let Some(called) = clients.on_ready(number, flags) else { continue };
                        self.calls.make(called, channel, clients);
                    }
                }
            }
        }
    }

    /// Waits until something is ready, at most so long.
    fn wait(&self, clients: &Clients, most: Duration) -> Vec<(Ready, PollFlags)> {
        let channel = jail::channel();
        let mut watched = vec![(Ready::Main, self.pidfd.as_fd(), PollFlags::IN)];
        if clients.takes_replies() {
            watched.push((Ready::Channel, channel, PollFlags::IN));
        }
        watched.extend(self.stdout.open().map(|open| (Ready::Stdout, open, PollFlags::IN)));
        watched.extend(self.stderr.open().map(|open| (Ready::Stderr, open, PollFlags::IN)));
        let of_clients = clients.watched().into_iter();
        watched.extend(of_clients.map(|(number, open, flags)| (Ready::Client(number), open, flags)));
        let mut polled: Vec<PollFd<'_>> =
            watched.iter().map(|(_, open, flags)| PollFd::from_borrowed_fd(*open, *flags)).collect();
        let timeout = Timespec::try_from(most).ok();
        if rustix::event::poll(&mut polled, timeout.as_ref()).is_err() {
            return Vec::new();
        }
        let flags: Vec<PollFlags> = polled.iter().map(PollFd::revents).collect();
        let mut ready: Vec<(Ready, PollFlags)> = watched
            .into_iter()
            .zip(flags)
            .filter(|(_, flags)| !flags.is_empty())
            .map(|((ready, _, _), flags)| (ready, flags))
            .collect();
        // What was written and asked before the end is taken before the end is.
        let has_ended = matches!(ready.first(), Some((Ready::Main, _)));
        ready.rotate_left(usize::from(has_ended));
        ready
    }

    fn on_host(&mut self, channel: &mut Channel, clients: &mut Clients) {
        loop {
            let reply = channel.receive(None).and_then(|frame| self.calls.on_frame(frame, channel));
            if let Some((client, ok, payload)) = reply {
                clients.reply(client, ok, &payload);
            }
            if !channel.has_frame() {
                return;
            }
        }
    }

    fn read_stdout(&mut self, allowed: Allowed) -> Result<(), Failure> {
        for _ in 0..READS {
            if !matches!(self.stdout.read(&mut self.written), Read::Some) {
                break;
            }
        }
        self.check_written(allowed)
    }

    /// Holds what was written against its limit. A compiler says the most important first.
    fn check_written(&mut self, allowed: Allowed) -> Result<(), Failure> {
        if allowed.kind == Kind::Compiler {
            self.written.truncate(compiled::SAID_BYTES);
        }
        if self.written.len() as u64 > allowed.result_bytes {
            return Err(allowed.result_too_long());
        }
        Ok(())
    }

    fn read_stderr(&mut self, channel: &mut Channel) {
        self.stderr.read(self.errors.bytes());
        self.errors.take(&mut |line| channel.log(LogLevel::Info, line));
    }

    /// Ends every process and takes what they had written.
    fn read_all(&mut self, channel: &mut Channel, allowed: Allowed) -> Result<(), Failure> {
        jail::end_all();
        while matches!(self.stderr.read(self.errors.bytes()), Read::Some) {
            self.errors.take(&mut |line| channel.log(LogLevel::Info, line));
        }
        self.errors.finish(&mut |line| channel.log(LogLevel::Info, line));
        while matches!(self.stdout.read(&mut self.written), Read::Some) {
            self.check_written(allowed)?;
        }
        Ok(())
    }

    /// The status of what was started first, which has ended.
    fn status(&self) -> i32 {
        loop {
            match jail::reap_any() {
                Some(reaped) if reaped.pid == self.main => return reaped.status,
                Some(_) => {}
                None => jail::exit_now(EXIT_JAIL),
            }
        }
    }

    /// What came of the program, which has ended with this status.
    fn ended(
        &mut self,
        status: i32,
        channel: &mut Channel,
        clients: &Clients,
        allowed: Allowed,
        source: &str,
    ) -> Result<String, Failure> {
        self.read_all(channel, allowed)?;
        let told = self.calls.told();
        match allowed.kind {
            Kind::Compiler => return compiled::said(status, &self.written, allowed),
            Kind::Shell if status != 0 => {
                let ended = Place::of(source, clients.note());
                return Err(allowed.of_status(status, &self.errors, told, &ended, shell::commands));
            }
            Kind::Compiled if status != 0 => {
                return Err(compiled::failed(status, &self.errors, told, allowed));
            }
            Kind::Shell | Kind::Compiled => {}
        }
        let under_way = clients.under_way();
        if under_way > 0 {
            let warning = format!(
                "{under_way} calls were still under way when the program ended: wait for their answers"
            );
            channel.log(LogLevel::Warn, &warning);
        }
        let most = usize::try_from(allowed.result_bytes).unwrap_or(usize::MAX);
        output::result(&self.written, most).ok_or_else(|| allowed.result_too_long())
    }
}

impl Watching<'_> {
    /// Looks at what the processes use, and takes the ends that nobody else waits for.
    fn look(&mut self, main: Pid) -> Result<(), Failure> {
        let processes = watch::processes(self.processes);
        let cpu: u64 = processes.iter().map(|process| process.cpu_micros).sum();
        if cpu.saturating_add(self.orphans_micros) > self.allowed.cpu_seconds.saturating_mul(1_000_000) {
            return Err(self.allowed.too_much_cpu());
        }
        let limit = self.allowed.memory_bytes;
        if let Some((name, bytes)) = watch::over_memory(self.processes, &processes, limit) {
            return Err(self.allowed.too_much_memory(Some((&name, bytes))));
        }
        // The program's own end is told by its descriptor, and taken then.
        for orphan in processes.iter().filter_map(watch::Process::ended_orphan).filter(|pid| *pid != main) {
            self.orphans_micros += jail::reap(orphan).map_or(0, |exit| exit.cpu_micros);
        }
        Ok(())
    }
}
