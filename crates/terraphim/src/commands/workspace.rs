//! `terraphim workspace`.

use serde_json::json;
use terraphim_code_execution::{FileChange, SavedFile, Workspace};
use terraphim_types::Limits;

use crate::{
    cli::{Global, WorkspaceCommand},
    commands::{print, printable},
    error::{CliError, Exit},
    settings::Settings,
};

pub(crate) fn workspace(global: &Global, command: WorkspaceCommand) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    let folder = settings.workspace(global)?;
    let limits = Limits::default();
    let relative = if global.workspace.is_some() { None } else { folder.file_name() };
    let relative = relative.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let mut workspace = Workspace::new(folder, limits.workspace_bytes, limits.workspace_files);
    if let Some(all) = settings.checkpoints() {
        workspace = workspace.with_checkpoints_in(&all, &relative);
    }
    match command {
        WorkspaceCommand::List(json) => list(&workspace, json.json)?,
        WorkspaceCommand::Checkpoint { name } => {
            let taken = workspace.checkpoint(&name, None)?;
            print(&format!("kept {} files, {} bytes, as `{name}`", taken.files, taken.bytes))?;
        }
        WorkspaceCommand::Restore { name, json } => show(&workspace.restore(&name)?, json.json)?,
        WorkspaceCommand::Diff { name, json } => show(&workspace.diff(&name)?, json.json)?,
        WorkspaceCommand::Forget { name } => workspace.remove_checkpoint(&name)?,
    }
    Ok(Exit::Success)
}

fn list(workspace: &Workspace, as_json: bool) -> Result<(), CliError> {
    let files = workspace.files()?;
    let checkpoints = workspace.checkpoints()?;
    if as_json {
        let listed = json!({ "folder": workspace.folder(), "files": files, "checkpoints": checkpoints });
        return print(&printable(&listed.to_string()));
    }
    print(&workspace.folder().display().to_string())?;
    for file in &files {
        print(&format!("{:>12}  {}", file.bytes, file.path))?;
    }
    for one in &checkpoints {
        let (name, bytes, files) = (&one.name, one.bytes, one.files);
        print(&format!("{bytes:>12}  checkpoint `{name}`, {files} files, {} s ago", one.age()))?;
    }
    Ok(())
}

fn show(changed: &[SavedFile], as_json: bool) -> Result<(), CliError> {
    if as_json {
        return print(&printable(&json!({ "files": changed }).to_string()));
    }
    if changed.is_empty() {
        return print("no difference");
    }
    for file in changed {
        let mark = match file.change {
            Some(FileChange::Created) => '+',
            Some(FileChange::Deleted) => '-',
            _ => '~',
        };
        print(&format!("{mark} {}", file.path))?;
    }
    Ok(())
}
