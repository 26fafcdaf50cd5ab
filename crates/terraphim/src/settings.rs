//! Where things are and what the user has set: `terraphim.toml`, the servers'
//! configuration, and the folders of the user.

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use terraphim_code_execution::CheckerPlaces;
use terraphim_mcp_gateway::{Glob, McpConfig, Observing, Policy, parse_mcp_config};
use terraphim_notes::{ManagedFile, ManagedRoles, NotesConfig, Role};
use terraphim_sandbox::RuntimeConfig;
use terraphim_types::SessionName;

use crate::{adopt::Places, cli::Global, error::CliError};

/// Longest configuration file that is read, in bytes.
const MAX_CONFIG_BYTES: u64 = 16 << 20;

/// Where npm installs what is for all projects, on any Linux.
const NPM_PREFIXES: [&str; 2] = ["/usr/local", "/usr"];

/// `terraphim.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    default_role: Option<String>,
    roles: Vec<Role>,
    roots: Vec<PathBuf>,
    allow: Vec<String>,
    deny: Vec<String>,
    type_checker: Option<PathBuf>,
    /// Whether types are made from what calls answer; they are if it does not say.
    observe_results: Option<bool>,
}

impl File {
    fn own_roles(&self) -> ManagedRoles {
        ManagedRoles { default_role: self.default_role.clone(), roles: self.roles.clone() }
    }
}

/// The folders of the user, by the XDG base directories.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    pub(crate) home: Option<PathBuf>,
    pub(crate) config: Option<PathBuf>,
    pub(crate) cache: Option<PathBuf>,
    pub(crate) data: Option<PathBuf>,
}

impl Folders {
    fn from_environment() -> Self {
        let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("HOME");
        let folder = |name: &str, below_home: &str| {
            absolute(name).or_else(|| home.as_ref().map(|home| home.join(below_home)))
        };
        Self {
            config: folder("XDG_CONFIG_HOME", ".config"),
            cache: folder("XDG_CACHE_HOME", ".cache").map(|folder| folder.join("terraphim")),
            data: folder("XDG_DATA_HOME", ".local/share").map(|folder| folder.join("terraphim")),
            home,
        }
    }
}

/// Everything that is read before anything starts.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) folders: Folders,
    pub(crate) here: PathBuf,
    /// The settings file, where there is one.
    pub(crate) file: Option<PathBuf>,
    pub(crate) notes: NotesConfig,
    /// Where roles are kept that a tool has set.
    pub(crate) managed: Option<ManagedFile>,
    /// Where a mistake in the roles is to be corrected.
    pub(crate) roles_named_in: PathBuf,
    pub(crate) policy: Policy,
    /// Whether types are made from what calls answer.
    pub(crate) observes_results: bool,
    pub(crate) mcp: McpConfig,
    /// The files that `mcp` came from.
    pub(crate) mcp_files: Vec<PathBuf>,
    pub(crate) executable: PathBuf,
    pub(crate) depth: u32,
    pub(crate) environment: Vec<(OsString, OsString)>,
    /// The type checker that was named, and by what.
    type_checker: Option<(PathBuf, String)>,
}

impl Settings {
    /// Reads everything that the global options and the environment name.
    pub(crate) fn read(global: &Global) -> Result<Self, CliError> {
        let folders = Folders::from_environment();
        let here =
            env::current_dir().map_err(|source| CliError::Process { action: "find this folder", source })?;
        let file = match &global.config {
            Some(file) => Some(file.clone()),
            None => find_upward(&here, "terraphim.toml").or_else(|| {
                let file = folders.config.as_ref()?.join("terraphim/terraphim.toml");
                file.is_file().then_some(file)
            }),
        };
        let mut settings = match &file {
            Some(path) => parse(path)?,
            None => File::default(),
        };
        let base = file.as_deref().and_then(Path::parent).map(|folder| here.join(folder)).unwrap_or_default();
        let replaces = settings.own_roles().digest();
        for role in &mut settings.roles {
            role.resolve_paths(&base);
        }
        let managed = managed_file(file.as_deref(), &base, &folders, &settings).map(|managed| ManagedFile {
            replaces,
            named: global.role.clone(),
            ..managed
        });
        let kept = managed.as_ref().map(ManagedFile::read).transpose()?.flatten();
        let stands_in = kept.is_some();
        if let Some(kept) = kept {
            settings.roles = kept.roles;
            settings.default_role = kept.default_role;
        }
        let notes = NotesConfig {
            roles: settings.roles,
            default_role: global.role.clone().or(settings.default_role),
            index_dir: folders.cache.as_ref().map(|cache| cache.join("index")),
        };
        let named = |option: &str| file.clone().unwrap_or_else(|| option.into());
        let mut allow = globs(&settings.allow, &named("allow"))?;
        allow.extend(globs(&global.allow, Path::new("--allow"))?);
        let policy = Policy { allow, deny: globs(&settings.deny, &named("deny"))? };
        let executable =
            env::current_exe().map_err(|source| CliError::Process { action: "find this program", source })?;
        let mcp_files = mcp_files(global, &folders, &here);
        let mcp = read_servers(&mcp_files, &executable)?;
        let set = env::var_os("TERRAPHIM_TSC").filter(|path| !path.is_empty());
        let type_checker = match (set, settings.type_checker) {
            (Some(path), _) => Some((here.join(path), "TERRAPHIM_TSC".to_owned())),
            (None, Some(path)) => {
                Some((base.join(path), format!("`type_checker` of {}", named("settings").display())))
            }
            (None, None) => None,
        };
        Ok(Self {
            folders,
            here,
            notes,
            roles_named_in: match (&global.role, &file, &managed) {
                (None, _, Some(managed)) if stands_in => managed.path.clone(),
                (None, Some(file), _) => file.clone(),
                _ => "--role".into(),
            },
            managed,
            file,
            policy,
            observes_results: settings.observe_results.unwrap_or(true),
            mcp,
            mcp_files,
            executable,
            depth: env::var("TERRAPHIM_DEPTH").ok().and_then(|depth| depth.parse().ok()).unwrap_or(0),
            environment: env::vars_os().collect(),
            type_checker,
        })
    }

    /// Where `adopt` finds and keeps things.
    pub(crate) fn places(&self) -> Result<Places, CliError> {
        let no_home = || CliError::NoHome { alternative: "run it as a user that has one" };
        Ok(Places {
            home: self.folders.home.clone().ok_or_else(no_home)?,
            project: project_root(&self.here),
            config_home: self.folders.config.clone().ok_or_else(no_home)?,
            executable: self.executable.to_string_lossy().into_owned(),
        })
    }

    /// The workspace of runs without a session.
    pub(crate) fn workspace(&self, global: &Global) -> Result<PathBuf, CliError> {
        if let Some(folder) = &global.workspace {
            return Ok(self.here.join(folder));
        }
        let data = self.folders.data.as_ref();
        let data = data.ok_or(CliError::NoHome { alternative: "name a folder with --workspace" })?;
        let session = global.session.as_ref().map_or("default", SessionName::as_str);
        Ok(data.join("workspace").join(session))
    }

    /// Where the checkpoints of all workspaces are, if this user has a place for data.
    pub(crate) fn checkpoints(&self) -> Option<PathBuf> {
        self.folders.data.as_ref().map(|data| data.join("checkpoints"))
    }

    /// Where a type checker for programs is looked for.
    pub(crate) fn checker(&self, global: &Global) -> Result<CheckerPlaces, CliError> {
        let RuntimeConfig { store, search_path, .. } = self.runtimes(global)?;
        Ok(CheckerPlaces {
            named: self.type_checker.clone(),
            from: Some(self.here.clone()),
            search_path,
            prefixes: self
                .variable("NPM_CONFIG_PREFIX")
                .into_iter()
                .chain(NPM_PREFIXES.map(OsString::from))
                .map(PathBuf::from)
                .collect(),
            written: Some(store),
        })
    }

    fn variable(&self, wanted: &str) -> Option<OsString> {
        self.environment.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone())
    }

    /// Where types are kept that are made from what calls answer.
    pub(crate) fn observing(&self) -> Observing {
        match &self.folders.data {
            _ if !self.observes_results => Observing::Off,
            Some(data) => Observing::InFolder(data.join("cache/observed")),
            None => Observing::InMemory,
        }
    }

    /// What languages need that run in the machine's own runtimes.
    pub(crate) fn runtimes(&self, global: &Global) -> Result<RuntimeConfig, CliError> {
        let workspace = self.workspace(global)?;
        let is_own = global.workspace.is_none();
        let above = workspace.parent().filter(|_| is_own);
        let store = above.map(Path::to_owned).unwrap_or(workspace);
        let search_path = self.variable("PATH").unwrap_or_default();
        let cache = self.folders.data.as_ref().map(|data| data.join("cache/rust"));
        Ok(RuntimeConfig { store, is_own, search_path, cache })
    }
}

/// The first folder from here upward that holds `name`, as that file's path.
fn find_upward(here: &Path, name: &str) -> Option<PathBuf> {
    here.ancestors().map(|folder| folder.join(name)).find(|file| file.is_file())
}

/// The folder that a project's files belong to: the nearest with a `.git`,
/// `.mcp.json` or `.terraphim`, else this one.
fn project_root(here: &Path) -> PathBuf {
    let marks = [".git", ".mcp.json", ".terraphim"];
    let root = here.ancestors().find(|folder| marks.iter().any(|mark| folder.join(mark).exists()));
    root.unwrap_or(here).to_owned()
}

/// Where roles are kept that a tool has set: beside the settings, which are
/// never written. They may name folders below `roots` and below those that the
/// user's own roles name.
fn managed_file(
    settings_file: Option<&Path>,
    base: &Path,
    folders: &Folders,
    settings: &File,
) -> Option<ManagedFile> {
    let (path, base) = match settings_file.and_then(Path::file_name) {
        Some(name) => (base.join(name).with_extension("managed.json"), base.to_owned()),
        None => {
            let folder = folders.config.as_ref()?.join("terraphim");
            (folder.join("terraphim.managed.json"), folder)
        }
    };
    let mut roots: Vec<_> = settings.roots.iter().map(|root| base.join(root)).collect();
    for role in &settings.roles {
        roots.extend(role.haystacks.iter().map(|haystack| haystack.path.clone()));
        roots.extend(role.knowledge_graph.clone());
    }
    let own = settings.own_roles();
    Some(ManagedFile { path, base, roots, replaces: own.digest(), own, named: None })
}

fn mcp_files(global: &Global, folders: &Folders, here: &Path) -> Vec<PathBuf> {
    if let Some(file) = &global.mcp_config {
        return vec![file.clone()];
    }
    let project = project_root(here).join(".terraphim/mcp.json");
    let user = folders.config.as_ref().map(|config| config.join("terraphim/mcp.json"));
    let mut files: Vec<_> = find_upward(here, ".mcp.json").into_iter().collect();
    files.extend([Some(project), user].into_iter().flatten().filter(|file| file.is_file()));
    files
}

/// The servers of all files; of two with one name the first counts.
fn read_servers(files: &[PathBuf], executable: &Path) -> Result<McpConfig, CliError> {
    let mut all = McpConfig::default();
    for file in files {
        let text = read_text(file)?;
        let config = parse_mcp_config(file, &text, &|name| env::var(name).ok())?;
        for server in config.servers {
            if !all.servers.iter().any(|known| known.name == server.name) {
                all.servers.push(server);
            }
        }
        all.skipped.extend(config.skipped);
    }
    all.skip_executable(executable, env::var_os("PATH").as_deref());
    Ok(all)
}

fn parse(path: &Path) -> Result<File, CliError> {
    let text = read_text(path)?;
    toml::from_str(&text).map_err(|error| CliError::Settings {
        path: path.to_owned(),
        message: error.to_string().trim_end().to_owned(),
    })
}

fn globs(patterns: &[String], named_in: &Path) -> Result<Vec<Glob>, CliError> {
    let parsed = patterns.iter().map(|pattern| pattern.parse::<Glob>());
    parsed
        .collect::<Result<_, _>>()
        .map_err(|error| CliError::Settings { path: named_in.to_owned(), message: error.to_string() })
}

fn read_text(path: &Path) -> Result<String, CliError> {
    let failed = |source| CliError::Read { path: path.to_owned(), source };
    let metadata = fs::metadata(path).map_err(failed)?;
    if metadata.len() > MAX_CONFIG_BYTES {
        return Err(failed(io::Error::other(format!("it has more than {} MiB", MAX_CONFIG_BYTES >> 20))));
    }
    fs::read_to_string(path).map_err(failed)
}
