//! The process of one run, from the host's side.

use std::{
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream as StdUnixStream,
    },
    time::Duration,
};

use rustix::process::Signal;
use tokio::{net::UnixStream, sync::oneshot};

use crate::error::{SandboxError, start};

/// How a process ended, as the zygote reaped it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChildExit {
    /// As `wait4` gives it.
    pub(crate) status: i32,
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
}

/// A process that waits for a program or runs one; killed when dropped.
#[derive(Debug)]
pub(crate) struct RunProcess {
    pidfd: OwnedFd,
    pub(crate) channel: UnixStream,
    pub(crate) exit: oneshot::Receiver<ChildExit>,
}

impl RunProcess {
    pub(crate) fn new(
        descriptors: Vec<OwnedFd>,
        exit: oneshot::Receiver<ChildExit>,
    ) -> Result<Self, SandboxError> {
        let Ok([pidfd, channel]) = <[OwnedFd; 2]>::try_from(descriptors) else {
            return Err(SandboxError::Fork { reason: "the zygote sent no descriptors".into() });
        };
        let channel = StdUnixStream::from(channel);
        channel.set_nonblocking(true).map_err(start("non-blocking"))?;
        let channel = UnixStream::from_std(channel).map_err(start("register"))?;
        Ok(Self { pidfd, channel, exit })
    }

    /// Ends the process; the kernel does it whatever the process is doing.
    pub(crate) fn kill(&self) {
        // It fails only if the process is gone already.
        let _ = rustix::process::pidfd_send_signal(self.pidfd.as_fd(), Signal::KILL);
    }
}

impl Drop for RunProcess {
    fn drop(&mut self) {
        self.kill();
    }
}
