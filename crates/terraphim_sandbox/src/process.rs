//! The process of one run, from the host's side.

use std::{
    fs,
    os::{
        fd::{AsFd, AsRawFd, OwnedFd},
        unix::net::UnixStream as StdUnixStream,
    },
    time::{Duration, Instant},
};

use rustix::{
    fs::{Mode, OFlags},
    net::{AddressFamily, SocketType},
    process::Signal,
};
use tokio::{
    net::UnixStream,
    sync::oneshot::{self, error::TryRecvError},
};

use crate::error::{SandboxError, start};

/// The process of a pidfd, as numbered here; `None` where `/proc` does not tell.
fn process_of(pidfd: &OwnedFd) -> Result<Option<u32>, SandboxError> {
    let Ok(info) = fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())) else {
        return Ok(None);
    };
    let Some(number) = info.lines().find_map(|line| line.strip_prefix("Pid:")) else {
        return Err(SandboxError::Fork { reason: "the zygote sent no process".into() });
    };
    Ok(number.trim().parse().ok())
}

/// What the kernel says of a process in one of its files, which are short; `None`
/// where `/proc` does not tell, or the process is gone.
fn said(path: &str) -> Option<String> {
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut text = vec![0; 4096];
    let length = rustix::io::read(&file, &mut text).ok()?;
    text.truncate(length);
    String::from_utf8(text).ok()
}

/// CPU time of one thread.
fn on_schedule(path: &str) -> Option<Duration> {
    Some(Duration::from_nanos(said(path)?.split(' ').next()?.parse().ok()?))
}

/// How long a process may take to stop, and how often that is looked at.
const STOP_DEADLINE: Duration = Duration::from_millis(500);
const STOP_STEP: Duration = Duration::from_micros(200);

/// How a process ended, as the zygote reaped it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChildExit {
    /// As `wait4` gives it.
    pub(crate) status: i32,
    pub(crate) cpu: Duration,
    pub(crate) peak_bytes: u64,
}

/// The end of a process as far as it is known.
#[derive(Debug)]
enum Exit {
    Awaited(oneshot::Receiver<ChildExit>),
    /// `None` if the zygote went without telling.
    Known(Option<ChildExit>),
}

/// A process that waits for a program or runs one; killed when dropped.
#[derive(Debug)]
pub(crate) struct RunProcess {
    pidfd: OwnedFd,
    /// Its number here, where `/proc` tells it.
    pid: Option<u32>,
    pub(crate) channel: UnixStream,
    exit: Exit,
}

impl RunProcess {
    pub(crate) fn new(
        descriptors: Vec<OwnedFd>,
        exit: oneshot::Receiver<ChildExit>,
    ) -> Result<Self, SandboxError> {
        let Ok([pidfd, channel]) = <[OwnedFd; 2]>::try_from(descriptors) else {
            return Err(SandboxError::Fork { reason: "the zygote sent no pair of descriptors".into() });
        };
        let is_channel = rustix::net::sockopt::socket_domain(&channel) == Ok(AddressFamily::UNIX)
            && rustix::net::sockopt::socket_type(&channel) == Ok(SocketType::STREAM);
        if !is_channel {
            return Err(SandboxError::Fork { reason: "the zygote sent no channel".into() });
        }
        let pid = process_of(&pidfd)?;
        let channel = StdUnixStream::from(channel);
        channel.set_nonblocking(true).map_err(start("non-blocking"))?;
        let channel = UnixStream::from_std(channel).map_err(start("register"))?;
        Ok(Self { pidfd, pid, channel, exit: Exit::Awaited(exit) })
    }

    /// Its number here, where `/proc` tells it.
    pub(crate) fn id(&self) -> Option<u32> {
        self.pid
    }

    /// Whether no end of it was told yet.
    pub(crate) fn is_running(&mut self) -> bool {
        let Exit::Awaited(exit) = &mut self.exit else { return false };
        match exit.try_recv() {
            Ok(exit) => self.exit = Exit::Known(Some(exit)),
            Err(TryRecvError::Closed) => self.exit = Exit::Known(None),
            Err(TryRecvError::Empty) => return true,
        }
        false
    }

    /// Waits until its end is told; `None` if the zygote is gone.
    pub(crate) async fn ended(&mut self) -> Option<ChildExit> {
        if let Exit::Awaited(exit) = &mut self.exit {
            self.exit = Exit::Known(exit.await.ok());
        }
        match self.exit {
            Exit::Known(exit) => exit,
            Exit::Awaited(_) => None,
        }
    }

    /// What a process that only waits has used, by the kernel's own account:
    /// CPU time and largest resident size in bytes. `None` where `/proc` does
    /// not tell, or the process is gone.
    pub(crate) fn measure(&mut self, has_threads: bool) -> Option<(Duration, u64)> {
        let pid = self.pid?;
        let cpu = if has_threads {
            self.exact_cpu(pid)?.max(self.cpu()?)
        } else {
            on_schedule(&format!("/proc/{pid}/schedstat"))?
        };
        let status = said(&format!("/proc/{pid}/status"))?;
        // A process that has ended meanwhile may have left its number to another one.
        if !self.is_running() {
            return None;
        }
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let peak_kib: u64 = peak.trim().strip_suffix(" kB")?.parse().ok()?;
        Some((cpu, peak_kib.saturating_mul(1024)))
    }

    /// CPU time of the threads that it has now.
    fn exact_cpu(&self, pid: u32) -> Option<Duration> {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).ok()?;
        let of = |thread: fs::DirEntry| on_schedule(thread.path().join("schedstat").to_str()?);
        Some(threads.flatten().filter_map(of).sum())
    }

    /// Memory of its own that no file can give back, with the tables that lead
    /// to it, in bytes; where `/proc` tells it.
    pub(crate) fn own_memory(&self) -> Option<u64> {
        let status = said(&format!("/proc/{}/status", self.pid?))?;
        let kib = |name: &str| -> Option<u64> {
            status.lines().find_map(|line| line.strip_prefix(name))?.trim().strip_suffix(" kB")?.parse().ok()
        };
        Some(kib("RssAnon:")?.saturating_add(kib("VmPTE:")?).saturating_mul(1024))
    }

    /// CPU time of all its threads, where `/proc` tells it.
    pub(crate) fn cpu(&self) -> Option<Duration> {
        let stat = said(&format!("/proc/{}/stat", self.pid?))?;
        // The name may hold anything, but no field after it a bracket.
        let fields = stat.rsplit_once(')')?.1;
        let ticks: u64 =
            fields.split_ascii_whitespace().skip(11).take(2).filter_map(|one| one.parse::<u64>().ok()).sum();
        Some(Duration::from_millis(
            ticks.saturating_mul(1000) / rustix::param::clock_ticks_per_second().max(1),
        ))
    }

    /// Lets it rest between two programs; false if it does not come to rest.
    /// One that has threads of its own is stopped.
    pub(crate) async fn rest(&mut self, has_threads: bool) -> bool {
        if !has_threads {
            return self.is_running();
        }
        let stopped = rustix::process::pidfd_send_signal(self.pidfd.as_fd(), Signal::STOP);
        let Some(pid) = self.pid.filter(|_| stopped.is_ok()) else { return false };
        let deadline = Instant::now() + STOP_DEADLINE;
        while Instant::now() < deadline {
            let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return false };
            let is_stopped = |task: std::io::Result<fs::DirEntry>| {
                let stat = task.and_then(|task| fs::read_to_string(task.path().join("stat")));
                // One that is gone meanwhile does nothing any more.
                stat.map_or(true, |stat| {
                    stat.rsplit_once(')').is_some_and(|(_, state)| state.trim_start().starts_with('T'))
                })
            };
            if tasks.into_iter().all(is_stopped) {
                return self.is_running();
            }
            tokio::time::sleep(STOP_STEP).await;
        }
        false
    }

    /// Lets one that rests go on; any other does so anyway.
    pub(crate) fn go_on(&self) {
        // It fails only if the process is gone, which its channel tells.
        let _ = rustix::process::pidfd_send_signal(self.pidfd.as_fd(), Signal::CONT);
    }

    /// How many threads it has, where `/proc` tells it.
    pub(crate) fn threads(&self) -> Option<u32> {
        let status = said(&format!("/proc/{}/status", self.pid?))?;
        status.lines().find_map(|line| line.strip_prefix("Threads:"))?.trim().parse().ok()
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
