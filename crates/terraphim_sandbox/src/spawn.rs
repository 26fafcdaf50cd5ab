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
const JAIL_IDS: std::ops::Range<u32> = 61_500..64_500;

enum Job {
    Start { image: Option<GuestImage>, control: OwnedFd, answer: oneshot::Sender<io::Result<Process>> },
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
                    Job::Start { image, control, answer } => {
                        // A caller that is gone drops the answer, which kills the process.
                        let _ = answer.send(start(image, control));
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

/// Starts a guest, the embedded one unless another is given, with `control` as
/// its standard input and nothing else.
pub(crate) async fn guest(image: Option<GuestImage>, control: OwnedFd) -> io::Result<Process> {
    let (answer, answered) = oneshot::channel();
    let gone = |_| io::Error::other("the spawner thread is gone");
    jobs()?
        .send(Job::Start { image, control, answer })
        .map_err(|_| io::Error::other("the spawner thread is gone"))?;
    answered.await.map_err(gone)?
}

fn start(image: Option<GuestImage>, control: OwnedFd) -> io::Result<Process> {
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
    if rustix::process::geteuid().is_root() {
        check_capabilities()?;
        let id = jail_id();
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
fn jail_id() -> u32 {
    let span = JAIL_IDS.end - JAIL_IDS.start;
    JAIL_IDS.start + std::process::id() % span
}
