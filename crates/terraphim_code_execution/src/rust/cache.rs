//! What was compiled, kept by the hash of everything that it was compiled from.
//! No program writes here: the host takes what a compiler has made, notes its
//! length and hash beside it, and holds it against these before it is used.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read, Write},
    os::{
        fd::OwnedFd,
        unix::fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use sha2::{Digest, Sha256};

/// Longest program or library that is kept, in bytes.
pub(crate) const MOST_BYTES: u64 = 64 << 20;

/// What is kept together, in bytes; beyond it what was not used for longest goes.
const CACHE_BYTES: u64 = 512 << 20;

/// What was used since is not removed: a run may be about to begin with it.
const IN_USE: Duration = Duration::from_secs(5 * 60);

/// How often the use of a file is noted.
const NOTED_EVERY: Duration = Duration::from_secs(60);

/// Most files that are known to be whole.
const MOST_KNOWN: usize = 4096;

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;

/// The folder of the notes.
const NOTES: &str = "sums";

static WRITES: AtomicU64 = AtomicU64::new(0);

/// A folder of compiled files. Names are `lib/…` and `bin/…`.
#[derive(Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    /// Files that were whole when they looked like this.
    whole: Mutex<HashMap<String, Seen>>,
    /// What is being made.
    turns: Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>,
}

/// What a file looked like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    device: u64,
    number: u64,
    bytes: u64,
    changed: (i64, i64),
}

impl Seen {
    fn of(about: &fs::Metadata) -> Self {
        Self {
            device: about.dev(),
            number: about.ino(),
            bytes: about.len(),
            changed: (about.mtime(), about.mtime_nsec()),
        }
    }
}

/// What is there under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    Whole,
    Missing,
    /// It was not what had been put there, and is removed.
    Damaged,
}

impl Cache {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, whole: Mutex::default(), turns: Mutex::default() }
    }

    /// The lock of whoever makes this; everybody else waits and finds it made.
    pub(crate) fn turn(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(name).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(name.to_owned(), Arc::downgrade(&turn));
        turn
    }

    /// Whether a file is what it was when it was found whole; it need not be for this to be no.
    pub(crate) fn is_known(&self, name: &str) -> bool {
        let about = fs::symlink_metadata(self.folder.join(name));
        about.is_ok_and(|about| {
            let used = about.accessed().unwrap_or(SystemTime::UNIX_EPOCH);
            about.is_file() && age(used) <= NOTED_EVERY && self.whole().get(name) == Some(&Seen::of(&about))
        })
    }

    /// Whether a file is there and what it was when it was put there.
    pub(crate) fn look(&self, name: &str) -> io::Result<Kept> {
        let path = self.folder.join(name);
        let file = match open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Kept::Missing),
            // A link, or what is no file.
            Err(_) => return self.remove(name),
        };
        let about = file.metadata()?;
        let seen = Seen::of(&about);
        if self.whole().get(name) != Some(&seen) {
            if !about.is_file() || about.len() > MOST_BYTES || !self.is_as_noted(name, file.try_clone()?)? {
                return self.remove(name);
            }
            let mut whole = self.whole();
            if whole.len() >= MOST_KNOWN {
                whole.clear();
            }
            whole.insert(name.to_owned(), seen);
        }
        let used = about.accessed().unwrap_or(SystemTime::UNIX_EPOCH);
        if age(used) > NOTED_EVERY {
            let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
            let unchanged = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
            rustix::fs::futimens(&file, &Timestamps { last_access: now, last_modification: unchanged })?;
        }
        Ok(Kept::Whole)
    }

    fn whole(&self) -> std::sync::MutexGuard<'_, HashMap<String, Seen>> {
        self.whole.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, name: &str) -> PathBuf {
        self.folder.join(NOTES).join(name.replace('/', "-"))
    }

    fn is_as_noted(&self, name: &str, file: File) -> io::Result<bool> {
        let noted = match fs::read_to_string(self.note(name)) {
            Ok(noted) => noted,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let mut file = file.take(MOST_BYTES + 1);
        Ok(copy(&mut file, &mut io::sink())? == noted)
    }

    fn remove(&self, name: &str) -> io::Result<Kept> {
        self.whole().remove(name);
        fs::remove_file(self.folder.join(name))?;
        Ok(Kept::Damaged)
    }

    /// Takes a file out of the folder that a compiler wrote to, in which everything
    /// is a program's work, and makes room for it.
    pub(crate) fn keep(&self, name: &str, written: &OwnedFd, made: &str) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
        let source = rustix::fs::openat2(written, made, flags, Mode::empty(), resolve)?;
        let about = rustix::fs::fstat(&source)?;
        if FileType::from_raw_mode(about.st_mode) != FileType::RegularFile {
            return Err(io::Error::other("what the compiler made is no file"));
        }
        if u64::try_from(about.st_size).map_or(true, |bytes| bytes > MOST_BYTES) {
            return Err(too_large());
        }
        fs::create_dir_all(self.folder.join(NOTES))?;
        let number = WRITES.fetch_add(1, Ordering::Relaxed);
        let new = |what: &str| self.folder.join(format!("new-{}-{number}-{what}", std::process::id()));
        let (file, note) = (new("file"), new("note"));
        let written = write(File::from(source), &file).and_then(|told| {
            fs::write(&note, told)?;
            fs::rename(&note, self.note(name))?;
            fs::rename(&file, self.folder.join(name))
        });
        if written.is_err() {
            // Half of a file is of no use; why it is half is what counts.
            let _ = (fs::remove_file(&file), fs::remove_file(&note));
        }
        written?;
        self.make_room()
    }

    /// Removes what was not used for longest, down to the bound.
    fn make_room(&self) -> io::Result<()> {
        let mut files = Vec::new();
        for folder in ["lib", "bin"] {
            for entry in fs::read_dir(self.folder.join(folder))? {
                let entry = entry?;
                // Another process may be making room, too.
                let Ok(about) = entry.metadata() else { continue };
                let name = format!("{folder}/{}", entry.file_name().to_string_lossy());
                files.push((about.accessed().unwrap_or(SystemTime::UNIX_EPOCH), about.len(), name));
            }
        }
        self.remove_remains()?;
        let mut bytes: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        files.sort();
        for (used, length, name) in files {
            if bytes <= CACHE_BYTES || age(used) < IN_USE {
                return Ok(());
            }
            self.whole().remove(&name);
            gone(fs::remove_file(self.folder.join(&name)))?;
            gone(fs::remove_file(self.note(&name)))?;
            bytes = bytes.saturating_sub(length);
        }
        Ok(())
    }

    /// Removes what a process that was ended had begun to write.
    fn remove_remains(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let is_new = entry.file_name().to_string_lossy().starts_with("new-");
            if is_new && entry.metadata().is_ok_and(|about| about.modified().is_ok_and(|at| age(at) > IN_USE))
            {
                gone(fs::remove_file(entry.path()))?;
            }
        }
        Ok(())
    }
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

fn too_large() -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {} MiB", MOST_BYTES >> 20))
}

/// How long ago that was; no time for what is still to come.
fn age(at: SystemTime) -> Duration {
    SystemTime::now().duration_since(at).unwrap_or_default()
}

fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

/// Writes a file that all may read and execute, and nobody write; gives its note.
fn write(source: File, path: &Path) -> io::Result<String> {
    let mut file = File::create_new(path)?;
    let note = copy(&mut source.take(MOST_BYTES + 1), &mut file)?;
    if file.metadata()?.len() > MOST_BYTES {
        return Err(too_large());
    }
    file.set_permissions(fs::Permissions::from_mode(0o555))?;
    Ok(note)
}

/// Copies all of it; gives the note of what it was: its length in bytes and its SHA-256.
fn copy(source: &mut impl Read, target: &mut impl Write) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    let mut bytes = 0_u64;
    loop {
        let count = source.read(&mut buffer)?;
        let read = buffer.get(..count).unwrap_or_default();
        if read.is_empty() {
            return Ok(format!("{bytes} {}", hexadecimal(&hash.finalize())));
        }
        hash.update(read);
        target.write_all(read)?;
        bytes += count as u64;
    }
}

/// The hash of several texts, each with its length, as hexadecimal text.
pub(crate) fn key<'t>(texts: impl IntoIterator<Item = &'t str>) -> String {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    hexadecimal(&hash.finalize())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache, OwnedFd) {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cache/lib", "cache/bin", "written"] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let written = File::open(folder.path().join("written")).unwrap().into();
        let cache = Cache::new(folder.path().join("cache"));
        (folder, cache, written)
    }

    #[test]
    fn what_is_not_what_was_put_there_is_removed() {
        let (folder, cache, written) = cache();
        fs::write(folder.path().join("written/program"), b"whole").unwrap();
        let path = folder.path().join("cache/bin/a");
        let damages: [&dyn Fn(); 5] = [
            &|| {
                fs::remove_file(&path).unwrap();
                fs::write(&path, b"wholf").unwrap();
            },
            &|| {
                fs::remove_file(&path).unwrap();
                fs::write(&path, b"").unwrap();
            },
            &|| fs::remove_file(folder.path().join("cache/sums/bin-a")).unwrap(),
            &|| fs::write(folder.path().join("cache/sums/bin-a"), b"5 00").unwrap(),
            &|| {
                fs::remove_file(&path).unwrap();
                std::os::unix::fs::symlink("/bin/true", &path).unwrap();
            },
        ];
        for damage in damages {
            assert_eq!(cache.look("bin/a").unwrap(), Kept::Missing);
            cache.keep("bin/a", &written, "program").unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o555);
            damage();
            // As one that has not looked at it before.
            let other = Cache::new(folder.path().join("cache"));
            assert_eq!(other.look("bin/a").unwrap(), Kept::Damaged);
        }
        cache.keep("bin/a", &written, "program").unwrap();
        assert_eq!(cache.look("bin/a").unwrap(), Kept::Whole);
        fs::remove_file(&path).unwrap();
        fs::write(&path, b"other").unwrap();
        assert_eq!(cache.look("bin/a").unwrap(), Kept::Damaged);
    }

    #[test]
    fn only_a_plain_file_of_the_folder_itself_is_taken() {
        let (folder, cache, written) = cache();
        let made = folder.path().join("written");
        std::os::unix::fs::symlink("/bin/true", made.join("link")).unwrap();
        fs::create_dir(made.join("folder")).unwrap();
        File::create(made.join("large")).unwrap().set_len(MOST_BYTES + 1).unwrap();
        fs::write(folder.path().join("outside"), b"").unwrap();
        for name in ["link", "folder", "large", "../outside", "missing", "/bin/true"] {
            assert!(cache.keep("bin/a", &written, name).is_err(), "{name}");
            assert_eq!(cache.look("bin/a").unwrap(), Kept::Missing, "{name}");
        }
        let left: Vec<_> = fs::read_dir(folder.path().join("cache")).unwrap().flatten().collect();
        assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().starts_with("new-")));
    }

    #[test]
    fn whoever_asks_for_the_same_waits_for_the_first() {
        let (_folder, cache, _) = cache();
        let first = cache.turn("bin/a");
        let held = first.try_lock().unwrap();
        assert!(cache.turn("bin/a").try_lock().is_err());
        assert!(cache.turn("bin/b").try_lock().is_ok());
        drop(held);
        assert!(cache.turn("bin/a").try_lock().is_ok());
        drop(first);
        cache.turn("bin/c");
        assert!(cache.turns.lock().unwrap().len() <= 2);
    }

    #[test]
    fn keys_tell_apart_where_one_text_ends() {
        assert_ne!(key(["ab", "c"]), key(["a", "bc"]));
        assert_eq!(key(["a"]).len(), 64);
    }
}
