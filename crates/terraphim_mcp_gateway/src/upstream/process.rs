//! A server process in a process group of its own: started, watched, and ended
//! together with everything that it started.

use std::{
    collections::VecDeque,
    ffi::OsString,
    io,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::watch,
    time::{Instant, sleep, timeout, timeout_at},
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::TaskTracker,
};

use super::guard::{Guard, Guarded};
use crate::config::StdioServer;

/// Values of variables that are at least this long are masked in what a server wrote, in bytes;
/// shorter ones, such as `1` or `true`, are no secrets.
const MASKED_BYTES: usize = 6;

/// How much of the end of a server's standard error is kept, in bytes.
const STDERR_TAIL: usize = 8 << 10;

/// How long the rest of standard error may take to arrive after the end.
const STDERR_DRAIN: Duration = Duration::from_millis(500);

/// Tells the started servers how deep in a chain of gateways they are.
pub(crate) const DEPTH_VARIABLE: &str = "TERRAPHIM_DEPTH";

/// A running server process. Dropping it ends the whole group.
pub(crate) struct Process {
    exit: watch::Receiver<Option<String>>,
    stderr: Arc<Tail>,
    secrets: Vec<String>,
    stop: CancellationToken,
    _stop_on_drop: DropGuard,
}

/// What a process is started with besides its configuration.
pub(crate) struct Surroundings<'a> {
    pub(crate) base_env: &'a [(OsString, OsString)],
    pub(crate) depth: u32,
    /// How long SIGTERM may take before SIGKILL follows.
    pub(crate) grace: Duration,
    pub(crate) tasks: &'a TaskTracker,
    pub(crate) guard: &'a Arc<Guard>,
}

impl Process {
    /// Starts the server; its standard error is read from the first moment.
    pub(crate) fn spawn(
        server: &StdioServer,
        surroundings: &Surroundings<'_>,
    ) -> Result<(Self, ChildStdin, ChildStdout), String> {
        if let Some(cwd) = server.cwd.as_ref().filter(|cwd| !cwd.is_dir()) {
            return Err(format!("its `cwd` `{}` is not a folder", cwd.display()));
        }
        let mut command = std::process::Command::new(&server.command);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        command
            .args(&server.args)
            .env_clear()
            .envs(surroundings.base_env.iter().map(|(key, value)| (key, value)))
            .envs(server.env.iter().map(|(key, value)| (key, value)))
            .env(DEPTH_VARIABLE, surroundings.depth.saturating_add(1).to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        if let Some(cwd) = &server.cwd {
            command.current_dir(cwd);
        }
        let mut child = Command::from(command)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| spawn_complaint(&server.command, &error))?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let (Some(stdin), Some(stdout), Some(stderr), Some(pid)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take(), pid)
        else {
            return Err("its pipes could not be opened".into());
        };
        let tail = Arc::new(Tail::default());
        let (exited, exit) = watch::channel(None);
        let stop = CancellationToken::new();
        let watcher = Watcher {
            group: Group { pid, _guarded: surroundings.guard.watch(pid) },
            stop: stop.clone(),
            grace: surroundings.grace,
        };
        let kept = Arc::clone(&tail);
        surroundings.tasks.spawn(async move {
            let mut reader = std::pin::pin!(kept.fill(stderr));
            let mut end = std::pin::pin!(watcher.watch(child));
            let mut closed = false;
            let status = loop {
                tokio::select! {
                    status = &mut end => break status,
                    () = &mut reader, if !closed => closed = true,
                }
            };
            if !closed {
                let _ = timeout(STDERR_DRAIN, reader).await;
            }
            exited.send_replace(Some(status));
        });
        let secrets = server.env.iter().map(|(_, value)| value.clone()).collect();
        let process = Self { exit, stderr: tail, secrets, _stop_on_drop: stop.clone().drop_guard(), stop };
        Ok((process, stdin, stdout))
    }

    /// Waits until the process has ended, at most so long; answers how it ended.
    pub(crate) async fn ended(&self, within: Duration) -> Option<String> {
        let mut exit = self.exit.clone();
        let ended = timeout(within, exit.wait_for(Option::is_some)).await;
        ended.ok()?.ok()?.clone()
    }

    /// Waits until the process has ended.
    pub(crate) async fn end(&self) {
        // An error means that its watcher is gone, and the process with it.
        let _ = self.exit.clone().wait_for(Option::is_some).await;
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.exit.borrow().is_some()
    }

    /// Starts ending the process; [`Process::ended`] tells when it has.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
    }

    /// The last of its standard error, as a sentence part; empty if there was none.
    pub(crate) fn last_words(&self) -> String {
        match masked(self.stderr.text(), &self.secrets).trim() {
            "" => String::new(),
            text => format!("; its standard error ends with:\n{text}"),
        }
    }
}

/// What the entry's own variables hold may be secret, and these words may reach a model.
fn masked(text: String, secrets: &[String]) -> String {
    let long = secrets.iter().filter(|secret| secret.len() >= MASKED_BYTES);
    long.fold(text, |text, secret| text.replace(secret.as_str(), "***"))
}

fn spawn_complaint(command: &str, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            format!(
                "the command `{command}` was not found: install it, or correct `command` in the configuration"
            )
        }
        _ => format!("the command `{command}` could not be started: {error}"),
    }
}

/// Owns the process until it and its group are gone.
struct Watcher {
    group: Group,
    stop: CancellationToken,
    grace: Duration,
}

impl Watcher {
    /// Waits for the process to end, or ends it when told to; answers how it ended.
    async fn watch(self, mut child: Child) -> String {
        let status = tokio::select! {
            status = child.wait() => status,
            () = self.stop.cancelled() => {
                let deadline = Instant::now() + self.grace;
                self.group.signal(Signal::TERM);
                match timeout_at(deadline, child.wait()).await {
                    Ok(status) => {
                        self.group.dissolved(deadline).await;
                        status
                    }
                    Err(_) => {
                        self.group.signal(Signal::KILL);
                        child.wait().await
                    }
                }
            }
        };
        // Dropping the group kills what is left of it.
        match status {
            Ok(status) => described(status),
            Err(error) => format!("could not be waited for: {error}"),
        }
    }
}

fn described(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it exited with status {code}"),
        (None, Some(signal)) => format!("it was ended by signal {signal}"),
        (None, None) => "it ended".to_owned(),
    }
}

/// A process group, killed when it is dropped.
///
/// Its id may only be reused once the leader is reaped and every member is
/// gone, and process ids are given out in turn, so that a signal right after
/// the end reaches the group or nobody.
struct Group {
    pid: Pid,
    /// Dropped after the group was killed.
    _guarded: Guarded,
}

impl Group {
    fn signal(&self, signal: Signal) {
        // An error means that no member is left.
        let _ = kill_process_group(self.pid, signal);
    }

    /// Waits until no member is left, at most until `deadline`.
    async fn dissolved(&self, deadline: Instant) {
        const POLL: Duration = Duration::from_millis(10);
        while Instant::now() < deadline && test_kill_process_group(self.pid).is_ok() {
            sleep(POLL).await;
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// The end of what a server wrote to its standard error.
#[derive(Default)]
struct Tail {
    bytes: Mutex<VecDeque<u8>>,
}

impl Tail {
    async fn fill(&self, mut stderr: impl AsyncRead + Unpin) {
        let mut chunk = [0; 4096];
        while let Ok(length @ 1..) = stderr.read(&mut chunk).await {
            let mut bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.extend(chunk.iter().take(length));
            let excess = bytes.len().saturating_sub(STDERR_TAIL);
            bytes.drain(..excess);
        }
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        let (front, back) = bytes.as_slices();
        let text = String::from_utf8_lossy(&[front, back].concat()).into_owned();
        text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_variables_are_masked() {
        let secrets = ["s3cr3t-token".to_owned(), "1".to_owned()];
        assert_eq!(masked("bad s3cr3t-token 1".into(), &secrets), "bad *** 1");
    }

    #[tokio::test]
    async fn only_the_end_of_standard_error_is_kept() {
        let tail = Tail::default();
        let text = (0..10_000).map(|n| format!("line {n}\n")).collect::<String>();
        tail.fill(text.as_bytes()).await;
        let kept = tail.text();
        assert_eq!(kept.len(), STDERR_TAIL);
        assert!(kept.ends_with("line 9999\n"));
        tail.fill(&b"\xff\x1b[31m red"[..]).await;
        assert!(tail.text().ends_with("\u{fffd}[31m red"));
    }
}
