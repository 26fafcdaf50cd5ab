//! `terraphim adopt`.

use std::io::{self, BufRead, IsTerminal};

use crate::{
    adopt::{self, UndoMode, apply, plan, plan_scopes, undo},
    cli::{AdoptArgs, Global},
    commands::{complain, print},
    error::{CliError, Exit},
    settings::Settings,
};

pub(crate) fn adopt(global: &Global, args: &AdoptArgs) -> Result<Exit, CliError> {
    let places = Settings::read(global)?.places()?;
    if args.undo {
        let mode = match (args.keep_changes, args.force) {
            (true, _) => UndoMode::KeepChanges,
            (_, true) => UndoMode::Force,
            _ => UndoMode::Exact,
        };
        print(undo(args.client, &places, mode)?.message().trim_end())?;
        return Ok(Exit::Success);
    }
    let plan = match args.scope.as_slice() {
        [] => plan(args.client, &places)?,
        scopes => plan_scopes(args.client, &places, scopes)?,
    };
    print(plan.summary().trim_end())?;
    if plan.is_empty() {
        return Ok(Exit::Success);
    }
    print(plan.diff().trim_end())?;
    if !args.yes && !confirmed(args.client)? {
        complain("nothing was changed");
        return Ok(Exit::Failed);
    }
    print(apply(&plan)?.message().trim_end())?;
    Ok(Exit::Success)
}

/// Asks at the terminal; without one nobody can agree.
fn confirmed(client: adopt::Client) -> Result<bool, CliError> {
    if !io::stdin().is_terminal() {
        complain("to make these changes without being asked, add --yes");
        return Ok(false);
    }
    complain(&format!("change these files of {client}? [y/N]"));
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|source| CliError::Process { action: "read the answer", source })?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
