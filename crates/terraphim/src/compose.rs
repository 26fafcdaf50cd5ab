//! Puts the parts together.

use std::{ffi::OsString, sync::Arc};

use terraphim_code_execution::{Executor, ExecutorConfig, tokens::HelperCommand};
use terraphim_mcp_gateway::{Gateway, GatewayConfig, GuardCommand, Provider, Timeouts};
use terraphim_notes::{Library, NotesServer};
use terraphim_sandbox::Pool;

use crate::{cli::Global, error::CliError, settings::Settings};

/// The server over the user's notes.
pub(crate) fn notes(settings: &Settings) -> Result<NotesServer, CliError> {
    let wrong = |source| CliError::Roles { path: settings.roles_named_in.clone(), source };
    let library = Library::new(settings.notes.clone()).map_err(wrong)?;
    NotesServer::over(library, settings.managed.clone()).map_err(wrong)
}

/// The gateway over the user's servers and the notes.
pub(crate) fn gateway(settings: &Settings) -> Result<Arc<Gateway>, CliError> {
    Ok(gateway_over(settings, notes(settings)?))
}

/// The gateway over the user's servers and these notes.
pub(crate) fn gateway_over(settings: &Settings, notes: NotesServer) -> Arc<Gateway> {
    let config = GatewayConfig {
        config: settings.mcp.clone(),
        cache_dir: settings.folders.cache.as_ref().map(|cache| cache.join("definitions")),
        observing: settings.observing(),
        policy: settings.policy.clone(),
        base_env: settings.environment.clone(),
        depth: settings.depth,
        timeouts: Timeouts::default(),
        guard: Some(GuardCommand {
            program: settings.executable.clone(),
            args: vec![OsString::from("server-guard")],
        }),
    };
    let providers: Vec<Arc<dyn Provider>> = vec![Arc::new(notes)];
    Arc::new(Gateway::new(config, providers))
}

/// The command that counts tokens.
pub(crate) fn token_helper(settings: &Settings) -> HelperCommand {
    HelperCommand { program: settings.executable.clone(), args: vec![OsString::from("token-helper")] }
}

/// The executor over a pool and a gateway.
pub(crate) fn executor(
    settings: &Settings,
    global: &Global,
    pool: Pool,
    gateway: Arc<Gateway>,
) -> Result<Executor, CliError> {
    Ok(Executor::new(ExecutorConfig {
        pool,
        gateway,
        workspace: settings.workspace(global)?,
        checkpoints: settings.checkpoints(),
        token_helper: token_helper(settings),
        face: terraphim_mcp_server::face_json(),
        checker: settings.checker(global)?,
    }))
}
