//! One run of node. Before there is a program: starts node and waits. Then makes
//! the run's folders, reads and compiles the program, and stands between node
//! and the host until one of them has the last word.

use std::{
    collections::BTreeMap,
    os::fd::{AsFd, OwnedFd},
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    process::Pid,
};
use terraphim_sandbox_protocol::{
    EXIT_BAD_CHANNEL, EXIT_JAIL, Failure, FailureKind, GuestFrame, HostFrame, LogLevel, Start, Syntax,
};

use super::{
    super::{
        ending::{Allowed, failure},
        output::{Errors, Pipe, Read},
        supervisor::{Kind, conclude},
        watch,
    },
    connection::{Connection, Said},
    ending::{self, Report},
    program::Program,
};
use crate::{
    channel::Channel,
    engine,
    jail::{self, Filters, JailError, Node, Supervised},
    json,
};

/// How often what node uses is looked at.
const TICK: Duration = Duration::from_millis(20);

/// How long node may take until it waits for its program.
const BOOT_PATIENCE: Duration = Duration::from_secs(20);

/// Longest text of one log, in bytes.
const LOG_BYTES: usize = 32 << 10;

/// Memory that node may have beside the program's, in bytes: what its own
/// compiler and collector take while it runs.
const OWN_MEMORY: u64 = 32 << 20;

/// Frames that are taken before others have their turn.
const FRAMES: usize = 64;

const ENVIRONMENT: &[&str] = &[
    "PATH=/usr/bin:/bin",
    "HOME=/tmp",
    "PWD=/workspace",
    "TMPDIR=/tmp",
    "LANG=C.UTF-8",
    "TZ=UTC",
    "UV_USE_IO_URING=0",
];

/// What a supervisor is made with.
pub(super) struct Made<'m> {
    /// The path of node in the jail.
    pub(super) program: &'m str,
    pub(super) filters: &'m Filters,
    pub(super) supervised: Supervised,
    /// All that the program may have, in bytes.
    pub(super) memory_bytes: u64,
    pub(super) cpu_seconds: u64,
}

/// Serves the run of this process, which is the first of its PID namespace.
pub(super) fn serve(made: Made<'_>) -> ! {
    let mut channel = Channel::new();
    let mut run = Run::boot(&made).unwrap_or_else(|error| refuse(&mut channel, &error));
    let Some(HostFrame::Prepare(prepare)) = channel.receive(None) else {
        jail::exit_now(EXIT_BAD_CHANNEL);
    };
    let began = Instant::now();
    if jail::make_folders(&prepare, None).is_err() {
        jail::exit_now(EXIT_JAIL);
    }
    let builtins = run.wait_until_ready(&made.supervised.processes);
    let data = run.own_data.saturating_add(made.memory_bytes).saturating_add(OWN_MEMORY);
    // It fails only if node is gone, which is told below.
    let limited = jail::limit_node(run.node, data, prepare.bytes, made.cpu_seconds);
    let Some(HostFrame::Start(start)) = channel.receive(None) else {
        jail::exit_now(EXIT_BAD_CHANNEL);
    };
    // Replies that it passes on, and the result as it is received and as it is sent.
    let own_data = made.memory_bytes.saturating_add(start.result_bytes.saturating_mul(2));
    let confined = jail::confine_node_supervisor(&made.filters.supervisor, own_data);
    if start.syntax != Syntax::Node || confined.is_err() || (limited.is_err() && builtins.is_some()) {
        jail::exit_now(EXIT_JAIL);
    }
    let result = match builtins {
        Some(builtins) => run.execute(&mut channel, &made, &start, &builtins, began),
        None => Err(run.not_there()),
    };
    conclude(channel, result)
}

/// Without node there is no run; says so to whoever asks for one.
fn refuse(channel: &mut Channel, error: &JailError) -> ! {
    loop {
        if let Some(HostFrame::Start(_)) = channel.receive(None) {
            channel.send(&GuestFrame::encode_failed(&no_node(&error.to_string())));
        }
    }
}

fn no_node(why: &str) -> Failure {
    let message = format!("node did not begin in its jail: {why}");
    failure(FailureKind::Runtime, message, "the built-in interpreter runs the same programs")
}

/// A node and what is between it and the host.
struct Run {
    node: Pid,
    pidfd: OwnedFd,
    connection: Connection,
    stdout: Pipe,
    stderr: Pipe,
    printed: Errors,
    complained: Errors,
    report: Report,
    /// What node calls the calls that the host was asked.
    calls: BTreeMap<u32, u32>,
    last_call: u32,
    /// Data and memory that node has before any program, in bytes, and CPU time in microseconds.
    own_data: u64,
    own_memory: u64,
    own_cpu: u64,
}

/// What can be ready.
#[derive(Clone, Copy)]
enum Ready {
    Host,
    Node,
    Stdout,
    Stderr,
    End,
}

impl Run {
    /// Starts node.
    fn boot(made: &Made<'_>) -> Result<Self, JailError> {
        let (stdout, out) = Pipe::new()?;
        let (stderr, err) = Pipe::new()?;
        let (connection, theirs) = Connection::new()?;
        let mib = (made.memory_bytes >> 20).max(1);
        // Node says by itself that it is out of memory, before any limit of the kernel does.
        let heap = format!("--max-old-space-size={mib}");
        let young = format!("--max-semi-space-size={}", (mib / 16).clamp(1, 16));
        let node = Node {
            program: made.program,
            arguments: &["node", "--no-warnings", &heap, &young, super::BOOT],
            environment: ENVIRONMENT,
            stdout: out.as_fd(),
            stderr: err.as_fd(),
            connection: theirs.as_fd(),
        };
        let node = jail::start_node(&made.supervised, &node, &made.filters.run)?;
        let pidfd = rustix::process::pidfd_open(node, rustix::process::PidfdFlags::empty())
            .map_err(|error| JailError { step: "pidfd_open", source: error.into() })?;
        Ok(Self {
            node,
            pidfd,
            connection,
            stdout,
            stderr,
            printed: Errors::default(),
            complained: Errors::default(),
            report: Report::default(),
            calls: BTreeMap::new(),
            last_call: 0,
            own_data: 0,
            own_memory: 0,
            own_cpu: 0,
        })
    }

    /// Waits until node waits; the modules that it has, or none if it will not wait.
    fn wait_until_ready(&mut self, processes: &OwnedFd) -> Option<Vec<String>> {
        let deadline = Instant::now() + BOOT_PATIENCE;
        loop {
            if let Some(said) = self.connection.next() {
                let Said::Ready(list) = said else { return None };
                let own = watch::own(processes, self.node)?;
                (self.own_data, self.own_memory, self.own_cpu) = own;
                return json::elements(&list)?.into_iter().map(json::string).collect();
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let (socket, _) = self.connection.watched().filter(|_| !left.is_zero())?;
            let timeout = Timespec::try_from(left).ok();
            // What is read tells whether it was ready.
            let _ = rustix::event::poll(&mut [PollFd::new(&socket, PollFlags::IN)], timeout.as_ref());
            self.connection.read();
        }
    }

    /// Node has not come so far as to wait for a program.
    fn not_there(&mut self) -> Failure {
        jail::end_all();
        while matches!(self.stderr.read(self.complained.bytes()), Read::Some) {}
        self.complained.finish(&mut |_| ());
        let words: Vec<&str> = self.complained.last().collect();
        no_node(&words.join("; "))
    }

    fn execute(
        &mut self,
        channel: &mut Channel,
        made: &Made<'_>,
        start: &Start,
        builtins: &[String],
        began: Instant,
    ) -> Result<String, Failure> {
        let program = Program::prepare(start, builtins, channel)?;
        channel.send(&GuestFrame::encode_started());
        program.advise(channel);
        self.connection.allow(start.arguments_bytes, start.result_bytes);
        self.connection.send_program(&program.message());
        let allowed = Allowed {
            kind: Kind::Compiled,
            wall_ms: start.wall_ms,
            memory_bytes: made.memory_bytes,
            cpu_seconds: made.cpu_seconds,
            result_bytes: start.result_bytes,
        };
        let deadline = began + Duration::from_millis(start.wall_ms);
        let mut next_look = Instant::now() + TICK;
        loop {
            let now = Instant::now();
            if now >= deadline {
                self.read_all(channel);
                return Err(allowed.too_long(None));
            }
            if now >= next_look {
                self.look(&made.supervised.processes, &allowed)?;
                next_look = now + TICK;
                channel.flush();
            }
            let wait = deadline.min(next_look).saturating_duration_since(now);
            for (ready, flags) in self.wait(wait) {
                match ready {
                    Ready::Host => self.on_host(channel),
                    Ready::Node => {
                        if flags.contains(PollFlags::OUT) {
                            self.connection.write();
                        }
                        self.connection.read();
                        if let Some(result) = self.on_node(channel, &program, &allowed, FRAMES) {
                            return result;
                        }
                        // The calls that came together leave together.
                        channel.flush();
                    }
                    Ready::Stdout | Ready::Stderr => self.read_lines(channel, ready),
                    Ready::End => return self.ended(channel, &program, &allowed),
                }
            }
        }
    }

    /// Waits until something is ready, at most so long.
    fn wait(&self, most: Duration) -> Vec<(Ready, PollFlags)> {
        let channel = jail::channel();
        let mut watched = vec![(Ready::End, self.pidfd.as_fd(), PollFlags::IN)];
        if self.connection.takes_replies() {
            watched.push((Ready::Host, channel, PollFlags::IN));
        }
        watched.extend(self.connection.watched().map(|(open, flags)| (Ready::Node, open, flags)));
        watched.extend(self.stdout.open().map(|open| (Ready::Stdout, open, PollFlags::IN)));
        watched.extend(self.stderr.open().map(|open| (Ready::Stderr, open, PollFlags::IN)));
        let mut polled: Vec<PollFd<'_>> =
            watched.iter().map(|(_, open, flags)| PollFd::from_borrowed_fd(*open, *flags)).collect();
        // Frames that were read and not yet taken are not waited for.
        let most = if self.connection.has_frame() { Duration::ZERO } else { most };
        let timeout = Timespec::try_from(most).ok();
        if rustix::event::poll(&mut polled, timeout.as_ref()).is_err() {
            return Vec::new();
        }
        let flags: Vec<PollFlags> = polled.iter().map(PollFd::revents).collect();
        let mut ready: Vec<(Ready, PollFlags)> = watched
            .iter()
            .zip(flags)
            .filter(|((ready, ..), flags)| {
                !flags.is_empty() || (matches!(ready, Ready::Node) && self.connection.has_frame())
            })
            .map(|((ready, ..), flags)| (*ready, flags))
            .collect();
        // What was said before the end is taken before the end is.
        let has_ended = matches!(ready.first(), Some((Ready::End, _)));
        ready.rotate_left(usize::from(has_ended));
        ready
    }

    fn on_host(&mut self, channel: &mut Channel) {
        loop {
            // What is no reply has no meaning here.
            if let Some(HostFrame::Reply { id, ok, payload }) = channel.receive(None)
                && let Some(own) = self.calls.remove(&id)
            {
                self.connection.send_reply(own, ok, &payload);
            }
            if !channel.has_frame() || !self.connection.takes_replies() {
                return;
            }
        }
    }

    /// Takes so many of the frames that were read; the program's end if it is among them.
    fn on_node(
        &mut self,
        channel: &mut Channel,
        program: &Program<'_>,
        allowed: &Allowed,
        most: usize,
    ) -> Option<Result<String, Failure>> {
        for _ in 0..most {
            match self.connection.next()? {
                Said::Call { id, name, payload } => {
                    self.last_call += 1;
                    self.calls.insert(self.last_call, id);
                    // It takes nothing else for text than what is text.
                    let payload =
                        String::from_utf8(payload).unwrap_or_else(|_| jail::exit_now(EXIT_BAD_CHANNEL));
                    let payload = engine::readable(payload);
                    channel.call(&GuestFrame::encode_call(self.last_call, &name, payload.as_bytes()));
                }
                Said::Log { level, text } => channel.log(level, engine::cut(&text, LOG_BYTES)),
                Said::Rejected(said) => program.tell_rejection(&said, channel),
                // It waits for nothing any more.
                Said::Ready(_) => {}
                ending => {
                    self.read_all(channel);
                    return Some(match ending {
                        Said::Missing(said) => Err(program.missing(&said)),
                        Said::TooLong(bytes) => Err(ending::result_too_long(bytes, allowed)),
                        Said::Failed(failure) => Err(program.failed(failure, allowed)),
                        Said::Done(result) => Ok(engine::readable(result)),
                        _ => Err(program.missing("")),
                    });
                }
            }
        }
        None
    }

    /// Logs the lines that were written to a standard stream.
    fn read_lines(&mut self, channel: &mut Channel, which: Ready) {
        let (pipe, lines) = match which {
            Ready::Stdout => (&mut self.stdout, &mut self.printed),
            _ => (&mut self.stderr, &mut self.complained),
        };
        pipe.read(lines.bytes());
        let report = &mut self.report;
        lines.take(&mut |line| report.line(line, &mut |line| channel.log(LogLevel::Info, line)));
    }

    /// Ends node and takes what it had written.
    fn read_all(&mut self, channel: &mut Channel) {
        jail::end_all();
        let report = &mut self.report;
        let streams = [(&mut self.stdout, &mut self.printed), (&mut self.stderr, &mut self.complained)];
        for (pipe, lines) in streams {
            let mut log = |line: &str| report.line(line, &mut |line| channel.log(LogLevel::Info, line));
            while matches!(pipe.read(lines.bytes()), Read::Some) {
                lines.take(&mut log);
            }
            lines.finish(&mut log);
        }
    }

    /// Node has ended by itself.
    fn ended(
        &mut self,
        channel: &mut Channel,
        program: &Program<'_>,
        allowed: &Allowed,
    ) -> Result<String, Failure> {
        let status = loop {
            match jail::reap_any() {
                Some(reaped) if reaped.pid == self.node => break reaped.status,
                Some(_) => {}
                None => jail::exit_now(EXIT_JAIL),
            }
        };
        loop {
            let was_read = self.connection.read();
            if let Some(result) = self.on_node(channel, program, allowed, usize::MAX) {
                return result;
            }
            if !was_read {
                break;
            }
        }
        self.read_all(channel);
        Err(self.report.of_status(status, allowed))
    }

    /// Looks at what node uses.
    fn look(&self, processes: &OwnedFd, allowed: &Allowed) -> Result<(), Failure> {
        let all = watch::processes(processes);
        let cpu: u64 = all.iter().map(|process| process.cpu_micros).sum();
        if cpu.saturating_sub(self.own_cpu) > allowed.cpu_seconds.saturating_mul(1_000_000) {
            return Err(allowed.too_much_cpu());
        }
        let limit = self.own_memory.saturating_add(allowed.memory_bytes).saturating_add(OWN_MEMORY);
        match watch::over_memory(processes, &all, limit) {
            Some(_) => Err(allowed.too_much_memory(None)),
            None => Ok(()),
        }
    }
}
