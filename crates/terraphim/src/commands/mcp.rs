//! `terraphim mcp`.

use std::{sync::Arc, time::Duration};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use terraphim_mcp_server::{Expose, FaceConfig, Stop, serve_stdio};
use terraphim_sandbox::{Pool, PoolConfig};
use terraphim_types::Language;
use tokio::{
    signal::unix::{SignalKind, signal},
    time::sleep,
};

use crate::{
    cli::{self, Global, McpArgs},
    commands::block_on,
    compose,
    error::{CliError, Exit},
    settings::Settings,
};

/// How long the answers of killed runs may take to be written, for a client that does not read.
const LAST_WORDS: Duration = Duration::from_secs(1);

pub(crate) fn mcp(global: &Global, args: &McpArgs) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    block_on(async {
        let stop = Stop::default();
        tokio::spawn(stop_on_signals(stop.clone()));
        let pool = Pool::with_runtimes(PoolConfig::default(), settings.runtimes(global)?);
        let warming = pool.clone();
        tokio::spawn(async move {
            if let Err(error) = warming.warm_up(Language::TypeScript).await {
                tracing::error!(%error, "the sandbox is not ready");
            }
        });
        let notes = compose::notes(&settings)?;
        let gateway = compose::gateway_over(&settings, notes.clone());
        let executor = compose::executor(&settings, global, pool, gateway.clone())?;
        let expose = match args.expose {
            cli::Expose::Code => Expose::Code,
            cli::Expose::Tools => Expose::Tools,
            cli::Expose::All => Expose::All,
        };
        let config = FaceConfig {
            expose,
            resources: Some(Arc::new(notes)),
            stop: stop.clone(),
            client_gone: Some(nobody_reads),
            ..FaceConfig::new(executor)
        };
        let served = tokio::select! {
            served = serve_stdio(config, tokio::io::stdin(), tokio::io::stdout()) => served,
            () = async { stop.now.cancelled().await; sleep(LAST_WORDS).await } => Ok(()),
        };
        gateway.shutdown().await;
        served?;
        Ok(Exit::Success)
    })?
}

/// Lets runs end at the first signal to end, and kills them at the second.
async fn stop_on_signals(stop: Stop) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers a signal ends the process as it does any other.
        return;
    };
    for step in [&stop.drain, &stop.now] {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        step.cancel();
    }
}

/// Whether the reader of standard output is gone.
fn nobody_reads() -> bool {
    let stdout = std::io::stdout();
    let mut watched = [PollFd::new(&stdout, PollFlags::empty())];
    let polled = poll(&mut watched, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
    let gone = PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL;
    polled.is_ok() && watched.iter().any(|watched| watched.revents().intersects(gone))
}
