//! Hears from the system when files change. Where the system does not tell, as
//! without inotify or with too many folders, files are looked at now and then.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::SyncSender},
};

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher, event::AccessKind};

use crate::follow::{Request, Told};

/// Most folders that are watched for one role.
const MAX_FOLDERS: usize = 50_000;

/// Watches a role's folders, one by one, so that ignored ones cost nothing.
pub(crate) struct FileWatch {
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
}

impl FileWatch {
    /// Takes note of what changes, and asks for it to be looked at.
    pub(crate) fn new(role: &str, requests: SyncSender<Request>, changed: Arc<Told>) -> Self {
        let tell = move |event: notify::Result<Event>| {
            let first = match event {
                Ok(event) if !matters(&event) => return,
                Ok(event) if !event.need_rescan() => changed.tell(event.paths),
                Ok(_) | Err(_) => {
                    changed.tell_all();
                    true
                }
            };
            // Where the queue is full, there is a next request that looks at it.
            if first {
                drop(requests.try_send(Request::Files));
            }
        };
        let watcher = notify::recommended_watcher(tell).inspect_err(|error| unwatched(role, error)).ok();
        Self { watcher, watched: BTreeSet::new() }
    }

    /// Whether changes are told.
    pub(crate) fn is_on(&self) -> bool {
        self.watcher.is_some()
    }

    /// Watches exactly these folders; whether some of them were not watched before.
    pub(crate) fn follow(&mut self, role: &str, folders: &BTreeSet<PathBuf>) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
        for gone in self.watched.difference(folders) {
            // A folder that does not exist any more is no longer watched anyway.
            drop(watcher.unwatch(gone));
        }
        let new: Vec<&PathBuf> = folders.difference(&self.watched).collect();
        let mut failed = None;
        if folders.len() > MAX_FOLDERS {
            failed = Some(notify::Error::new(notify::ErrorKind::MaxFilesWatch));
        }
        for folder in &new {
            if failed.is_none() {
                failed = watch(watcher, folder).err();
            }
        }
        let any = !new.is_empty();
        self.watched.clone_from(folders);
        if let Some(error) = failed {
            unwatched(role, &error);
            self.watcher = None;
            return false;
        }
        any
    }
}

fn watch(watcher: &mut RecommendedWatcher, folder: &Path) -> notify::Result<()> {
    match watcher.watch(folder, RecursiveMode::NonRecursive) {
        // It is gone already; the folder above it tells.
        Err(error) if matches!(error.kind, notify::ErrorKind::PathNotFound) || !folder.exists() => Ok(()),
        other => other,
    }
}

fn unwatched(role: &str, error: &notify::Error) {
    tracing::warn!(role, %error, "changes of notes are not told by the system, the files are looked at every 2 s of use");
}

/// Whether files may be other than before; that one was read is told as well.
fn matters(event: &Event) -> bool {
    match event.kind {
        EventKind::Access(AccessKind::Close(mode)) => mode == notify::event::AccessMode::Write,
        EventKind::Access(_) => false,
        _ => true,
    }
}
