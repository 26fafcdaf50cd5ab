//! The process of one run, from the host's side.

use std::{
    fs,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::net::UnixStream as StdUnixStream,
    },
    time::Duration,
};

use rustix::process::Signal;
use tokio::{net::UnixStream, sync::oneshot};

use crate::error::{SandboxError, start};

/// The process of a pidfd, as numbered here.
fn number_of(pidfd: &OwnedFd) -> Option<u32> {
    let info = fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).ok()?;
    info.lines().find_map(|line| line.strip_prefix("Pid:"))?.trim().parse().ok()
}

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
    /// Its number here, where `/proc` tells it.
    pid: Option<u32>,
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
        let pid = number_of(&pidfd);
        Ok(Self { pidfd, pid, channel, exit })
    }

    /// What a process that only waits has used, by the kernel's own account:
    /// CPU time and largest resident size in bytes. `None` where `/proc` does
    /// not tell, or the process is gone.
    pub(crate) fn measure(&mut self) -> Option<(Duration, u64)> {
        let pid = self.pid?;
        let schedule = fs::read_to_string(format!("/proc/{pid}/schedstat")).ok()?;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        // A process that has ended meanwhile may have left its number to another one.
        if !matches!(self.exit.try_recv(), Err(oneshot::error::TryRecvError::Empty)) {
            return None;
        }
        let cpu = schedule.split(' ').next()?.parse().ok().map(Duration::from_nanos)?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let peak_kib: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
        Some((cpu, peak_kib.saturating_mul(1024)))
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
