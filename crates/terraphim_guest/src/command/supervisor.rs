//! One run of Bash: makes its folders, starts the shell, answers its commands,
//! and tells how it ended. No program is ever executed by this process.

use std::{
    os::fd::{AsFd, OwnedFd},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    process::Pid,
};
use terraphim_sandbox_protocol::{
    EXIT_BAD_CHANNEL, EXIT_JAIL, Failure, FailureKind, GuestFrame, HostFrame, LogLevel, Prepare, Start,
    Syntax,
};

use super::{
    calls::Calls,
    clients::{Clients, Number, broker},
    ending::{self, Allowed, NAME, failure},
    output::{self, Errors, Pipe, Read},
    place::{self, Place},
    watch,
};
use crate::{
    channel::Channel,
    jail::{self, Command, Filters, JailError, Supervised},
};

/// Longest program: the kernel takes no longer argument, in bytes.
const PROGRAM_BYTES: usize = (128 << 10) - 1 - place::TRAPS.len();

/// How long a program waits for what can be said of it before it runs; what
/// comes later is said then.
const ADVICE: Duration = Duration::from_millis(5);

/// How often what the processes use is looked at.
const TICK: Duration = Duration::from_millis(20);

/// Reads of standard output in a row before others have their turn.
const READS: usize = 4;

/// How the shell is called, whatever it is to do.
const SHELL: [&str; 3] = ["bash", "--noprofile", "--norc"];

const ENVIRONMENT: &[&str] = &[
    "PATH=/usr/bin:/bin",
    "HOME=/workspace",
    "PWD=/workspace",
    "TMPDIR=/tmp",
    "SHELL=/bin/bash",
    "LANG=C.UTF-8",
    "TZ=UTC",
    "TERM=dumb",
];

/// What a supervisor is made with.
pub(super) struct Shell<'s> {
    pub(super) program: &'s str,
    pub(super) filters: &'s Filters,
    pub(super) supervised: Supervised,
    /// All data of the run's processes together, in bytes.
    pub(super) memory_bytes: u64,
    pub(super) cpu_seconds: u64,
}

/// Serves the run of this process, which is the first of its PID namespace.
pub(super) fn serve(shell: Shell<'_>) -> ! {
    let mut channel = Channel::new();
    let Some(HostFrame::Prepare(prepare)) = channel.receive(None) else {
        jail::exit_now(EXIT_BAD_CHANNEL);
    };
    if jail::make_folders(&prepare).is_err() {
        jail::exit_now(EXIT_JAIL);
    }
    let Some(HostFrame::Start(start)) = channel.receive(None) else {
        jail::exit_now(EXIT_BAD_CHANNEL);
    };
    if start.syntax != Syntax::Bash {
        jail::exit_now(EXIT_BAD_CHANNEL);
    }
    let frame = match execute(&shell, &mut channel, &prepare, &start) {
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
    shell: &Shell<'_>,
    channel: &mut Channel,
    prepare: &Prepare,
    start: &Start,
) -> Result<String, Failure> {
    let began = Instant::now();
    if start.source.len() > PROGRAM_BYTES {
        let message = format!("a Bash program has at most {PROGRAM_BYTES} bytes");
        let hint = "load data with `mcp load`, or from a file of the workspace";
        return Err(failure(FailureKind::Limit, message, hint));
    }
    if let Some(at) = start.source.find('\0') {
        let before = start.source.get(..at).unwrap_or_default();
        let line = u32::try_from(before.matches('\n').count() + 1).unwrap_or(0);
        return Err(Failure { line, ..failure(FailureKind::Syntax, "the program has a NUL character", "") });
    }
    let starter = Starter { shell, file_bytes: prepare.bytes };
    // The host answers while the shell reads the program.
    let mut calls = Calls::ask(channel, &start.source);
    check(&starter, &start.source)?;
    channel.send(&GuestFrame::encode_started());
    calls.wait(channel, Instant::now() + ADVICE);
    let (ours, theirs) = broker().map_err(broken)?;
    let mut run = Run::begin(&starter, &start.source, theirs.as_fd(), calls).map_err(broken)?;
    drop(theirs);
    // Replies that it passes on, and the result as it is written and as it is sent.
    let own_data = shell.memory_bytes.saturating_add(start.result_bytes.saturating_mul(2));
    jail::confine_supervisor(&shell.filters.supervisor, own_data).map_err(broken)?;
    let allowed = Allowed {
        wall_ms: start.wall_ms,
        memory_bytes: shell.memory_bytes,
        cpu_seconds: shell.cpu_seconds,
        result_bytes: start.result_bytes,
    };
    let watching = Watching {
        processes: &shell.supervised.processes,
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
fn broken(_: JailError) -> Failure {
    jail::exit_now(EXIT_JAIL)
}

/// Starts the shell behind the walls of its run.
struct Starter<'s> {
    shell: &'s Shell<'s>,
    file_bytes: u64,
}

impl Starter<'_> {
    fn start(
        &self,
        arguments: &[&str],
        stdout: &OwnedFd,
        stderr: &OwnedFd,
        broker: Option<std::os::fd::BorrowedFd<'_>>,
    ) -> Result<Pid, JailError> {
        let command = Command {
            program: self.shell.program,
            arguments,
            environment: ENVIRONMENT,
            stdout: stdout.as_fd(),
            stderr: stderr.as_fd(),
            broker,
            data_bytes: self.shell.memory_bytes,
            cpu_seconds: self.shell.cpu_seconds,
            file_bytes: self.file_bytes,
        };
        jail::start(&self.shell.supervised, &command, &self.shell.filters.run)
    }
}

/// Has the shell read the program without executing it.
fn check(starter: &Starter<'_>, source: &str) -> Result<(), Failure> {
    let (mut pipe, writer) = Pipe::new().map_err(broken)?;
    // Patterns that a program may switch on later are known to this reader already.
    let arguments = [&SHELL[..], &["-O", "extglob", "-n", "-c", source, NAME]].concat();
    let shell = starter.start(&arguments, &writer, &writer, None).map_err(broken)?;
    drop(writer);
    let mut errors = Errors::default();
    let mut read = Vec::new();
    while let Some(open) = pipe.open() {
        // The shell alone has the other end; the host ends what does not come to its end.
        let _ = rustix::event::poll(&mut [PollFd::new(&open, PollFlags::IN)], None);
        pipe.read(&mut read);
        read.truncate(PROGRAM_BYTES);
    }
    let status = loop {
        match jail::reap_any() {
            Some(reaped) if reaped.pid == shell => break reaped.status,
            Some(_) => {}
            None => break 0,
        }
    };
    if status == 0 {
        return Ok(());
    }
    errors.bytes().extend(read);
    errors.finish(&mut |_| ());
    Err(ending::syntax(&errors))
}

/// A program that runs.
struct Run {
    shell: Pid,
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
    Shell,
    Client(Number),
}

impl Run {
    fn begin(
        starter: &Starter<'_>,
        source: &str,
        broker: std::os::fd::BorrowedFd<'_>,
        calls: Calls,
    ) -> Result<Self, JailError> {
        let (stdout, out) = Pipe::new()?;
        let (stderr, err) = Pipe::new()?;
        let source = place::with_traps(source);
        let arguments = [&SHELL[..], &["-c", &source, NAME]].concat();
        let shell = starter.start(&arguments, &out, &err, Some(broker))?;
        let pidfd = rustix::process::pidfd_open(shell, rustix::process::PidfdFlags::empty())
            .map_err(|error| JailError { step: "pidfd_open", source: error.into() })?;
        Ok(Self { shell, pidfd, stdout, stderr, written: Vec::new(), errors: Errors::default(), calls })
    }

    /// Goes on until the shell has ended, whose status it gives as `wait4` does, or a limit is reached.
    fn serve(
        &mut self,
        channel: &mut Channel,
        clients: &mut Clients,
        mut watching: Watching<'_>,
    ) -> Result<i32, Failure> {
        loop {
            let now = Instant::now();
            if now >= watching.deadline {
                let running = watch::newest_command(watching.processes, &SHELL);
                self.read_all(channel, watching.allowed)?;
                return Err(watching.allowed.too_long(running.as_deref()));
            }
            if now >= watching.next_look {
                watching.look(self.shell)?;
                watching.next_look = now + TICK;
                channel.flush();
            }
            let wait = watching.deadline.min(watching.next_look).saturating_duration_since(now);
            for (ready, flags) in self.wait(clients, wait) {
                match ready {
                    Ready::Channel => self.on_host(channel, clients),
                    Ready::Stdout => self.read_stdout(watching.allowed)?,
                    Ready::Stderr => self.read_stderr(channel),
                    Ready::Shell => return Ok(self.status()),
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
        let mut watched = vec![(Ready::Shell, self.pidfd.as_fd(), PollFlags::IN)];
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
        let has_ended = matches!(ready.first(), Some((Ready::Shell, _)));
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
            if self.written.len() as u64 > allowed.result_bytes {
                return Err(allowed.result_too_long());
            }
        }
        Ok(())
    }

    /// The status of the shell, which has ended.
    fn status(&self) -> i32 {
        loop {
            match jail::reap_any() {
                Some(reaped) if reaped.pid == self.shell => return reaped.status,
                Some(_) => {}
                None => jail::exit_now(EXIT_JAIL),
            }
        }
    }

    /// What came of the program, whose shell has ended with this status.
    fn ended(
        &mut self,
        status: i32,
        channel: &mut Channel,
        clients: &Clients,
        allowed: Allowed,
        source: &str,
    ) -> Result<String, Failure> {
        self.read_all(channel, allowed)?;
        if status != 0 {
            let ended = Place::of(source, clients.note());
            return Err(allowed.of_status(status, &self.errors, self.calls.told(), &ended, commands));
        }
        let under_way = clients.under_way();
        if under_way > 0 {
            let warning =
                format!("{under_way} calls were still under way when the program ended: use `wait`");
            channel.log(LogLevel::Warn, &warning);
        }
        let most = usize::try_from(allowed.result_bytes).unwrap_or(usize::MAX);
        output::result(&self.written, most).ok_or_else(|| allowed.result_too_long())
    }
}

impl Watching<'_> {
    /// Looks at what the processes use, and takes the ends that nobody else waits for.
    fn look(&mut self, shell: Pid) -> Result<(), Failure> {
        let processes = watch::processes(self.processes);
        let cpu: u64 = processes.iter().map(|process| process.cpu_micros).sum();
        if cpu.saturating_add(self.orphans_micros) > self.allowed.cpu_seconds.saturating_mul(1_000_000) {
            return Err(self.allowed.too_much_cpu());
        }
        let limit = self.allowed.memory_bytes;
        if let Some((name, bytes)) = watch::over_memory(self.processes, &processes, limit) {
            return Err(self.allowed.too_much_memory(Some((&name, bytes))));
        }
        // The shell's own end is told by its descriptor, and taken then.
        for orphan in processes.iter().filter_map(watch::Process::ended_orphan).filter(|pid| *pid != shell) {
            self.orphans_micros += jail::reap(orphan).map_or(0, |exit| exit.cpu_micros);
        }
        Ok(())
    }
}

/// The commands of the jail.
fn commands() -> Vec<String> {
    let names = std::fs::read_dir("/usr/bin").into_iter().flatten().flatten();
    names.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}
