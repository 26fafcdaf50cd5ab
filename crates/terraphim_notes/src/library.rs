//! All roles with their notes and knowledge graphs: what the tools stand on.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use terraphim_kg::{AutocompleteIndex, Thesaurus};
use tokio::sync::broadcast;

use crate::{
    config::{ConfigError, NotesConfig, Role},
    error::NotesError,
    follow::{Followed, Progress, Request},
    haystack,
    view::{IndexStatus, RoleView},
};

/// How long the first call waits for an index to catch up with the files.
const FIRST_PATIENCE: Duration = Duration::from_secs(10);

/// Largest thesaurus file that is loaded at run time, in bytes.
const MAX_THESAURUS_BYTES: u64 = 64 << 20;

/// How many events a slow subscriber may be behind.
const MAX_EVENTS: usize = 256;

/// Something changed that views are made of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// The roles are others.
    Config,
    /// A role has another knowledge graph.
    Knowledge {
        /// The role's short name.
        role: String,
    },
    /// Documents came, changed or went.
    Documents {
        /// The role's short name.
        role: String,
        /// Their ids; empty if they are many.
        ids: Vec<String>,
    },
}

/// All roles. Clones are the same library. Making one reads no files and
/// starts no threads; a role is opened by the first call that needs it.
#[derive(Clone)]
pub struct Library {
    shared: Arc<Shared>,
}

struct Shared {
    state: ArcSwap<State>,
    /// Taken while the configuration is replaced.
    replacing: Mutex<()>,
    changes: broadcast::Sender<Change>,
}

struct State {
    config: Arc<NotesConfig>,
    /// One for each role, in the order of the configuration.
    roles: Vec<Arc<Followed>>,
}

impl Library {
    /// Checks the configuration.
    ///
    /// # Errors
    /// The first mistake in it, with what to change.
    pub fn new(config: NotesConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        let changes = broadcast::Sender::new(MAX_EVENTS);
        let state = State::new(config, &[], &changes);
        let shared = Shared { state: ArcSwap::from_pointee(state), replacing: Mutex::default(), changes };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<NotesConfig> {
        Arc::clone(&self.shared.state.load().config)
    }

    /// Replaces the configuration, all at once. Roles that stay as they are keep
    /// what they have read; calls under way end with the roles that they began with.
    ///
    /// # Errors
    /// The first mistake in it, with what to change; then nothing is replaced.
    pub fn set_config(&self, config: NotesConfig) -> Result<(), ConfigError> {
        config.validate()?;
        let _alone = self.shared.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let former = self.shared.state.load_full();
        let next = State::new(config, &former.roles, &self.shared.changes);
        self.shared.state.store(Arc::new(next));
        // Nobody may be listening.
        drop(self.shared.changes.send(Change::Config));
        Ok(())
    }

    /// The role of this name or short name, case aside; without a name the default role.
    ///
    /// # Errors
    /// [`NotesError::NoRole`], [`NotesError::NoDefault`], [`NotesError::UnknownRole`].
    pub fn role(&self, name: Option<&str>) -> Result<Arc<Role>, NotesError> {
        Ok(Arc::clone(&self.followed(name)?.role))
    }

    /// The newest state of a role. The first call waits until all files have
    /// been read, at most 10 s; after that no call waits for the reading of notes.
    ///
    /// # Errors
    /// [`NotesError`]: no such role, unreadable notes or knowledge graph, a failed
    /// index, nothing read yet after 10 s.
    pub async fn view(&self, role: Option<&str>) -> Result<Arc<RoleView>, NotesError> {
        self.view_within(role, FIRST_PATIENCE).await
    }

    /// As [`Library::view`], with the time that the first call waits.
    ///
    /// # Errors
    /// As for [`Library::view`].
    pub async fn view_within(
        &self,
        role: Option<&str>,
        patience: Duration,
    ) -> Result<Arc<RoleView>, NotesError> {
        let followed = self.followed(role)?;
        if followed.has_caught_up()
            && let Some(view) = followed.view()
        {
            followed.look_if_due();
            return Ok(view);
        }
        let caught_up = followed.ask(|reply| Request::Look(Some(reply)));
        // What has been read when the time is over is better than nothing.
        if let Ok(Err(error)) = tokio::time::timeout(patience, caught_up).await {
            return Err(error);
        }
        followed.view().ok_or_else(|| NotesError::NotYet {
            role: followed.role.name.clone(),
            progress: followed.progress(),
        })
    }

    /// The newest state of a role that there is, if there is one yet; waits for nothing and begins nothing.
    ///
    /// # Errors
    /// No such role.
    pub fn view_at_hand(&self, role: Option<&str>) -> Result<Option<Arc<RoleView>>, NotesError> {
        let followed = self.followed(role)?;
        if followed.has_caught_up() {
            followed.look_if_due();
        }
        Ok(followed.view())
    }

    /// Looks at all files of a role, waits until what changed is read, and says what there is.
    ///
    /// # Errors
    /// [`NotesError`]: no such role, unreadable notes or knowledge graph, a failed index.
    pub async fn refresh(&self, role: Option<&str>) -> Result<IndexStatus, NotesError> {
        let followed = self.followed(role)?;
        followed.ask(|reply| Request::Look(Some(reply))).await?;
        Ok(Self::read(&followed)?.status())
    }

    /// Takes a thesaurus in the place of the role's knowledge graph, under the
    /// thesaurus' own name, until [`Library::reset_thesaurus`] or until the role
    /// is configured otherwise. The files of the knowledge graph stay as they are.
    ///
    /// # Errors
    /// [`NotesError`]: no such role, unreadable notes, a thesaurus that is too large.
    pub async fn load_thesaurus(
        &self,
        role: Option<&str>,
        thesaurus: Thesaurus,
    ) -> Result<Arc<RoleView>, NotesError> {
        let followed = self.followed(role)?;
        let thesaurus = Some(Box::new(thesaurus));
        followed.ask(|reply| Request::Thesaurus(thesaurus, reply)).await?;
        Self::read(&followed)
    }

    /// As [`Library::load_thesaurus`], from a JSON file that must lie below the
    /// folder of one of the role's haystacks or of its knowledge graph.
    ///
    /// # Errors
    /// As for [`Library::load_thesaurus`], and [`NotesError::OutsideRoots`],
    /// [`NotesError::ThesaurusFile`], [`NotesError::Thesaurus`].
    pub async fn load_thesaurus_file(
        &self,
        role: Option<&str>,
        path: &Path,
    ) -> Result<Arc<RoleView>, NotesError> {
        let role_of = self.role(role)?;
        let path = path.to_owned();
        let read = tokio::task::spawn_blocking(move || read_thesaurus(&role_of, &path));
        let name = self.role(role)?.name.clone();
        let thesaurus = read.await.map_err(|_| NotesError::Broken { role: name })??;
        self.load_thesaurus(role, thesaurus).await
    }

    /// Takes the knowledge graph of the configuration again.
    ///
    /// # Errors
    /// [`NotesError`]: no such role, unreadable notes or knowledge graph.
    pub async fn reset_thesaurus(&self, role: Option<&str>) -> Result<Arc<RoleView>, NotesError> {
        let followed = self.followed(role)?;
        followed.ask(|reply| Request::Thesaurus(None, reply)).await?;
        Self::read(&followed)
    }

    /// Makes a role's index for completion anew, with the weights of now.
    ///
    /// # Errors
    /// [`NotesError`]: no such role, unreadable notes, too many terms.
    pub async fn rebuild_autocomplete(&self, role: Option<&str>) -> Result<Arc<RoleView>, NotesError> {
        let followed = self.followed(role)?;
        followed.ask(|reply| Request::Autocomplete(None, reply)).await?;
        Self::read(&followed)
    }

    /// Takes an index for completion that was made elsewhere, until one is made
    /// anew or the role's thesaurus changes.
    ///
    /// # Errors
    /// [`NotesError`]: no such role, unreadable notes.
    pub async fn load_autocomplete(
        &self,
        role: Option<&str>,
        index: AutocompleteIndex,
    ) -> Result<Arc<RoleView>, NotesError> {
        let followed = self.followed(role)?;
        let index = Some(Box::new(index));
        followed.ask(|reply| Request::Autocomplete(index, reply)).await?;
        Self::read(&followed)
    }

    /// How far the reading of a role's notes is; starts nothing.
    ///
    /// # Errors
    /// As for [`Library::role`].
    pub fn progress(&self, role: Option<&str>) -> Result<Progress, NotesError> {
        Ok(self.followed(role)?.progress())
    }

    /// Tells what changes from now on. One that is told it is behind has to take
    /// anything as changed.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.shared.changes.subscribe()
    }

    fn read(followed: &Followed) -> Result<Arc<RoleView>, NotesError> {
        followed.view().ok_or_else(|| NotesError::Broken { role: followed.role.name.clone() })
    }

    /// The role that a call means.
    fn followed(&self, name: Option<&str>) -> Result<Arc<Followed>, NotesError> {
        let state = self.shared.state.load();
        let mut roles = state.roles.iter();
        let known = || state.config.known_roles();
        let found = match name.or(state.config.default_role.as_deref()) {
            _ if state.roles.is_empty() => return Err(NotesError::NoRole),
            Some(name) => {
                let found = roles.find(|followed| followed.role.answers_to(name));
                found.ok_or_else(|| NotesError::UnknownRole {
                    name: name.chars().take(100).collect(),
                    known: known(),
                })
            }
            None if state.roles.len() == 1 => roles.next().ok_or(NotesError::NoRole),
            None => Err(NotesError::NoDefault { known: known() }),
        };
        found.cloned()
    }
}

impl State {
    /// Roles that are as before are taken over.
    fn new(config: NotesConfig, former: &[Arc<Followed>], changes: &broadcast::Sender<Change>) -> Self {
        let roles = config.roles.iter().map(|role| {
            let same =
                former.iter().find(|other| *other.role == *role && other.index_dir == config.index_dir);
            same.cloned().unwrap_or_else(|| {
                Arc::new(Followed::new(Arc::new(role.clone()), config.index_dir.clone(), changes.clone()))
            })
        });
        Self { roles: roles.collect(), config: Arc::new(config) }
    }
}

/// Reads a thesaurus from a file below the role's folders.
fn read_thesaurus(role: &Role, path: &Path) -> Result<Thesaurus, NotesError> {
    let roots: Vec<PathBuf> = role.roots().filter_map(|root| root.canonicalize().ok()).collect();
    let shown = || {
        let roots: Vec<_> = role.roots().map(|root| format!("`{}`", root.display())).collect();
        roots.join(", ")
    };
    // A relative path is looked for below each root.
    let candidates = roots.iter().map(|root| root.join(path)).filter_map(|path| path.canonicalize().ok());
    let inside = candidates.into_iter().find(|path| roots.iter().any(|root| path.starts_with(root)));
    let outside =
        || NotesError::OutsideRoots { role: role.name.clone(), path: path.to_owned(), roots: shown() };
    let inside = inside.ok_or_else(outside)?;
    let text = haystack::read_up_to(&inside, MAX_THESAURUS_BYTES)
        .map_err(|reason| NotesError::ThesaurusFile { path: inside.clone(), reason })?;
    Thesaurus::from_json(&text)
        .map_err(|source| NotesError::Thesaurus { role: role.name.clone(), source: Arc::new(source) })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[tokio::test]
    async fn an_index_over_which_a_thread_died_is_made_anew() {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join("notes")).expect("created");
        fs::write(home.path().join("notes/a.md"), "tomatoes").expect("written");
        let role = "name = 'N'\nshort_name = 'n'\nrelevance = 'bm25'\nhaystacks = [{ path = 'notes' }]";
        let mut role: Role = toml::from_str(role).expect("a role");
        role.resolve_paths(home.path());
        let index_dir = Some(home.path().join("index"));
        let library =
            Library::new(NotesConfig { roles: vec![role], default_role: None, index_dir }).expect("good");
        let before = library.refresh(None).await.expect("a status");
        library.followed(None).expect("a role").kill();
        assert_eq!(library.view(None).await.expect("the last view").status(), before);
        assert_eq!(library.refresh(None).await.expect("a status"), before);
    }
}
