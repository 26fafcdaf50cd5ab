//! Runs a program to its end: nothing on its standard input, its output kept
//! within a bound, a deadline after which its process group is killed.

use std::{
    io::Read,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

use crate::error::Error;

/// How much of each output stream is kept, in bytes.
const MAX_OUTPUT: u64 = 64 << 20;

/// How long an output may stay open after its process has ended.
const DRAIN: Duration = Duration::from_secs(5);

/// How often the end of a process is looked for.
const TICK: Duration = Duration::from_millis(10);

/// A program that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code; none if a signal ended it.
    pub(crate) code: Option<i32>,
    /// Its standard output.
    pub(crate) stdout: String,
    /// Its standard error.
    pub(crate) stderr: String,
    /// How long it ran.
    pub(crate) elapsed: Duration,
}

/// A command as one would type it.
pub(crate) fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs a command in a process group of its own.
pub(crate) fn capture(command: &mut Command, deadline: Duration) -> Result<Ended, Error> {
    command.process_group(0);
    capture_watched(command, deadline, &mut |_| ())
}

/// Runs a command as it is; `watch` is called with its process id again and
/// again while it runs.
pub(crate) fn capture_watched(
    command: &mut Command,
    deadline: Duration,
    watch: &mut dyn FnMut(u32),
) -> Result<Ended, Error> {
    let began = Instant::now();
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(Error::io(format!("start `{}`", line(command))))?;
    let stdout = Stream::read(child.stdout.take());
    let stderr = Stream::read(child.stderr.take());
    let Some(status) = wait(&mut child, began + deadline, watch)? else {
        end_group(&mut child);
        return Err(Error::Deadline { command: line(command), seconds: deadline.as_secs() });
    };
    let elapsed = began.elapsed();
    Ok(Ended { code: status.code(), stdout: stdout.text(), stderr: stderr.text(), elapsed })
}

/// The exit status, or none at the deadline.
fn wait(child: &mut Child, until: Instant, watch: &mut dyn FnMut(u32)) -> Result<Option<ExitStatus>, Error> {
    loop {
        watch(child.id());
        if let Some(status) = child.try_wait().map_err(Error::io("wait for a process"))? {
            return Ok(Some(status));
        }
        if Instant::now() > until {
            return Ok(None);
        }
        thread::park_timeout(TICK);
    }
}

fn end_group(child: &mut Child) {
    kill(&format!("-{}", child.id()));
    // The group may be another's if the child left it; the child itself goes in any case.
    let _ = child.kill();
    let _ = child.wait();
}

/// Sends SIGKILL to a process, or with a minus sign to a process group.
pub(crate) fn kill(target: &str) {
    // It fails only where the target is gone already.
    let _ = Command::new("kill").args(["-KILL", "--", target]).stderr(Stdio::null()).status();
}

/// An output stream that is read in the background.
struct Stream {
    bytes: Arc<Mutex<Vec<u8>>>,
    closed: Receiver<()>,
}

impl Stream {
    fn read(source: Option<impl Read + Send + 'static>) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let (open, closed) = channel();
        let kept = Arc::clone(&bytes);
        thread::spawn(move || {
            let _open = open;
            let Some(source) = source else { return };
            let mut source = source.take(MAX_OUTPUT);
            let mut piece = [0; 16 << 10];
            while let Ok(length @ 1..) = source.read(&mut piece) {
                let piece = piece.get(..length).unwrap_or_default();
                kept.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(piece);
            }
        });
        Self { bytes, closed }
    }

    /// What arrived; a stream that a grandchild keeps open is not waited for long.
    fn text(self) -> String {
        let waited = self.closed.recv_timeout(DRAIN);
        debug_assert_ne!(waited, Ok(()), "nothing is ever sent");
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut text = String::from_utf8_lossy(&bytes).into_owned();
        if waited == Err(RecvTimeoutError::Timeout) {
            text.push_str("\n(another process keeps this stream open)");
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_streams_and_the_code_are_kept() {
        let mut command = Command::new("sh");
        command.args(["-c", "echo out; echo err >&2; exit 7"]);
        let ended = capture(&mut command, Duration::from_secs(20)).expect("it runs");
        assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(7), "out\n", "err\n"));
        assert_eq!(line(&command), "sh -c echo out; echo err >&2; exit 7");
    }

    #[test]
    fn the_deadline_ends_the_whole_group() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 600 & wait"]);
        let mut seen = 0;
        command.process_group(0);
        let ended = capture_watched(&mut command, Duration::from_millis(200), &mut |id| seen = id);
        assert!(matches!(ended, Err(Error::Deadline { .. })), "{ended:?}");
        let group = format!("-{seen}");
        let mut alive = Command::new("kill");
        alive.args(["-0", "--", &group]).stderr(Stdio::null());
        let gone_by = Instant::now() + Duration::from_secs(10);
        while alive.status().expect("kill runs").success() {
            assert!(Instant::now() < gone_by, "the group outlives its deadline");
            thread::park_timeout(TICK);
        }
    }
}
