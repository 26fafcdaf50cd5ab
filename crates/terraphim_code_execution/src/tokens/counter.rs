//! The host's side of the token helper: one task owns the process, starts it,
//! keeps it warm, restarts it once per request and ends it when idle.
//!
//! An exchange that is not completed kills its helper, so the next request
//! never reads an answer that was meant for another.

use std::{
    ffi::OsString,
    io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{Arc, OnceLock},
    time::Duration,
};

use terraphim_types::TokenCount;
use tokio::{
    io::{AsyncRead, AsyncWrite, BufReader},
    process::{Child, Command},
    runtime::Handle,
    sync::{mpsc, oneshot},
    time::{Instant, timeout, timeout_at},
};

use super::wire::{self, FrameError};

/// Requests that wait for the helper; further callers wait for a place, within their deadline.
const QUEUE: usize = 64;

/// How long a helper that was killed or broke off may take to be gone.
const REAP: Duration = Duration::from_secs(1);

/// How the helper process is started: a program that runs [`super::serve_helper`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HelperCommand {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<OsString>,
}

/// Why texts could not be counted. After every variant the counter stays
/// usable, except after [`TokenError::Stopped`].
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The request exceeds a bound; nothing was started.
    #[error("the request for token counts is too large")]
    Request {
        /// The bound.
        #[source]
        source: FrameError,
    },
    /// The helper cannot be started.
    #[error("the token helper `{}` cannot be started: check that it exists and may be executed", program.display())]
    Start {
        /// The executable.
        program: PathBuf,
        /// The operating system's reason.
        #[source]
        source: io::Error,
    },
    /// The helper ended in the middle of a request, and so did its successor.
    #[error("the token helper broke off ({}), also after a restart", ending(*status))]
    BrokeOff {
        /// How the process ended, if it did within a second.
        status: Option<ExitStatus>,
        /// What reading or writing said.
        #[source]
        source: io::Error,
    },
    /// The helper's answer is wrong, and so is its successor's.
    #[error(
        "the token helper answers wrongly, also after a restart: check that its command is the right one"
    )]
    Answer {
        /// What is wrong with it.
        #[source]
        source: FrameError,
    },
    /// The texts were not counted in time; the helper was killed.
    #[error("the tokens were not counted within {} s", limit.as_secs_f64())]
    Deadline {
        /// The time that the request had, waiting included.
        limit: Duration,
    },
    /// The runtime that the counter was first used on is gone.
    #[error("the token counter has stopped with its runtime: make a new one")]
    Stopped,
}

fn ending(status: Option<ExitStatus>) -> String {
    status.map_or_else(|| "still running".to_owned(), |status| status.to_string())
}

/// Counts tokens by o200k in a helper process.
///
/// The process starts with the first request, serves one request at a time,
/// and is killed after 60 s without one, or when the counter is dropped.
/// Share it behind an `Arc`; it belongs to the Tokio runtime that first uses it.
pub struct TokenCounter {
    launch: Arc<Launch>,
    timing: Timing,
    requests: OnceLock<mpsc::Sender<Message>>,
}

type Launch = dyn Fn() -> Result<Helper, TokenError> + Send + Sync;

#[derive(Debug, Clone, Copy)]
struct Timing {
    deadline: Duration,
    idle: Duration,
}

const TIMING: Timing = Timing { deadline: Duration::from_secs(30), idle: Duration::from_secs(60) };

impl TokenCounter {
    /// A counter whose helper is started by `command`. Starts nothing yet.
    pub fn new(command: HelperCommand) -> Self {
        Self::launched_by(move || Helper::start(&command), TIMING)
    }

    fn launched_by(
        launch: impl Fn() -> Result<Helper, TokenError> + Send + Sync + 'static,
        timing: Timing,
    ) -> Self {
        Self { launch: Arc::new(launch), timing, requests: OnceLock::new() }
    }

    /// Starts the helper in the background, if none is running, and does not
    /// wait for it. Outside a Tokio runtime this does nothing; a failure shows
    /// at the next count.
    pub fn warm_up(&self) {
        if Handle::try_current().is_ok() {
            // A full queue means that the helper is warm already.
            let _ = self.requests().try_send(Message::WarmUp);
        }
    }

    /// The tokens of each text, in the order of `texts`.
    ///
    /// Has 30 s, waiting for other requests included. Dropping the future
    /// harms no other request.
    ///
    /// # Errors
    /// See [`TokenError`]; at most [`super::MAX_REQUEST_BYTES`] of text and
    /// [`super::MAX_TEXTS`] texts go into one request.
    pub async fn count(&self, texts: Vec<String>) -> Result<Vec<TokenCount>, TokenError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        wire::check_request(&texts).map_err(|source| TokenError::Request { source })?;
        let limit = self.timing.deadline;
        let deadline = Instant::now() + limit;
        let (reply, answer) = oneshot::channel();
        let job = Job { texts, deadline, reply };
        let exchange = async {
            self.requests().send(Message::Count(job)).await.map_err(|_| TokenError::Stopped)?;
            answer.await.map_err(|_| TokenError::Stopped)?
        };
        timeout_at(deadline, exchange).await.unwrap_or(Err(TokenError::Deadline { limit }))
    }

    fn requests(&self) -> &mpsc::Sender<Message> {
        self.requests.get_or_init(|| {
            let (sender, inbox) = mpsc::channel(QUEUE);
            let keeper = Keeper { launch: Arc::clone(&self.launch), timing: self.timing, helper: None };
            tokio::spawn(keeper.keep(inbox));
            sender
        })
    }
}

enum Message {
    WarmUp,
    Count(Job),
}

struct Job {
    texts: Vec<String>,
    deadline: Instant,
    reply: oneshot::Sender<Result<Vec<TokenCount>, TokenError>>,
}

/// The task that owns the helper; it ends with the counter.
struct Keeper {
    launch: Arc<Launch>,
    timing: Timing,
    helper: Option<Helper>,
}

impl Keeper {
    async fn keep(mut self, mut inbox: mpsc::Receiver<Message>) {
        loop {
            let message = match self.helper {
                None => inbox.recv().await,
                Some(_) => match timeout(self.timing.idle, inbox.recv()).await {
                    Ok(message) => message,
                    Err(_) => {
                        self.end_helper().await;
                        continue;
                    }
                },
            };
            match message {
                Some(Message::WarmUp) => self.warm_up(),
                Some(Message::Count(job)) => self.serve(job).await,
                None => break,
            }
        }
        self.end_helper().await;
    }

    fn warm_up(&mut self) {
        if self.helper.is_none() {
            match (self.launch)() {
                Ok(helper) => self.helper = Some(helper),
                Err(error) => tracing::debug!(%error, "the token helper did not warm up"),
            }
        }
    }

    async fn serve(&mut self, job: Job) {
        if job.reply.is_closed() {
            return;
        }
        let limit = self.timing.deadline;
        let counted = timeout_at(job.deadline, self.count(&job.texts)).await;
        // A caller that has gone meanwhile wants no answer.
        let _ = job.reply.send(counted.unwrap_or(Err(TokenError::Deadline { limit })));
    }

    async fn count(&mut self, texts: &[String]) -> Result<Vec<TokenCount>, TokenError> {
        match self.attempt(texts).await {
            Err(error @ (TokenError::BrokeOff { .. } | TokenError::Answer { .. })) => {
                tracing::debug!(%error, "the token helper is restarted");
                self.attempt(texts).await
            }
            counted => counted,
        }
    }

    /// One exchange. The helper is kept only if it completes: on an error, and
    /// where the deadline drops this future, it is dropped and thereby killed.
    async fn attempt(&mut self, texts: &[String]) -> Result<Vec<TokenCount>, TokenError> {
        let mut helper = match self.helper.take() {
            Some(helper) => helper,
            None => (self.launch)()?,
        };
        match helper.exchange(texts).await {
            Ok(Ok(counts)) => {
                self.helper = Some(helper);
                Ok(counts)
            }
            Ok(Err(source)) => {
                helper.kill().await;
                Err(TokenError::Answer { source })
            }
            Err(source) => Err(TokenError::BrokeOff { status: helper.status().await, source }),
        }
    }

    async fn end_helper(&mut self) {
        if let Some(helper) = self.helper.take() {
            helper.kill().await;
        }
    }
}

/// A helper that is running, or was when last heard of.
struct Helper {
    stdin: Box<dyn AsyncWrite + Send + Unpin>,
    stdout: BufReader<Box<dyn AsyncRead + Send + Unpin>>,
    /// Killed when dropped.
    process: Option<Child>,
}

impl Helper {
    fn start(command: &HelperCommand) -> Result<Self, TokenError> {
        let failed = |source| TokenError::Start { program: command.program.clone(), source };
        let mut process = Command::new(&command.program)
            .args(&command.args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(failed)?;
        let (Some(stdin), Some(stdout)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(failed(io::ErrorKind::BrokenPipe.into()));
        };
        Ok(Self::over(stdin, stdout, Some(process)))
    }

    fn over(
        stdin: impl AsyncWrite + Send + Unpin + 'static,
        stdout: impl AsyncRead + Send + Unpin + 'static,
        process: Option<Child>,
    ) -> Self {
        Self { stdin: Box::new(stdin), stdout: BufReader::new(Box::new(stdout)), process }
    }

    /// Writes and reads at the same time, so that a helper which answers before
    /// it has read everything blocks nobody.
    async fn exchange(&mut self, texts: &[String]) -> io::Result<Result<Vec<TokenCount>, FrameError>> {
        let write = wire::write_request(&mut self.stdin, texts);
        // A wrong answer ends the exchange at once, although the request may not be written yet.
        let read = async {
            match wire::read_answer(&mut self.stdout, texts).await {
                Ok(Ok(counts)) => Ok(counts),
                Ok(Err(wrong)) => Err(Ok(wrong)),
                Err(error) => Err(Err(error)),
            }
        };
        match tokio::try_join!(async { write.await.map_err(Err) }, read) {
            Ok(((), counts)) => Ok(Ok(counts)),
            Err(Ok(wrong)) => Ok(Err(wrong)),
            Err(Err(error)) => Err(error),
        }
    }

    /// How the process ended, after its pipes broke; it is killed if it did not end.
    async fn status(mut self) -> Option<ExitStatus> {
        let status = timeout(REAP, self.process.as_mut()?.wait()).await.ok()?;
        status.ok()
    }

    async fn kill(mut self) {
        if let Some(process) = &mut self.process {
            // Both fail only if the process has ended; dropping it kills it otherwise.
            let _ = process.start_kill();
            let _ = timeout(REAP, process.wait()).await;
        }
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
pub(super) use tests::in_process;
