//! A zygote of Python as the jail would start it, without the jail.

use std::{
    error::Error,
    fmt::Write as _,
    fs,
    io::{IoSliceMut, Read, Write},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use rustix::{
    event::{PollFd, PollFlags, Timespec},
    net::{
        AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendFlags, SocketFlags,
        SocketType,
    },
    process::Signal,
};
use terraphim_sandbox_protocol::{
    Budget, GuestFrame, HEADER_BYTES, Header, HostFrame, Start, VERSION,
    control::{FromZygote, Layers, MAX_DATAGRAM, ToZygote},
};

pub(crate) type Outcome<T> = Result<T, Box<dyn Error>>;

/// One instruction: `BPF_RET` with `SECCOMP_RET_ALLOW`.
pub(crate) const ALLOW_ALL: [u8; 8] = [6, 0, 0, 0, 0, 0, 0xff, 0x7f];

/// One instruction: `BPF_RET` with `SECCOMP_RET_KILL_PROCESS`.
pub(crate) const ALLOW_NOTHING: [u8; 8] = [6, 0, 0, 0, 0, 0, 0, 0x80];

/// Longest wait for anything that is due.
const DUE: Duration = Duration::from_secs(20);

const BUDGET: Budget =
    Budget { start: 0, reply: 0, call: 16 << 20, log: 128 << 10, done: 16 << 20, failed: 256 << 10 };

/// Every Python that is there: that of the path, the machine's, and those of
/// the environment. There may be none, unless `TERRAPHIM_REQUIRE_PYTHON` asks for one.
pub(crate) fn pythons() -> Outcome<Vec<PathBuf>> {
    let named = std::env::var("TERRAPHIM_TEST_PYTHONS").unwrap_or_default();
    let listed = named.split(':').filter(|path| !path.is_empty()).map(PathBuf::from);
    let mut found: Vec<PathBuf> = Vec::new();
    for candidate in ["python3".into(), "/usr/bin/python3".into()].into_iter().chain(listed) {
        let asked = Command::new(&candidate).args(["-I", "-c", "import sys; print(sys.executable)"]).output();
        let Ok(asked) = asked else { continue };
        let path = PathBuf::from(String::from_utf8(asked.stdout)?.trim());
        if asked.status.success() && !found.contains(&path) {
            found.push(path);
        }
    }
    if found.is_empty() {
        if std::env::var_os("TERRAPHIM_REQUIRE_PYTHON").is_some() {
            return Err("no python3 was found: install one, or name it in TERRAPHIM_TEST_PYTHONS".into());
        }
        println!("no python3 was found: the guest for Python is not tested");
    }
    Ok(found)
}

/// Its version: 3.9 is (3, 9).
pub(crate) fn version(python: &Path) -> Outcome<(u32, u32)> {
    let asked =
        Command::new(python).args(["-I", "-c", "import sys; print(*sys.version_info[:2])"]).output()?.stdout;
    let text = String::from_utf8(asked)?;
    let (major, minor) = text.trim().split_once(' ').ok_or("no version")?;
    Ok((major.parse()?, minor.parse()?))
}

/// The folder of the guest's Python sources.
fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("python")
}

/// A text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => json.extend(['\\', c]),
            c if c < ' ' => write!(json, "\\u{:04x}", u32::from(c)).unwrap_or_default(),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

fn settings(run_filter: &[u8]) -> Outcome<String> {
    let mut modules = Vec::new();
    for name in fs::read_to_string(sources().join("modules.txt"))?.lines() {
        let source = fs::read_to_string(sources().join(format!("{name}.py")))?;
        modules.push(format!("[{},{}]", quoted(name), quoted(&source)));
    }
    let ready = FromZygote::Ready { version: VERSION, layers: Layers::default(), reduced: String::new() };
    Ok(format!(
        r#"{{"modules":[{}],"ready":"{}","run_filter":"{}","has_folder":false}}"#,
        modules.join(","),
        STANDARD.encode(ready.encode()),
        STANDARD.encode(run_filter)
    ))
}

/// A zygote, ended when it is dropped.
pub(crate) struct Zygote {
    pub(crate) process: Child,
    control: OwnedFd,
    children: u32,
    /// Ends of runs that were told while something else was waited for.
    ended: Vec<FromZygote>,
    settings: PathBuf,
}

impl Zygote {
    /// Starts one; it is not said to be ready yet.
    pub(crate) fn start(python: &Path, run_filter: &[u8]) -> Outcome<Self> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let (ours, theirs) =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let file = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("python-guest-{}-{number}.json", std::process::id()));
        fs::write(&file, settings(run_filter)?)?;
        let process = Command::new("/bin/sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4<"$SETTINGS" 0</dev/null"#])
            .arg(python)
            .args(["-I", "-B", "-X", "utf8", "-c", &fs::read_to_string(sources().join("loader.py"))?])
            .env_clear()
            .envs([
                ("LANG", "C.UTF-8"),
                ("TZ", "UTC"),
                ("OPENBLAS_NUM_THREADS", "1"),
                ("OMP_NUM_THREADS", "1"),
            ])
            .env("SETTINGS", &file)
            .stdin(Stdio::from(theirs))
            .spawn()?;
        Ok(Self { process, control: ours, children: 0, ended: Vec::new(), settings: file })
    }

    /// Starts one that can make runs.
    pub(crate) fn ready(python: &Path) -> Outcome<Self> {
        let mut zygote = Self::start(python, &ALLOW_ALL)?;
        match zygote.told()?.0 {
            FromZygote::Ready { version: VERSION, .. } => Ok(zygote),
            other => Err(format!("not ready but {other:?}").into()),
        }
    }

    /// The next message with its descriptors.
    pub(crate) fn told(&mut self) -> Outcome<(FromZygote, Vec<OwnedFd>)> {
        wait_for(&self.control, DUE)?;
        let mut datagram = [0; MAX_DATAGRAM];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut beside = RecvAncillaryBuffer::new(&mut space);
        let received = rustix::net::recvmsg(
            &self.control,
            &mut [IoSliceMut::new(&mut datagram)],
            &mut beside,
            RecvFlags::CMSG_CLOEXEC,
        )?;
        let descriptors = beside
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            })
            .flatten()
            .collect();
        let datagram = datagram.get(..received.bytes).unwrap_or_default();
        if datagram.is_empty() {
            return Err("the zygote is gone".into());
        }
        Ok((FromZygote::decode(datagram)?, descriptors))
    }

    /// Sends any datagram.
    pub(crate) fn send(&self, datagram: &[u8]) -> Outcome<()> {
        rustix::net::send(&self.control, datagram, SendFlags::NOSIGNAL)?;
        Ok(())
    }

    /// Has a process made for a run.
    pub(crate) fn fork(&mut self, memory_bytes: u64, cpu_seconds: u64) -> Outcome<Run> {
        self.children += 1;
        let child = self.children;
        self.send(&ToZygote::Fork { child, memory_bytes, cpu_seconds }.encode())?;
        loop {
            let (message, descriptors) = self.told()?;
            match (message, <[OwnedFd; 2]>::try_from(descriptors)) {
                (FromZygote::Forked { child: made }, Ok([pidfd, channel])) if made == child => {
                    let channel = UnixStream::from(channel);
                    channel.set_read_timeout(Some(DUE))?;
                    return Ok(Run { child, pidfd, channel });
                }
                (ended @ FromZygote::Exited { .. }, _) => self.ended.push(ended),
                (other, _) => return Err(format!("not forked but {other:?}").into()),
            }
        }
    }

    /// How a run's process ended, as `wait4` gives it.
    pub(crate) fn exit_of(&mut self, wanted: u32) -> Outcome<FromZygote> {
        let is_it = |one: &FromZygote| matches!(one, FromZygote::Exited { child, .. } if *child == wanted);
        loop {
            if let Some(at) = self.ended.iter().position(is_it) {
                return Ok(self.ended.remove(at));
            }
            let (message, _) = self.told()?;
            self.ended.push(message);
        }
    }

    /// Closes the control channel; gives the code that the zygote ends with.
    pub(crate) fn abandon(mut self) -> Outcome<Option<i32>> {
        let (closed, _) = UnixStream::pair()?;
        drop(std::mem::replace(&mut self.control, closed.into()));
        let deadline = Instant::now() + DUE;
        while Instant::now() < deadline {
            if let Some(status) = self.process.try_wait()? {
                return Ok(status.code());
            }
            std::thread::yield_now();
        }
        Err("the zygote did not end".into())
    }
}

impl Drop for Zygote {
    fn drop(&mut self) {
        // One that has ended already needs nothing.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_file(&self.settings);
    }
}

fn wait_for(descriptor: impl AsFd, at_most: Duration) -> Outcome<()> {
    let mut watched = [PollFd::new(&descriptor, PollFlags::IN)];
    let timeout = Timespec::try_from(at_most)?;
    match rustix::event::poll(&mut watched, Some(&timeout))? {
        0 => Err(format!("nothing came within {at_most:?}").into()),
        _ => Ok(()),
    }
}

/// The process of a run; killed when it is dropped.
pub(crate) struct Run {
    pub(crate) child: u32,
    pidfd: OwnedFd,
    pub(crate) channel: UnixStream,
}

impl Run {
    pub(crate) fn begin(&mut self, start: &Start) -> Outcome<()> {
        Ok(self.channel.write_all(&HostFrame::encode_start(start))?)
    }

    pub(crate) fn reply(&mut self, id: u32, ok: bool, json: &str) -> Outcome<()> {
        Ok(self.channel.write_all(&HostFrame::encode_reply(id, ok, json.as_bytes()))?)
    }

    /// The next frame; nothing if the process closed its channel.
    pub(crate) fn frame(&mut self) -> Outcome<Option<GuestFrame>> {
        let mut header = [0; HEADER_BYTES];
        match self.channel.read_exact(&mut header) {
            Ok(()) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::UnexpectedEof | std::io::ErrorKind::ConnectionReset
                ) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        let header = Header::decode(header).ok_or("a frame without a kind")?;
        GuestFrame::admit(header, &BUDGET)?;
        let mut body = vec![0; header.body];
        self.channel.read_exact(&mut body)?;
        Ok(Some(GuestFrame::decode(header.kind, body)?))
    }

    pub(crate) fn kill(&self) -> Outcome<()> {
        Ok(rustix::process::pidfd_send_signal(&self.pidfd, Signal::KILL)?)
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        // One that has ended already needs nothing.
        let _ = self.kill();
    }
}
