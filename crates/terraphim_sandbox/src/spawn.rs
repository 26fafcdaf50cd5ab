//! The one thread that starts guests and reaps them. It never ends, because
//! the kernel sends a child its parent-death signal when the *thread* that
//! started it ends.

use std::{
    io,
    os::{fd::OwnedFd, unix::process::CommandExt},
    process::{Child, Command, Stdio},
    sync::{
        OnceLock,
        mpsc::{Sender, channel},
    },
};

use rustix::thread::CapabilitySet;
use tokio::sync::oneshot;

use crate::image::GuestImage;

/// Ids for jails that a root host starts: above those of people and services,
/// inside the 65,536 that containers usually map.
pub(crate) const JAIL_IDS: std::ops::Range<u32> = 61_500..64_500;

enum Job {
    Start { launch: Launch, answer: oneshot::Sender<io::Result<Process>> },
    Reap(Child),
}

/// A started guest; killed and reaped when dropped.
pub(crate) struct Process {
    child: Option<Child>,
}

impl Process {
    pub(crate) fn id(&self) -> u32 {
        self.child.as_ref().map_or(0, Child::id)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let (Some(mut child), Ok(jobs)) = (self.child.take(), jobs()) {
            // It fails only if the process is gone already.
            let _ = child.kill();
            let _ = jobs.send(Job::Reap(child));
        }
    }
}

fn jobs() -> io::Result<&'static Sender<Job>> {
    static JOBS: OnceLock<Option<Sender<Job>>> = OnceLock::new();
    let jobs = JOBS.get_or_init(|| {
        let (sender, receiver) = channel();
        let work = move || {
            for job in receiver {
                match job {
                    Job::Start { launch, answer } => {
                        // A caller that is gone drops the answer, which kills the process.
                        let _ = answer.send(start(launch));
                    }
                    Job::Reap(mut child) => {
                        let _ = child.wait();
                    }
                }
            }
        };
        std::thread::Builder::new().name("guest-spawner".into()).spawn(work).ok().map(|_| sender)
    });
    jobs.as_ref().ok_or_else(|| io::Error::other("the spawner thread could not be started"))
}

/// How a guest is started.
pub(crate) struct Launch {
    /// The guest, unless it is the embedded one.
    pub(crate) image: Option<GuestImage>,
    /// Its standard input.
    pub(crate) control: OwnedFd,
    /// The runtime that it is to become, if it is to become one, and where that
    /// may write why it does not start.
    pub(crate) runtime: Option<(&'static str, OwnedFd)>,
    /// The id that a root host gives it, unless any will do.
    pub(crate) id: Option<u32>,
}

/// Starts a guest with what it is given and nothing else.
pub(crate) async fn guest(launch: Launch) -> io::Result<Process> {
    let (answer, answered) = oneshot::channel();
    let gone = |_| io::Error::other("the spawner thread is gone");
    jobs()?
        .send(Job::Start { launch, answer })
        .map_err(|_| io::Error::other("the spawner thread is gone"))?;
    answered.await.map_err(gone)?
}

fn start(Launch { image, control, runtime, id }: Launch) -> io::Result<Process> {
    let image = match image {
        Some(image) => image,
        None => GuestImage::embedded()?,
    };
    let mut command = Command::new(image.path());
    command
        .arg0("terraphim-guest")
        .env_clear()
        // Keeps the C library from looking for the machine's time zone inside the jail.
        .env("TZ", "UTC0")
        .current_dir("/")
        .stdin(Stdio::from(control))
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some((language, complaints)) = runtime {
        command.arg(language).stderr(Stdio::from(complaints));
    }
    if rustix::process::geteuid().is_root() {
        check_capabilities()?;
        let id = id.unwrap_or_else(jail_id);
        command.uid(id).gid(id);
    }
    command.spawn().map(|child| Process { child: Some(child) })
}

/// Root that lacks these could give a guest no id of its own, or never kill it.
fn check_capabilities() -> io::Result<()> {
    let needed = CapabilitySet::SETUID | CapabilitySet::SETGID | CapabilitySet::KILL;
    if rustix::thread::capabilities(None)?.effective.contains(needed) {
        return Ok(());
    }
    Err(io::Error::other("this is root without the capabilities SETUID, SETGID and KILL"))
}

/// An unprivileged id of its own for each host process.
pub(crate) fn jail_id() -> u32 {
    let span = JAIL_IDS.end - JAIL_IDS.start;
    JAIL_IDS.start + std::process::id() % span
}
