//! The runs of one connection: each is a task of its own, so that it can go on
//! after the call that started it has been answered. A bounded number is kept,
//! and all of them end with the connection.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use terraphim_code_execution::{ExecuteRequest, Executor, Outcome, tokens::one_line};
use terraphim_types::RunId;
use tokio::{
    sync::watch,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::answer;

/// Most runs that are kept, those under way included.
const MAX_RUNS: usize = 64;

/// How long the outcome of an ended run is kept.
const KEPT_FOR: Duration = Duration::from_secs(600);

/// How long an answer waits for the token count after its run has ended.
const COUNT_PATIENCE: Duration = Duration::from_millis(300);

/// How long the end of a connection waits for its killed runs to be gone.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// Every place is taken by a run that is under way.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MAX_RUNS} runs are under way: wait for one of them before the next")]
pub(crate) struct TooManyRuns;

/// The runs of one connection.
pub(crate) struct Runs {
    executor: Executor,
    life: CancellationToken,
    tasks: TaskTracker,
    kept: Mutex<VecDeque<Arc<Run>>>,
}

/// One run, under way or ended.
pub(crate) struct Run {
    /// The name by which the client knows it.
    pub(crate) id: RunId,
    /// When it was asked for.
    pub(crate) began: Instant,
    /// Kills it.
    pub(crate) cancel: CancellationToken,
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
        Self { executor, life, tasks: TaskTracker::new(), kept: Mutex::default() }
    }

    /// Starts a run. It goes on until it ends, is cancelled, or the connection ends.
    pub(crate) fn start(&self, request: ExecuteRequest) -> Result<Arc<Run>, TooManyRuns> {
        let mut kept = self.kept();
        if kept.len() >= MAX_RUNS {
            let ended = kept.iter().position(|run| run.is_over()).ok_or(TooManyRuns)?;
            kept.remove(ended);
        }
        let (stage, watched) = watch::channel(Stage::Running);
        let run = Arc::new(Run {
            id: request.run_id.clone(),
            began: Instant::now(),
            cancel: self.life.child_token(),
            stage: watched,
        });
        kept.push_back(Arc::clone(&run));
        drop(kept);
        self.tasks.spawn(carry_out(self.executor.clone(), request, run.cancel.clone(), stage));
        Ok(run)
    }

    /// The run of that name, if it is kept.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Run>> {
        self.kept().iter().find(|run| run.id.as_str() == id).map(Arc::clone)
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
