//! `update_config_tool`: other roles, at once and for good.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use super::{
    Effect, Tool, Tools,
    arguments::Arguments,
    reply::{Outcome, ToolError, blocking, reply},
    schema::{boolean, list, maybe_text, object, takes, text, told},
};
use crate::{
    Library, ManagedFile, ManagedRoles, NotesConfig, Role, config::ConfigError, managed::ManagedError,
};

/// Longest configuration, in bytes.
const MAX_CONFIG_BYTES: usize = 256 << 10;

/// Most roles, and most folders of one.
const MAX_ROLES: usize = 100;
const MAX_HAYSTACKS: usize = 100;

pub(super) static UPDATE: Tool = Tool {
    name: "update_config_tool",
    title: "Change the roles",
    description: "Sets the roles, the default role, or both. They are checked, kept beside terraphim.toml, and in force at \
                  once; nothing changes if anything is wrong.",
    effect: Effect::Replaces,
    capabilities: &["configure", "write"],
    input: || {
        let config = "JSON: {\"default_role\"?, \"roles\"?: [{\"name\", \"short_name\", \"relevance\", \"theme\"?, \
                      \"knowledge_graph\"?, \"haystacks\": [{\"path\", \"include\"?, \"exclude\"?}]}]}. `roles` are all \
                      that there will be.";
        takes(1, [("config_str", told(config))])
    },
    output: || {
        object(
            4,
            [
                ("roles", list(object(3, [("name", text()), ("short_name", text()), ("relevance", text())]))),
                ("default_role", maybe_text()),
                ("persisted", boolean()),
                ("file", maybe_text()),
            ],
        )
    },
    call: |tools, arguments| Box::pin(update(tools, arguments)),
};

/// Why the configuration stays as it is.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpdateError {
    #[error("`config_str` is not a configuration")]
    Json {
        #[source]
        source: serde_json::Error,
    },
    #[error("`config_str` sets nothing: give `roles`, `default_role` or both")]
    Nothing,
    #[error("`config_str` has {count} {what}: the most are {most}")]
    Many { what: &'static str, count: usize, most: usize },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("`{}` of role `{role}` cannot be found", path.display())]
    Missing {
        role: String,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("`{}` of role `{role}` is outside of the folders that are allowed: {allowed}", path.display())]
    Outside { role: String, path: PathBuf, allowed: String },
    #[error(transparent)]
    Managed(#[from] ManagedError),
}

/// What a change sets; what is absent stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    #[serde(default)]
    default_role: Option<String>,
    #[serde(default)]
    roles: Option<Vec<Role>>,
}

#[derive(Serialize)]
struct InForce<'c> {
    roles: Vec<RoleName<'c>>,
    default_role: Option<&'c str>,
    persisted: bool,
    file: Option<String>,
}

#[derive(Serialize)]
struct RoleName<'c> {
    name: &'c str,
    short_name: &'c str,
    relevance: &'static str,
}

async fn update(tools: &Tools, arguments: Arguments<'_>) -> Outcome {
    let text = arguments.document("config_str", "a configuration as JSON", MAX_CONFIG_BYTES)?;
    let given: Given = serde_json::from_str(text).map_err(|source| UpdateError::Json { source })?;
    if given.roles.is_none() && given.default_role.is_none() {
        return Err(UpdateError::Nothing.into());
    }
    // One change after the other, so that the file and what is in force agree.
    let _turn = tools.turn().lock().await;
    let (library, managed) = (tools.library().clone(), tools.managed().cloned());
    let reply = blocking(move || {
        let file = managed.as_ref();
        let default_role = given.default_role.clone();
        let config = changed(&library, file, given)?;
        if let Some(file) = file {
            file.write(&kept(file, &config, default_role)?).map_err(UpdateError::from)?;
        }
        library.set_config(config.clone()).map_err(UpdateError::from)?;
        in_force(&config, file)
    })
    .await;
    tools.note_own_change();
    reply
}

/// Takes over the roles that another process has set, or given up.
pub(super) fn take_over(library: &Library, file: &ManagedFile) -> Result<(), UpdateError> {
    let ManagedRoles { default_role, roles } = file.read()?.unwrap_or_else(|| file.own.clone());
    let config = library.config();
    let default_role = file.named.clone().or(default_role);
    if config.roles == roles && config.default_role == default_role {
        return Ok(());
    }
    Ok(library.set_config(NotesConfig { roles, default_role, ..NotesConfig::clone(&config) })?)
}

/// The configuration with the change, checked.
fn changed(library: &Library, file: Option<&ManagedFile>, given: Given) -> Result<NotesConfig, ToolError> {
    let mut config = NotesConfig::clone(&library.config());
    if let Some(mut roles) = given.roles {
        within("roles", roles.len(), MAX_ROLES)?;
        for role in &mut roles {
            within("haystacks", role.haystacks.len(), MAX_HAYSTACKS)?;
        }
        config.roles = roles;
        // A mistake in the roles is told before one in their paths.
        NotesConfig { default_role: None, ..config.clone() }.validate().map_err(UpdateError::from)?;
        for role in &mut config.roles {
            place(role, file)?;
        }
    }
    if let Some(default_role) = given.default_role {
        config.default_role = Some(default_role);
    }
    config.validate().map_err(UpdateError::from)?;
    Ok(config)
}

/// What is kept of a configuration: its default role may be that of one command line.
fn kept(
    file: &ManagedFile,
    config: &NotesConfig,
    default_role: Option<String>,
) -> Result<ManagedRoles, UpdateError> {
    let before = || {
        Ok::<_, ManagedError>(file.read()?.map_or(file.own.default_role.clone(), |kept| kept.default_role))
    };
    let default_role = default_role.map_or_else(before, |name| Ok(Some(name)))?;
    NotesConfig { default_role: default_role.clone(), ..config.clone() }.validate()?;
    Ok(ManagedRoles { default_role, roles: config.roles.clone() })
}

fn within(what: &'static str, count: usize, most: usize) -> Result<(), UpdateError> {
    if count > most { Err(UpdateError::Many { what, count, most }) } else { Ok(()) }
}

/// Makes a role's paths those of folders that are there and allowed.
fn place(role: &mut Role, file: Option<&ManagedFile>) -> Result<(), UpdateError> {
    let Some(file) = file else { return Ok(()) };
    role.resolve_paths(&file.base);
    let roots: Vec<PathBuf> = file.roots.iter().filter_map(|root| root.canonicalize().ok()).collect();
    let name = role.name.clone();
    let paths = role.haystacks.iter_mut().map(|haystack| &mut haystack.path);
    for path in paths.chain(role.knowledge_graph.as_mut()) {
        *path = allowed(&name, path, &roots)?;
    }
    Ok(())
}

fn allowed(role: &str, path: &Path, roots: &[PathBuf]) -> Result<PathBuf, UpdateError> {
    let real = path.canonicalize().map_err(|source| UpdateError::Missing {
        role: role.to_owned(),
        path: path.to_owned(),
        source,
    })?;
    if roots.iter().any(|root| real.starts_with(root)) {
        return Ok(real);
    }
    let names: Vec<_> = roots.iter().map(|root| format!("`{}`", root.display())).collect();
    let allowed = if names.is_empty() { "there is none".to_owned() } else { names.join(", ") };
    Err(UpdateError::Outside { role: role.to_owned(), path: real, allowed })
}

fn in_force(config: &NotesConfig, file: Option<&ManagedFile>) -> Outcome {
    let roles = config.roles.iter().map(|role| RoleName {
        name: &role.name,
        short_name: &role.short_name,
        relevance: role.relevance.name(),
    });
    let in_force = InForce {
        roles: roles.collect(),
        default_role: config.default_role.as_deref(),
        persisted: file.is_some(),
        file: file.map(|file| file.path.display().to_string()),
    };
    let names: Vec<_> = in_force.roles.iter().map(|role| role.short_name).collect();
    let kept = in_force.file.as_ref().map_or("not kept".to_owned(), |file| format!("kept in {file}"));
    let told = format!("In force: {} ({kept}).", names.join(", "));
    reply(&in_force, told)
}
