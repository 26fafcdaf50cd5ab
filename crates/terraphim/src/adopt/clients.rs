//! Where each client keeps its servers, which of them it has switched off, and
//! what of its configuration is not ours to move.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Map, Value, json};

use super::{
    AdoptError, Client, OUR_NAME, Places, Scope, files,
    jsonc::{self, Object, SyntaxError},
};

/// Most other projects that are named one by one.
const MAX_PROJECTS_NAMED: usize = 20;

/// One place with servers: an object in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Source {
    /// For whom they are.
    pub(super) scope: Scope,
    /// The file.
    pub(super) file: PathBuf,
    /// The keys that lead to the object.
    pub(super) at: Vec<String>,
}

/// The places of a client, the one that hides the others first. Two that are the
/// same (a project in the home folder) count once, as the user's.
pub(super) fn sources(client: Client, places: &Places) -> Result<Vec<Source>, AdoptError> {
    let source = |scope, file: PathBuf, key: &str| Source { scope, file, at: vec![key.to_owned()] };
    let mut found = match client {
        Client::Claude => {
            let own = places.home.join(".claude.json");
            let mut found: Vec<Source> = project_keys(places, &own)?
                .into_iter()
                .map(|key| Source {
                    scope: Scope::Local,
                    file: own.clone(),
                    at: vec!["projects".to_owned(), key, "mcpServers".to_owned()],
                })
                .collect();
            found.push(source(Scope::Project, places.project.join(".mcp.json"), "mcpServers"));
            found.push(source(Scope::User, own, "mcpServers"));
            found
        }
        Client::Cursor => vec![
            source(Scope::Project, places.project.join(".cursor/mcp.json"), "mcpServers"),
            source(Scope::User, places.home.join(".cursor/mcp.json"), "mcpServers"),
        ],
        Client::VsCode => vec![
            source(Scope::Project, places.project.join(".vscode/mcp.json"), "servers"),
            source(Scope::User, vs_code_profile(places).join("mcp.json"), "servers"),
        ],
    };
    let same = |a: &Source, b: &Source| a.at == b.at && real_path(&a.file) == real_path(&b.file);
    let hidden: Vec<bool> =
        found.iter().enumerate().map(|(i, a)| found.iter().skip(i + 1).any(|b| same(a, b))).collect();
    let mut hidden = hidden.into_iter();
    found.retain(|_| !hidden.next().unwrap_or(false));
    Ok(found)
}

/// Our entry, as the client writes one.
pub(super) fn our_entry(client: Client, places: &Places) -> Value {
    match client {
        Client::VsCode => json!({"type": "stdio", "command": places.executable, "args": ["mcp"]}),
        Client::Claude | Client::Cursor => json!({"command": places.executable, "args": ["mcp"]}),
    }
}

/// The object that `at` leads to in a document, where there is one.
pub(super) fn locate(file: &Path, text: &str, at: &[String]) -> Result<Option<Object>, AdoptError> {
    let root = jsonc::document(text).map_err(|error| malformed(file, text, error))?;
    descend(file, text, root, at)
}

/// The object that `at` leads to from another one.
fn descend(file: &Path, text: &str, from: Object, at: &[String]) -> Result<Option<Object>, AdoptError> {
    let fault = |error| malformed(file, text, error);
    let mut object = from;
    for key in at {
        let Some(member) = object.get(key) else { return Ok(None) };
        let span = member.value.clone();
        object = jsonc::object(text, &span).map_err(fault)?.ok_or_else(|| {
            fault(SyntaxError {
                offset: span.start,
                complaint: format!("the value of `{key}` must be an object"),
            })
        })?;
    }
    Ok(Some(object))
}

/// The error for a syntax error in a file.
pub(super) fn malformed(file: &Path, text: &str, error: SyntaxError) -> AdoptError {
    let (line, column) = jsonc::position(text, error.offset);
    AdoptError::Malformed { path: file.to_owned(), line, column, complaint: error.complaint }
}

/// The text of a file; `None` where it does not exist or holds nothing.
pub(super) fn text_of(file: &Path) -> Result<Option<String>, AdoptError> {
    Ok(files::read(file)?.map(|content| content.text).filter(|text| !jsonc::is_blank(text)))
}

/// The names of servers that the user has switched off for this project. They
/// are not moved, since that would switch them on.
pub(super) fn switched_off(client: Client, places: &Places) -> Result<BTreeSet<String>, AdoptError> {
    let mut names = BTreeSet::new();
    if client != Client::Claude {
        return Ok(names);
    }
    let own = places.home.join(".claude.json");
    for key in project_keys(places, &own)? {
        names.extend(strings(
            &own,
            &["projects".to_owned(), key],
            &["disabledMcpServers", "disabledMcpjsonServers"],
        )?);
    }
    let settings = [
        places.project.join(".claude/settings.local.json"),
        places.project.join(".claude/settings.json"),
        places.home.join(".claude/settings.json"),
    ];
    for file in settings {
        names.extend(strings(&file, &[], &["disabledMcpjsonServers"])?);
    }
    Ok(names)
}

/// What exists beside the places of the client and stays as it is.
pub(super) fn left_alone(client: Client, places: &Places) -> Result<Vec<String>, AdoptError> {
    match client {
        Client::Claude => other_projects(places),
        Client::Cursor => Ok(Vec::new()),
        Client::VsCode => Ok(other_vs_codes(places)),
    }
}

fn other_projects(places: &Places) -> Result<Vec<String>, AdoptError> {
    let own = places.home.join(".claude.json");
    let here = project_keys(places, &own)?;
    let Some(text) = text_of(&own)? else { return Ok(Vec::new()) };
    let Some(projects) = locate(&own, &text, &["projects".to_owned()])? else { return Ok(Vec::new()) };
    let mut notes = Vec::new();
    let mut unnamed = 0;
    for member in projects.members.iter().filter(|member| !here.contains(&member.key)) {
        let project = jsonc::object(&text, &member.value).map_err(|error| malformed(&own, &text, error))?;
        let Some(project) = project else { continue };
        let Some(servers) = descend(&own, &text, project, &["mcpServers".to_owned()])? else { continue };
        let names: Vec<&str> = servers
            .members
            .iter()
            .map(|server| server.key.as_str())
            .filter(|name| *name != OUR_NAME)
            .collect();
        if notes.len() == MAX_PROJECTS_NAMED && !names.is_empty() {
            unnamed += 1;
        } else if !names.is_empty() {
            notes.push(format!(
                "left alone: {} of the project {:?}; run `terraphim adopt` there",
                quoted(&names),
                member.key
            ));
        }
    }
    if unnamed > 0 {
        notes.push(format!("left alone: the servers of {unnamed} more projects"));
    }
    Ok(notes)
}

fn other_vs_codes(places: &Places) -> Vec<String> {
    let profile = vs_code_profile(places);
    let mut files = vec![places.project.join(".mcp.json"), places.home.join(".copilot/mcp-config.json")];
    if let Some(all) = profile.parent().and_then(Path::parent) {
        files.extend(["Code - Insiders", "VSCodium"].map(|name| all.join(name).join("User/mcp.json")));
    }
    let profiles = fs::read_dir(profile.join("profiles")).into_iter().flatten().flatten();
    files.extend(profiles.map(|entry| entry.path().join("mcp.json")).take(100));
    files.retain(|file| file.is_file());
    files.iter().map(|file| format!("left alone: {file:?}, which this command does not cover")).collect()
}

/// The folder of VS Code's default profile.
fn vs_code_profile(places: &Places) -> PathBuf {
    if cfg!(target_os = "macos") {
        places.home.join("Library/Application Support/Code/User")
    } else {
        places.config_home.join("Code/User")
    }
}

/// The keys of `projects` in Claude Code's file that mean the current project.
fn project_keys(places: &Places, own: &Path) -> Result<Vec<String>, AdoptError> {
    let Some(text) = text_of(own)? else { return Ok(Vec::new()) };
    let Some(projects) = locate(own, &text, &["projects".to_owned()])? else { return Ok(Vec::new()) };
    let real = real_path(&places.project);
    let is_here = |key: &str| Path::new(key) == places.project || Path::new(key) == real;
    Ok(projects.members.into_iter().map(|member| member.key).filter(|key| is_here(key)).collect())
}

/// The strings of the lists `keys` in the object that `at` leads to.
fn strings(file: &Path, at: &[String], keys: &[&str]) -> Result<Vec<String>, AdoptError> {
    let Some(text) = text_of(file)? else { return Ok(Vec::new()) };
    let Some(object) = locate(file, &text, at)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for member in keys.iter().filter_map(|key| object.get(key)) {
        let value = jsonc::value(&text, &member.value).map_err(|error| malformed(file, &text, error))?;
        found.extend(
            value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)),
        );
    }
    Ok(found)
}

/// The path without symbolic links, as far as it exists.
fn real_path(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Names for a sentence: `a`, `b`.
pub(super) fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{}`", name.escape_debug())).collect::<Vec<_>>().join(", ")
}

/// The members of an object as values.
pub(super) fn entries(file: &Path, text: &str, object: &Object) -> Result<Map<String, Value>, AdoptError> {
    let value = |member: &jsonc::Member| {
        let value = jsonc::value(text, &member.value).map_err(|error| malformed(file, text, error))?;
        Ok((member.key.clone(), value))
    };
    object.members.iter().map(value).collect()
}
