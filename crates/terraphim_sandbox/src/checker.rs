//! The machine's type checker behind walls of its own: it is shown the folder
//! that it lies in and what is written to it, and has no network. What it says
//! is hostile, since what it reads is.

use std::{
    io,
    path::Path,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Mutex,
};

use crate::{error::SandboxError, pool::PATIENCE, process::RunProcess, runtime::Runtime, zygote::Zygote};

/// Data that a checker may have, in bytes.
const MEMORY_BYTES: u64 = 1 << 30;

/// CPU time that a checker may take in its whole life, in seconds.
const CPU_SECONDS: u64 = 300;

/// Makes processes of one checker. The jail in which they are made is entered
/// with the first one.
#[derive(Debug)]
pub struct Checkers {
    runtime: Runtime,
    zygote: Mutex<Option<Zygote>>,
}

impl Checkers {
    /// Of the program `name` in `folder`, which both are what they are called
    /// on this machine, without links. The program must need no libraries.
    pub fn new(folder: &Path, name: &str) -> Self {
        Self { runtime: Runtime::checker(folder, name), zygote: Mutex::new(None) }
    }

    /// Where the jail shows what the checker is told.
    pub const FOLDER: &str = "/check";

    /// A new process, which waits for what is written to it.
    ///
    /// # Errors
    ///
    /// [`SandboxError`] if there is no jail, or no process can be made.
    pub async fn start(&self) -> Result<CheckerProcess, SandboxError> {
        let mut slot = self.zygote.lock().await;
        let zygote = match slot.as_ref().filter(|zygote| zygote.is_alive()) {
            Some(zygote) => zygote.clone(),
            None => slot.insert(Zygote::start(None, Some((&self.runtime, None)), PATIENCE).await?).clone(),
        };
        drop(slot);
        let process = zygote.fork(MEMORY_BYTES, CPU_SECONDS).await?;
        Ok(CheckerProcess { process, _zygote: zygote })
    }
}

/// A running checker: what it says, and what it is told. Dropping it kills it.
#[derive(Debug)]
pub struct CheckerProcess {
    process: RunProcess,
    _zygote: Zygote,
}

impl CheckerProcess {
    /// Its number on this machine, where `/proc` tells it.
    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }
}

impl AsyncRead for CheckerProcess {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.process.channel).poll_read(context, buffer)
    }
}

impl AsyncWrite for CheckerProcess {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.process.channel).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.process.channel).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.process.channel).poll_shutdown(context)
    }
}
