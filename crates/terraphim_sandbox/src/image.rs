//! The guest's program, embedded in the host and handed to the kernel as a
//! sealed file in memory.

use std::{
    fs::File,
    io::{self, Write},
    os::fd::{AsRawFd, OwnedFd},
};

use rustix::fs::{MemfdFlags, SealFlags};

static GUEST: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/guest"));

/// An open guest program that nobody can change any more.
pub(crate) struct Image {
    file: OwnedFd,
}

impl Image {
    pub(crate) fn new() -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        // Kernels from 6.3 want to be told that it is to be executed; older ones do not know the flag.
        let file = rustix::fs::memfd_create("terraphim-guest", flags | MemfdFlags::EXEC)
            .or_else(|_| rustix::fs::memfd_create("terraphim-guest", flags))?;
        let mut file = File::from(file);
        file.write_all(GUEST)?;
        let seals = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        rustix::fs::fcntl_add_seals(&file, seals)?;
        // An unprivileged jail must be able to execute it, whoever made it.
        rustix::fs::fchmod(&file, rustix::fs::Mode::from_raw_mode(0o555))?;
        Ok(Self { file: file.into() })
    }

    /// A path that leads to it from a child that has not yet executed anything.
    pub(crate) fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.file.as_raw_fd())
    }
}
