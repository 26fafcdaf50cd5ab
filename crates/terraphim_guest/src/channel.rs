//! The run channel from inside: blocking frames, a bounded wait, and log
//! lines that are gathered but never kept back for long.

use std::{
    io,
    time::{Duration, Instant},
};

use rustix::event::{PollFd, PollFlags};
use terraphim_sandbox_protocol::{
    Budget, EXIT_BAD_CHANNEL, GuestFrame, HEADER_BYTES, Header, HostFrame, LogLevel,
};

use crate::jail;

/// What may come from the host. The host is trusted; the bound only keeps a
/// broken length from allocating everything.
const BUDGET: Budget = Budget { start: 64 << 20, reply: 512 << 20, call: 0, log: 0, done: 0, failed: 0 };

/// Log text that is gathered before it is sent, in bytes.
const LOG_BATCH: usize = 8 << 10;

/// Bytes that are read at once while nothing longer is announced: a page that
/// is touched for the first time costs more than another read.
const READ_BYTES: usize = 4 << 10;

/// Calls that are gathered before they are sent, in bytes.
const CALL_BATCH: usize = 64 << 10;

/// How long log text may be kept back while the program goes on logging.
const LOG_DELAY: Duration = Duration::from_millis(20);

/// This process's end of the run channel. A channel that breaks ends the
/// process: nobody is left to answer to.
pub(crate) struct Channel {
    /// Bytes received and not yet taken.
    received: Vec<u8>,
    taken: usize,
    /// Calls that leave with the next wait, so that many started at once cost one write.
    calls: Vec<u8>,
    log: String,
    log_level: LogLevel,
    log_sent: Option<Instant>,
}

fn broken() -> ! {
    jail::exit_now(EXIT_BAD_CHANNEL)
}

impl Channel {
    pub(crate) fn new() -> Self {
        Self {
            received: Vec::new(),
            taken: 0,
            calls: Vec::new(),
            log: String::new(),
            log_level: LogLevel::Info,
            log_sent: None,
        }
    }

    /// Waits for the next frame; `None` if `timeout` passed first.
    pub(crate) fn receive(&mut self, timeout: Option<Duration>) -> Option<HostFrame> {
        self.flush();
        if self.buffered() < HEADER_BYTES && !self.wait(timeout) {
            return None;
        }
        while self.buffered() < HEADER_BYTES {
            self.fill();
        }
        let header = self.take_header().unwrap_or_else(|| broken());
        if HostFrame::admit(header, &BUDGET).is_err() {
            broken();
        }
        let body = self.take_body(header.body);
        Some(HostFrame::decode(header.kind, body).unwrap_or_else(|_| broken()))
    }

    /// Whether a whole frame is here already.
    pub(crate) fn has_frame(&self) -> bool {
        let rest = self.received.get(self.taken..).unwrap_or_default();
        let header = rest.first_chunk::<HEADER_BYTES>().and_then(|bytes| Header::decode(*bytes));
        header.is_some_and(|header| rest.len() - HEADER_BYTES >= header.body)
    }

    fn buffered(&self) -> usize {
        self.received.len() - self.taken
    }

    fn take_header(&mut self) -> Option<Header> {
        let bytes = self.received.get(self.taken..)?.first_chunk::<HEADER_BYTES>()?;
        let header = Header::decode(*bytes)?;
        self.taken += HEADER_BYTES;
        Some(header)
    }

    /// The body, read straight into its own buffer where it is long.
    fn take_body(&mut self, length: usize) -> Vec<u8> {
        let ready = self.buffered().min(length);
        let mut body = Vec::with_capacity(length);
        body.extend_from_slice(self.received.get(self.taken..self.taken + ready).unwrap_or_default());
        self.taken += ready;
        if self.taken == self.received.len() {
            self.received.clear();
            self.taken = 0;
        }
        while body.len() < length {
            let missing = length - body.len();
            read_into(&mut body, missing);
        }
        body
    }

    fn fill(&mut self) {
        self.received.drain(..self.taken);
        self.taken = 0;
        read_into(&mut self.received, READ_BYTES);
    }

    /// Whether something can be read within `timeout`.
    fn wait(&self, timeout: Option<Duration>) -> bool {
        let Some(timeout) = timeout else { return true };
        let deadline = Instant::now() + timeout;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(left) = rustix::event::Timespec::try_from(left) else { return false };
            let channel = jail::channel();
            match rustix::event::poll(&mut [PollFd::new(&channel, PollFlags::IN)], Some(&left)) {
                Ok(ready) => return ready > 0,
                Err(rustix::io::Errno::INTR) => {}
                Err(_) => broken(),
            }
        }
    }

    /// Sends a frame, what was gathered before it.
    pub(crate) fn send(&mut self, frame: &[u8]) {
        self.flush();
        write_all(frame);
    }

    /// Adds a call; it leaves when the program waits, or goes on for long.
    pub(crate) fn call(&mut self, frame: &[u8]) {
        self.calls.extend_from_slice(frame);
        if self.calls.len() >= CALL_BATCH {
            self.flush();
        }
    }

    /// Sends what was gathered.
    pub(crate) fn flush(&mut self) {
        self.flush_log();
        if !self.calls.is_empty() {
            write_all(&self.calls);
            self.calls.clear();
        }
    }

    /// Adds log text; it is sent at once, with the next frame, or with more log.
    pub(crate) fn log(&mut self, level: LogLevel, text: &str) {
        if level != self.log_level {
            self.flush_log();
            self.log_level = level;
        }
        if !self.log.is_empty() {
            self.log.push('\n');
        }
        self.log.push_str(text);
        if self.log.len() >= LOG_BATCH || self.log_sent.is_none_or(|sent| sent.elapsed() >= LOG_DELAY) {
            self.flush_log();
        }
    }

    fn flush_log(&mut self) {
        if self.log.is_empty() {
            return;
        }
        write_all(&GuestFrame::encode_log(self.log_level, &self.log));
        self.log.clear();
        self.log_sent = Some(Instant::now());
    }
}

fn read_into(buffer: &mut Vec<u8>, most: usize) {
    let start = buffer.len();
    buffer.resize(start + most.min(1 << 20), 0);
    let target = buffer.get_mut(start..).unwrap_or_default();
    match rustix::io::retry_on_intr(|| rustix::io::read(jail::channel(), &mut *target)) {
        Ok(count) if count > 0 => buffer.truncate(start + count),
        _ => broken(),
    }
}

fn write_all(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match rustix::io::retry_on_intr(|| rustix::io::write(jail::channel(), bytes)) {
            Ok(count) if count > 0 => bytes = bytes.get(count..).unwrap_or_default(),
            Ok(_) => broken(),
            Err(error) if io::Error::from(error).kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => broken(),
        }
    }
}
