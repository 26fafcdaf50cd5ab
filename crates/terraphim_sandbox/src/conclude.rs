//! The end of a run's process, and a death without a last word put into words.

use std::time::Duration;

use terraphim_sandbox_protocol::{EXIT_BAD_CHANNEL, EXIT_JAIL, EXIT_OUT_OF_MEMORY};

use crate::{
    process::{ChildExit, RunProcess},
    run::Ending,
};

/// How long a process that has closed its channel may take to end.
const EXIT_GRACE: Duration = Duration::from_millis(50);

/// How long the zygote may take to report the end of a killed process.
const REAP_DEADLINE: Duration = Duration::from_secs(2);

/// Takes the measure of the process and ends it, and puts a death without a
/// last word into words. `is_awaited` says that nothing of it may be there afterwards.
pub(crate) async fn conclude(
    mut process: RunProcess,
    ending: Option<Ending>,
    started: bool,
    has_threads: bool,
    is_awaited: bool,
) -> (Ending, (Duration, u64)) {
    // After its last word a process only waits to be ended, and dropping it ends
    // any other. Nobody waits until the kernel has taken a large memory down.
    if ending.is_some()
        && let Some(used) = process.measure(has_threads)
    {
        if is_awaited {
            // Nobody is to write any more when the files are looked at, and what a
            // supervisor's processes have used is known when it is reaped.
            process.kill();
            let ended = tokio::time::timeout(REAP_DEADLINE, process.ended()).await;
            let Ok(Some(exit)) = ended else { return (Ending::Lost, used) };
            // With what it had started and waited for.
            let used = (used.0.max(exit.cpu), used.1.max(exit.peak_bytes));
            return (ending.unwrap_or(Ending::Lost), used);
        }
        return (ending.unwrap_or(Ending::Lost), used);
    }
    let exit = match &ending {
        // The channel is closed: it is ending by itself.
        None => tokio::time::timeout(EXIT_GRACE, process.ended()).await.ok(),
        Some(_) => None,
    };
    let mut was_killed = false;
    let exit = match exit {
        Some(exit) => Some(exit),
        None => {
            was_killed = true;
            process.kill();
            tokio::time::timeout(REAP_DEADLINE, process.ended()).await.ok()
        }
    };
    let exit = exit.flatten();
    let ending = match (ending, &exit) {
        (Some(ending), _) => ending,
        // It closed its channel and went on.
        (None, Some(exit)) if was_killed && is_kill(exit.status) => Ending::Protocol(None),
        (None, Some(exit)) => died(exit.status, started),
        (None, None) => Ending::Lost,
    };
    (ending, exit.map_or((Duration::ZERO, 0), |ChildExit { cpu, peak_bytes, .. }| (cpu, peak_bytes)))
}

fn is_kill(status: i32) -> bool {
    libc::WIFSIGNALED(status) && libc::WTERMSIG(status) == libc::SIGKILL
}

fn died(status: i32, started: bool) -> Ending {
    if libc::WIFSIGNALED(status) {
        return match libc::WTERMSIG(status) {
            libc::SIGXCPU => Ending::Cpu,
            // Nobody here sent it, so the kernel did: out of memory.
            libc::SIGKILL => Ending::Memory,
            libc::SIGSYS => Ending::Forbidden,
            signal => Ending::Crashed { started, signal },
        };
    }
    match libc::WEXITSTATUS(status) {
        EXIT_OUT_OF_MEMORY => Ending::Memory,
        EXIT_BAD_CHANNEL => Ending::Protocol(None),
        EXIT_JAIL => Ending::Lost,
        _ => Ending::Crashed { started, signal: 0 },
    }
}
