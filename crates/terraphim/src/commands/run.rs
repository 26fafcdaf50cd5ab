//! `terraphim run`.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use terraphim_code_execution::{ExecuteRequest, Execution, Outcome, tokens::render_table};
use terraphim_sandbox::{Pool, PoolConfig};
use terraphim_types::{Language, Limits};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{Global, RunArgs},
    commands::{block_on, complain, markdown, print, printable},
    compose,
    error::{CliError, Exit},
    settings::Settings,
};

/// Kept files that are named one by one.
const SHOWN_FILES: usize = 10;

pub(crate) fn run(global: &Global, args: RunArgs) -> Result<Exit, CliError> {
    let limits = Limits {
        wall: args.timeout,
        cpu: args.timeout.max(Limits::default().cpu),
        memory_bytes: args.memory << 20,
        ..Limits::default()
    };
    let (code, language) = program(&args, limits.program_bytes)?;
    let settings = Settings::read(global)?;
    block_on(async {
        let cancel = CancellationToken::new();
        let signalled = tokio::spawn(cancel_on_signal(cancel.clone()));
        let pool = Pool::with_runtimes(
            PoolConfig { capacity: 1, ready: 0, ..PoolConfig::default() },
            settings.runtimes(global)?,
        );
        // The jail is entered while the servers are being looked up.
        let warming = pool.clone();
        tokio::spawn(async move { warming.warm_up(language).await.map(drop) });
        let gateway = compose::gateway(&settings)?;
        let executor = compose::executor(&settings, global, pool, gateway.clone())?;
        let counted = args.json || args.report;
        if counted {
            executor.warm_up_counter();
        }
        let request = ExecuteRequest {
            limits,
            rollback_on_failure: args.rollback_on_failure,
            check: args.check,
            ..ExecuteRequest::new(code, language)
        };
        let mut execution = executor.execute(request, &cancel).await;
        if counted
            && !cancel.is_cancelled()
            && let Err(error) = executor.account(&mut execution).await
        {
            complain(&format!("the token account is missing: {error}"));
        }
        gateway.shutdown().await;
        let exit = show(&args, &settings.workspace(global)?, &execution)?;
        // A result that was there before the signal is a result.
        if cancel.is_cancelled()
            && exit != Exit::Success
            && let Ok(exit) = signalled.await
        {
            return Ok(exit);
        }
        Ok(exit)
    })?
}

fn show(args: &RunArgs, workspace: &Path, execution: &Execution) -> Result<Exit, CliError> {
    let outcome = &execution.outcome;
    let exit = outcome.error.as_ref().map_or(Exit::Success, Exit::of);
    if args.json {
        print(&pretty(outcome))?;
    } else {
        show_plainly(args, workspace, outcome)?;
    }
    if args.report
        && let Some(report) = &outcome.tokens
    {
        complain(render_table(report).trim_end());
    }
    Ok(exit)
}

fn show_plainly(args: &RunArgs, workspace: &Path, outcome: &Outcome) -> Result<(), CliError> {
    if !outcome.logs.is_empty() {
        complain(outcome.logs.trim_end_matches('\n'));
    }
    if let Some(reduced) = outcome.wall.as_ref().and_then(|wall| wall.reduced.as_deref()) {
        complain(&format!("warning: the wall is reduced, {reduced}; see `terraphim doctor`"));
    }
    for file in outcome.files.iter().take(SHOWN_FILES) {
        complain(&format!("kept {} ({} bytes)", workspace.join(&file.path).display(), file.bytes));
    }
    if outcome.files.len() > SHOWN_FILES {
        complain(&format!(
            "kept {} more files in {}",
            outcome.files.len() - SHOWN_FILES,
            workspace.display()
        ));
    }
    match &outcome.error {
        Some(error) => {
            let file =
                if args.file == Path::new("-") { "<stdin>".into() } else { args.file.to_string_lossy() };
            complain(&error.render(&file));
            Ok(())
        }
        None => print(&pretty(&outcome.result)),
    }
}

fn pretty(value: &impl serde::Serialize) -> String {
    // Outcomes and JSON values always serialise.
    printable(&serde_json::to_string_pretty(value).unwrap_or_default())
}

/// The program and its language: the file, or the block of it that is meant to be run.
fn program(args: &RunArgs, limit: usize) -> Result<(String, Language), CliError> {
    if args.from_markdown {
        return markdown::program(args, limit);
    }
    let language = language(args)?;
    Ok((read_program(&args.file, limit)?, language))
}

fn read_program(path: &Path, limit: usize) -> Result<String, CliError> {
    let failed = |source| CliError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    let most = limit as u64 + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(most).read_to_end(&mut bytes).map_err(failed)?;
    } else {
        File::open(path).map_err(failed)?.take(most).read_to_end(&mut bytes).map_err(failed)?;
    }
    if bytes.len() > limit {
        return Err(CliError::ProgramTooLong { path: path.to_owned(), limit });
    }
    String::from_utf8(bytes).map_err(|_| CliError::NotText { path: path.to_owned() })
}

fn language(args: &RunArgs) -> Result<Language, CliError> {
    if let Some(language) = args.lang {
        return Ok(language);
    }
    if args.file == Path::new("-") {
        return Ok(Language::TypeScript);
    }
    let extension = args.file.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let is_markdown = ["md", "markdown", "mdx"].iter().any(|known| extension.eq_ignore_ascii_case(known));
    Language::from_extension(extension).ok_or_else(|| {
        let path = args.file.clone();
        if is_markdown { CliError::MarkdownProgram { path } } else { CliError::Language { path } }
    })
}

/// Cancels at the first signal to end, and gives the exit code for it.
async fn cancel_on_signal(cancel: CancellationToken) -> Exit {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers a signal ends the process as it does any other.
        return std::future::pending().await;
    };
    let exit = tokio::select! {
        _ = interrupt.recv() => Exit::Interrupted,
        _ = terminate.recv() => Exit::Terminated,
    };
    cancel.cancel();
    exit
}
