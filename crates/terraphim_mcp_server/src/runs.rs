//! The runs of one connection: each is a task of its own, so that it can go on
//! after the call that started it has been answered. A bounded number is kept,
//! and all of them end with the connection. Which of them has a place is the
//! pool's decision; those that have none wait here and hold their programs.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use terraphim_code_execution::{ClientId, ExecuteRequest, Executor, Outcome, tokens::one_line};
use terraphim_types::RunId;
use tokio::{
    sync::{Semaphore, watch},
    time::{Instant, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::answer;

/// Most runs that are kept, those under way and those that wait for a place included.
const MAX_RUNS: usize = 1_024;

/// Most ended runs that are kept after their outcome was answered.
const MAX_ANSWERED: usize = 64;

/// Most runs whose tokens are counted, or wait for it, at once: they hold what they called.
const MAX_COUNTING: usize = 32;

/// How long the outcome of an ended run is kept.
const KEPT_FOR: Duration = Duration::from_secs(600);

/// How long an answer waits for the token count after its run has ended.
const COUNT_PATIENCE: Duration = Duration::from_millis(300);

/// How long the end of a connection waits for its killed runs to be gone.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// Why a run does not begin.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("{MAX_RUNS} runs are under way: wait for one of them before the next")]
    TooMany,
    #[error("terraphim is ending and begins no new run: connect again, then send the program again")]
    Ending,
}

/// The runs of one connection.
pub(crate) struct Runs {
    executor: Executor,
    life: CancellationToken,
    tasks: TaskTracker,
    kept: Mutex<VecDeque<Arc<Run>>>,
    client: ClientId,
    /// Whether no run begins any more.
    closed: AtomicBool,
    /// Calls that wait for a run.
    open: watch::Sender<usize>,
    counting: Arc<Semaphore>,
}

/// A call that waits for a run, as long as it does.
pub(crate) struct OpenCall<'r> {
    open: &'r watch::Sender<usize>,
}

impl Drop for OpenCall<'_> {
    fn drop(&mut self) {
        self.open.send_modify(|open| *open = open.saturating_sub(1));
    }
}

/// One run, under way or ended.
pub(crate) struct Run {
    /// The name by which the client knows it.
    pub(crate) id: RunId,
    /// When it was asked for.
    pub(crate) began: Instant,
    /// Kills it.
    pub(crate) cancel: CancellationToken,
    answered: AtomicBool,
    stage: watch::Receiver<Stage>,
}

#[derive(Clone)]
enum Stage {
    Running,
    Ended(Ended),
}

/// An ended run.
#[derive(Clone)]
pub(crate) struct Ended {
    /// What came out.
    pub(crate) outcome: Arc<Outcome>,
    /// Files that it left and the outcome does not name.
    pub(crate) more_files: usize,
    /// What is known of its tokens.
    pub(crate) count: Count,
    at: Instant,
}

/// What is known of a run's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Count {
    /// They are being counted.
    Pending,
    /// The account in one line.
    Line(String),
    /// They cannot be counted.
    Unavailable,
}

/// What waiting for a run came to.
pub(crate) enum Waited {
    /// It has ended.
    Ended(Ended),
    /// It is still under way.
    Running,
    /// It was killed, and has no outcome.
    Killed,
}

impl Runs {
    /// No runs yet; all that will be started end with `life`.
    pub(crate) fn new(executor: Executor, life: CancellationToken) -> Self {
        Self {
            executor,
            life,
            tasks: TaskTracker::new(),
            kept: Mutex::default(),
            client: ClientId::new("this connection"),
            closed: AtomicBool::new(false),
            open: watch::Sender::new(0),
            counting: Arc::new(Semaphore::new(MAX_COUNTING)),
        }
    }

    /// Starts a run. It goes on until it ends, is cancelled, or the connection ends.
    pub(crate) fn start(&self, request: ExecuteRequest) -> Result<Arc<Run>, Refused> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(Refused::Ending);
        }
        let request = ExecuteRequest { client: Some(self.client.clone()), ..request };
        let mut kept = self.kept();
        if kept.len() >= MAX_RUNS {
            let ended = kept.iter().position(|run| run.is_over()).ok_or(Refused::TooMany)?;
            kept.remove(ended);
        }
        let (stage, watched) = watch::channel(Stage::Running);
        let run = Arc::new(Run {
            id: request.run_id.clone(),
            began: Instant::now(),
            cancel: self.life.child_token(),
            answered: AtomicBool::new(false),
            stage: watched,
        });
        kept.push_back(Arc::clone(&run));
        drop(kept);
        let counting = Arc::clone(&self.counting);
        self.tasks.spawn(carry_out(self.executor.clone(), request, run.cancel.clone(), stage, counting));
        Ok(run)
    }

    /// The run of that name, if it is kept.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Run>> {
        self.kept().iter().find(|run| run.id.as_str() == id).map(Arc::clone)
    }

    /// Notes that a call waits for a run, as long as the answer lives.
    pub(crate) fn open_call(&self) -> OpenCall<'_> {
        self.open.send_modify(|open| *open += 1);
        OpenCall { open: &self.open }
    }

    /// Notes that the outcome of a run is being answered; older ones are let go.
    pub(crate) fn note_answered(&self, run: &Run) {
        run.answered.store(true, Ordering::SeqCst);
        drop(self.kept());
    }

    /// Lets no run begin any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.tasks.close();
    }

    /// Whether the runs are being ended.
    pub(crate) fn is_ending(&self) -> bool {
        self.life.is_cancelled()
    }

    /// Waits until no call waits for a run.
    pub(crate) async fn answered(&self) {
        // The sender lives as long as this future.
        let _ = self.open.subscribe().wait_for(|open| *open == 0).await;
    }

    /// Waits until every run has ended, after [`Runs::close`].
    pub(crate) async fn finished(&self) {
        self.tasks.wait().await;
    }

    /// Kills every run and waits until they are gone.
    pub(crate) async fn end(&self) {
        self.life.cancel();
        self.tasks.close();
        if timeout(END_PATIENCE, self.tasks.wait()).await.is_err() {
            tracing::warn!("a run did not end with its connection");
        }
    }

    /// The kept runs, without those that have outlived their time or were killed.
    fn kept(&self) -> MutexGuard<'_, VecDeque<Arc<Run>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|run| match &*run.stage.borrow() {
            Stage::Ended(ended) => ended.at.elapsed() < KEPT_FOR,
            Stage::Running => !run.is_gone(),
        });
        let answered = kept.iter().filter(|run| run.is_answered()).count();
        let mut surplus = answered.saturating_sub(MAX_ANSWERED);
        kept.retain(|run| {
            let goes = surplus > 0 && run.is_answered();
            surplus -= usize::from(goes);
            !goes
        });
        kept
    }
}

impl Run {
    /// Waits for the end of the run, and a moment longer for its token count.
    pub(crate) async fn wait(&self, patience: Duration) -> Waited {
        let mut stage = self.stage.clone();
        let ended = stage.wait_for(|stage| matches!(stage, Stage::Ended(_)));
        let ended = timeout(patience, async { ended.await.map(|stage| stage.clone()) }).await;
        let ended = match ended {
            Err(_) => return Waited::Running,
            Ok(Ok(Stage::Ended(ended))) => ended,
            Ok(Ok(Stage::Running) | Err(_)) => return Waited::Killed,
        };
        let counted = stage
            .wait_for(|stage| matches!(stage, Stage::Ended(Ended { count, .. }) if *count != Count::Pending));
        let counted =
            timeout_at(ended.at + COUNT_PATIENCE, async { counted.await.map(|stage| stage.clone()) });
        match counted.await {
            Ok(Ok(Stage::Ended(counted))) => Waited::Ended(counted),
            _ => Waited::Ended(ended),
        }
    }

    fn is_answered(&self) -> bool {
        self.answered.load(Ordering::SeqCst)
    }

    /// Whether it has ended, with or without an outcome.
    fn is_over(&self) -> bool {
        matches!(&*self.stage.borrow(), Stage::Ended(_)) || self.is_gone()
    }

    /// Whether its task is gone; without an outcome, it was killed.
    fn is_gone(&self) -> bool {
        self.stage.has_changed().is_err()
    }
}

/// Runs the program and counts its tokens. When cancelled it stops at once:
/// dropping the execution kills the program's process.
async fn carry_out(
    executor: Executor,
    request: ExecuteRequest,
    cancel: CancellationToken,
    stage: watch::Sender<Stage>,
    counting: Arc<Semaphore>,
) {
    // The helper's start overlaps the run.
    executor.warm_up_counter();
    let mut execution = tokio::select! {
        biased;
        () = cancel.cancelled() => return,
        execution = executor.execute(request, &cancel) => execution,
    };
    let more_files = answer::cut(&mut execution.outcome);
    let (outcome, at) = (Arc::new(execution.outcome.clone()), Instant::now());
    let ended = |count| Stage::Ended(Ended { outcome: Arc::clone(&outcome), more_files, count, at });
    stage.send_replace(ended(Count::Pending));
    // An answer waits no longer than that for its count; what waits holds the texts of its run.
    let Ok(Ok(_turn)) = timeout(COUNT_PATIENCE, counting.acquire()).await else {
        stage.send_replace(ended(Count::Unavailable));
        return;
    };
    let counted = tokio::select! {
        biased;
        () = cancel.cancelled() => return,
        counted = executor.account(&mut execution) => counted,
    };
    if let Err(error) = &counted {
        tracing::warn!(error = error as &dyn std::error::Error, "the tokens of a run were not counted");
    }
    let count =
        execution.outcome.tokens.as_ref().map_or(Count::Unavailable, |report| Count::Line(one_line(report)));
    stage.send_replace(ended(count));
}
