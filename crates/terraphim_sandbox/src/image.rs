//! A guest's program, handed to the kernel as a sealed file in memory.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::{AsRawFd, OwnedFd},
    sync::{Arc, Mutex, PoisonError},
};

use rustix::fs::{MemfdFlags, SealFlags};

/// How often sealing is tried; the kernel waits up to 150 ms each time.
const SEAL_ATTEMPTS: usize = 20;

static GUEST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest"));

/// A guest's program that nobody can change any more. Cheap to clone.
///
/// A pool has the guest that was built with this crate unless it is given
/// another one, which is for tests of the wall and for builds that bring a
/// guest of their own: the host trusts it to enter the jail.
#[derive(Debug, Clone)]
pub struct GuestImage {
    file: Arc<OwnedFd>,
}

impl GuestImage {
    /// Takes the bytes of an executable file.
    ///
    /// # Errors
    ///
    /// If they are no ELF file, the kernel has no room for them, or it does not seal files.
    pub fn new(program: &[u8]) -> io::Result<Self> {
        // The C library would hand anything else to a shell.
        if !program.starts_with(b"\x7fELF") {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a guest is an ELF executable"));
        }
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // Kernels from 6.3 want to be told that it is to be executed; older ones do not know the flag.
        let file = rustix::fs::memfd_create("terraphim-guest", flags | MemfdFlags::EXEC)
            .or_else(|_| rustix::fs::memfd_create("terraphim-guest", flags))?;
        let mut file = File::from(file);
        file.write_all(program)?;
        let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        seal(&file, seals)?;
        // An unprivileged jail must be able to execute it, whoever made it.
        rustix::fs::fchmod(&file, rustix::fs::Mode::from_raw_mode(0o555))?;
        Ok(Self { file: Arc::new(file.into()) })
    }

    /// The guest that was built with this crate; one file for all pools.
    pub(crate) fn embedded() -> io::Result<Self> {
        static EMBEDDED: Mutex<Option<GuestImage>> = Mutex::new(None);
        let mut embedded = EMBEDDED.lock().unwrap_or_else(PoisonError::into_inner);
        match embedded.as_ref() {
            Some(image) => Ok(image.clone()),
            None => Ok(embedded.insert(Self::new(GUEST)?).clone()),
        }
    }

    /// A path that leads to it from a child that has not yet executed anything.
    pub(crate) fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }
}

/// Seals a file. Somebody who moves the machine's memory about may hold a page of
/// it for a moment, in which the kernel says that it is busy.
fn seal(file: &File, seals: SealFlags) -> io::Result<()> {
    let mut sealed = rustix::fs::fcntl_add_seals(file, seals);
    for _ in 1..SEAL_ATTEMPTS {
        if sealed != Err(rustix::io::Errno::BUSY) {
            break;
        }
        sealed = rustix::fs::fcntl_add_seals(file, seals);
    }
    Ok(sealed?)
}
