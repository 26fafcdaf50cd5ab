//! `terraphim mcp`.

use std::time::Duration;

use terraphim_mcp_server::{Expose, FaceConfig, serve_stdio};
use terraphim_sandbox::{Pool, PoolConfig};

use crate::{
    cli::{self, Global, McpArgs},
    commands::block_on,
    compose,
    error::{CliError, Exit},
    settings::Settings,
};

/// After this long a run goes on in the background and is waited for by `wait`;
/// it is below the time-outs that clients have for a tool.
const SOFT_LIMIT: Duration = Duration::from_secs(50);

pub(crate) fn mcp(global: &Global, args: &McpArgs) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    block_on(async {
        let pool = Pool::new(PoolConfig::default());
        let warming = pool.clone();
        tokio::spawn(async move {
            if let Err(error) = warming.warm_up().await {
                tracing::error!(%error, "the sandbox is not ready");
            }
        });
        let gateway = compose::gateway(&settings)?;
        let executor = compose::executor(&settings, global, pool, gateway.clone())?;
        let expose = match args.expose {
            cli::Expose::Code => Expose::Code,
            cli::Expose::Tools => Expose::Tools,
            cli::Expose::All => Expose::All,
        };
        let config = FaceConfig { executor, soft_limit: SOFT_LIMIT, expose };
        let served = tokio::select! {
            served = serve_stdio(config, tokio::io::stdin(), tokio::io::stdout()) => served,
            () = terminated() => Ok(()),
        };
        gateway.shutdown().await;
        served?;
        Ok(Exit::Success)
    })?
}

/// Returns when the process is asked to end.
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => drop(terminate.recv().await),
        Err(_) => std::future::pending().await,
    }
}
