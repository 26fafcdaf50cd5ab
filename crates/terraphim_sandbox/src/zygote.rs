//! A zygote from the host's side: started in its jail, asked for processes.

use std::{
    collections::HashMap,
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::Duration,
};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType,
};
use terraphim_sandbox_protocol::{
    DecodeError, VERSION,
    control::{FromZygote, Layers, MAX_DATAGRAM, ToZygote},
};
use tokio::{
    io::Interest,
    net::UnixDatagram,
    sync::{mpsc, oneshot},
    time::Instant,
};

use crate::{
    error::{SandboxError, start},
    image::GuestImage,
    process::{ChildExit, RunProcess},
    runtime::Runtime,
    spawn,
    store::Store,
};

/// Processes that are asked for and not yet made. Each is answered by one
/// message, so neither side's socket fills up while it waits for the other.
const MOST_ASKED: usize = 64;

/// Ends that may be waited for before those of nobody's interest are looked for.
const EXITS_KEPT: usize = 4096;

/// How much of a runtime's complaints is told, in bytes.
const MOST_COMPLAINTS: usize = 2 << 10;

/// What a jail came out as on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jail {
    /// The layers that hold.
    pub layers: Layers,
    /// Why the others do not; empty where all hold.
    pub reduced: String,
}

impl Jail {
    /// The names of the layers that are missing.
    pub fn missing(&self) -> Vec<&'static str> {
        let missing = Layers::ALL.iter().filter(|(layer, _)| !self.layers.contains(*layer));
        missing.map(|(_, name)| *name).collect()
    }
}

struct ForkRequest {
    memory_bytes: u64,
    cpu_seconds: u64,
    answer: oneshot::Sender<Result<RunProcess, SandboxError>>,
}

/// A running zygote. Dropping the last handle ends it and every process it made.
#[derive(Debug, Clone)]
pub(crate) struct Zygote {
    requests: mpsc::Sender<ForkRequest>,
    pub(crate) jail: Arc<Jail>,
    pub(crate) pid: u32,
}

impl Zygote {
    /// Starts a guest and waits until it is jailed and warm. With a runtime it
    /// becomes that one. One that owes an answer for longer than `patience` is given up.
    pub(crate) async fn start(
        guest: Option<GuestImage>,
        runtime: Option<(&Runtime, Option<Store>)>,
        patience: Duration,
    ) -> Result<Self, SandboxError> {
        let pair =
            rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None);
        let (ours, theirs) = pair.map_err(io::Error::from).map_err(start("socketpair"))?;
        rustix::io::ioctl_fionbio(&ours, true).map_err(io::Error::from).map_err(start("non-blocking"))?;
        let complaints = match runtime {
            Some(_) => Some(Complaints::new().map_err(start("memfd"))?),
            None => None,
        };
        let heard = complaints.as_ref().map(Complaints::writer).transpose().map_err(start("dup"))?;
        let launch = spawn::Launch {
            image: guest,
            control: theirs,
            runtime: runtime.as_ref().map(|(runtime, _)| runtime.language).zip(heard),
            id: runtime.as_ref().and_then(|(_, store)| store.as_ref()?.owner()),
        };
        let process = spawn::guest(launch).await.map_err(start("spawn"))?;
        let control = Control::new(ours).map_err(start("register"))?;
        if let Some((runtime, store)) = &runtime {
            control.set_up(runtime, store.as_ref()).await?;
        }
        let ready = tokio::time::timeout(patience, control.receive()).await;
        let said = || complaints.as_ref().map(Complaints::read).unwrap_or_default();
        let ready = ready.map_err(|_| SandboxError::Jail {
            reason: format!("the guest did not answer in time{}", said()),
        })?;
        let ready = match ready {
            Err(SandboxError::ZygoteGone) if complaints.is_some() => {
                return Err(SandboxError::Jail {
                    reason: format!("the runtime ended at its start{}", said()),
                });
            }
            ready => ready?,
        };
        let jail = match ready.0 {
            FromZygote::Ready { version, layers, reduced } if version == VERSION => Jail { layers, reduced },
            FromZygote::Ready { version, .. } => {
                return Err(SandboxError::Version { theirs: version, ours: VERSION });
            }
            FromZygote::Broken { message, .. } => return Err(SandboxError::Jail { reason: message }),
            _ => return Err(SandboxError::Jail { reason: "the guest did not say that it is ready".into() }),
        };
        let (requests, received) = mpsc::channel(256);
        let pid = process.id();
        let owner = Owner {
            control,
            _process: process,
            asked: HashMap::new(),
            answered: Instant::now(),
            exits: HashMap::new(),
            last: 0,
            patience,
        };
        tokio::spawn(owner.serve(received));
        Ok(Self { requests, jail: Arc::new(jail), pid })
    }

    /// Whether it still serves.
    pub(crate) fn is_alive(&self) -> bool {
        !self.requests.is_closed()
    }

    /// Makes a process for one run.
    pub(crate) async fn fork(&self, memory_bytes: u64, cpu_seconds: u64) -> Result<RunProcess, SandboxError> {
        let (answer, answered) = oneshot::channel();
        let request = ForkRequest { memory_bytes, cpu_seconds, answer };
        self.requests.send(request).await.map_err(|_| SandboxError::ZygoteGone)?;
        answered.await.map_err(|_| SandboxError::ZygoteGone)?
    }
}

/// The task that owns the zygote: the only one that talks to it.
struct Owner {
    control: Control,
    _process: spawn::Process,
    asked: HashMap<u32, oneshot::Sender<Result<RunProcess, SandboxError>>>,
    /// When it last answered, or was asked after a pause.
    answered: Instant,
    exits: HashMap<u32, oneshot::Sender<ChildExit>>,
    last: u32,
    patience: Duration,
}

impl Owner {
    async fn serve(mut self, mut requests: mpsc::Receiver<ForkRequest>) {
        loop {
            let step = tokio::select! {
                message = self.control.receive() => match message {
                    Ok((message, descriptors)) => {
                        self.on_message(message, descriptors);
                        Ok(())
                    }
                    Err(error) => Err(error),
                },
                request = requests.recv(), if self.asked.len() < MOST_ASKED => match request {
                    Some(request) => self.ask(request).await,
                    // Every handle is gone: the pool is.
                    None => return,
                },
                () = tokio::time::sleep_until(self.answered + self.patience), if !self.asked.is_empty() => {
                    Err(SandboxError::Fork { reason: "the zygote does not answer".into() })
                }
            };
            if let Err(error) = step {
                tracing::error!(%error, "zygote lost");
                return;
            }
        }
    }

    async fn ask(&mut self, request: ForkRequest) -> Result<(), SandboxError> {
        self.last = self.last.wrapping_add(1).max(1);
        let ForkRequest { memory_bytes, cpu_seconds, answer } = request;
        if self.asked.is_empty() {
            self.answered = Instant::now();
        }
        self.asked.insert(self.last, answer);
        self.control.send(ToZygote::Fork { child: self.last, memory_bytes, cpu_seconds }).await
    }

    fn answer_to(&mut self, child: u32) -> Option<oneshot::Sender<Result<RunProcess, SandboxError>>> {
        let answer = self.asked.remove(&child)?;
        self.answered = Instant::now();
        Some(answer)
    }

    fn on_message(&mut self, message: FromZygote, descriptors: Vec<OwnedFd>) {
        match message {
            FromZygote::Forked { child } => {
                let Some(answer) = self.answer_to(child) else { return };
                let (exit, exited) = oneshot::channel();
                let made = RunProcess::new(descriptors, exited);
                if made.is_ok() {
                    // A zygote owes the end of each process; one that never tells it must not fill the host.
                    if self.exits.len() >= EXITS_KEPT {
                        self.exits.retain(|_, exit| !exit.is_closed());
                    }
                    self.exits.insert(child, exit);
                }
                // A caller that is gone drops the process, which kills it.
                let _ = answer.send(made);
            }
            FromZygote::Exited { child, status, cpu_micros, peak_kib } => {
                if let Some(exit) = self.exits.remove(&child) {
                    let cpu = Duration::from_micros(cpu_micros);
                    let _ = exit.send(ChildExit { status, cpu, peak_bytes: peak_kib.saturating_mul(1024) });
                }
            }
            FromZygote::Broken { child, message } => {
                if let Some(answer) = self.answer_to(child) {
                    let _ = answer.send(Err(SandboxError::Fork { reason: message }));
                }
            }
            FromZygote::Ready { .. } => {}
        }
    }
}

/// What a runtime writes to its standard error before it is ready.
struct Complaints(OwnedFd);

impl Complaints {
    fn new() -> io::Result<Self> {
        Ok(Self(rustix::fs::memfd_create("complaints", rustix::fs::MemfdFlags::CLOEXEC)?))
    }

    fn writer(&self) -> io::Result<OwnedFd> {
        self.0.try_clone()
    }

    /// The last lines, after a colon.
    fn read(&self) -> String {
        let mut bytes = vec![0; MOST_COMPLAINTS];
        let length = rustix::fs::fstat(&self.0).map_or(0, |about| u64::try_from(about.st_size).unwrap_or(0));
        let from = length.saturating_sub(MOST_COMPLAINTS as u64);
        let count = rustix::io::pread(&self.0, &mut bytes, from).unwrap_or(0);
        bytes.truncate(count);
        let text = String::from_utf8_lossy(&bytes);
        if text.trim().is_empty() { String::new() } else { format!(": {}", text.trim()) }
    }
}

/// The host's end of the control channel.
struct Control {
    socket: UnixDatagram,
}

impl Control {
    fn new(socket: OwnedFd) -> io::Result<Self> {
        // A sequenced-packet socket is a datagram socket that also tells when the peer is gone.
        Ok(Self { socket: UnixDatagram::from_std(socket.into())? })
    }

    async fn send(&self, message: ToZygote) -> Result<(), SandboxError> {
        let datagram = message.encode();
        let sent = self.socket.async_io(Interest::WRITABLE, || {
            Ok(rustix::net::send(&self.socket, &datagram, SendFlags::NOSIGNAL)?)
        });
        sent.await.map(drop).map_err(|_| SandboxError::ZygoteGone)
    }

    /// Says what the jail is to show, and what it is to become.
    async fn set_up(&self, runtime: &Runtime, store: Option<&Store>) -> Result<(), SandboxError> {
        for (step, tree) in runtime.setup(store.map(Store::folder)).map_err(start("open_tree"))? {
            let datagram = step.encode().ok_or_else(|| SandboxError::Jail {
                reason: format!("a path of the runtime is too long: {step:?}"),
            })?;
            let sent = self.socket.async_io(Interest::WRITABLE, || {
                let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
                let mut beside = SendAncillaryBuffer::new(&mut space);
                let trees: Vec<_> = tree.iter().map(AsFd::as_fd).collect();
                if !trees.is_empty() && !beside.push(SendAncillaryMessage::ScmRights(&trees)) {
                    return Err(io::Error::other("no room for a descriptor"));
                }
                let slices = [IoSlice::new(&datagram)];
                Ok(rustix::net::sendmsg(&self.socket, &slices, &mut beside, SendFlags::NOSIGNAL)?)
            });
            sent.await.map_err(start("setup"))?;
        }
        Ok(())
    }

    async fn receive(&self) -> Result<(FromZygote, Vec<OwnedFd>), SandboxError> {
        let received = self.socket.async_io(Interest::READABLE, || receive(&self.socket));
        let Received { datagram, descriptors, is_whole } =
            received.await.map_err(|_| SandboxError::ZygoteGone)?;
        if datagram.is_empty() {
            return Err(SandboxError::ZygoteGone);
        }
        let kind = datagram.get(4).copied().unwrap_or(0);
        let message = FromZygote::decode(&datagram)?;
        // Descriptors come with the one message that hands over a process.
        let expected = is_whole && (descriptors.is_empty() || matches!(message, FromZygote::Forked { .. }));
        if expected { Ok((message, descriptors)) } else { Err(DecodeError::BadLength { kind }.into()) }
    }
}

/// A datagram with what came beside it.
struct Received {
    datagram: Vec<u8>,
    descriptors: Vec<OwnedFd>,
    /// Whether nothing of it was cut off.
    is_whole: bool,
}

fn receive(socket: &UnixDatagram) -> io::Result<Received> {
    let mut datagram = vec![0; MAX_DATAGRAM];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut target = [IoSliceMut::new(&mut datagram)];
    let message = rustix::net::recvmsg(socket.as_fd(), &mut target, &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = Vec::new();
    for ancillary in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(received) = ancillary {
            descriptors.extend(received);
        }
    }
    datagram.truncate(message.bytes);
    let is_whole = !message.flags.intersects(ReturnFlags::TRUNC | ReturnFlags::CTRUNC);
    Ok(Received { datagram, descriptors, is_whole })
}
