//! The control channel between the host and a zygote: one datagram a message.

use crate::wire::{DecodeError, Reader, Writer};

const FORK: u8 = 1;
const BIND: u8 = 2;
const LINK: u8 = 3;
const RUNTIME: u8 = 4;
const READY: u8 = 16;
const FORKED: u8 = 17;
const EXITED: u8 = 18;
const BROKEN: u8 = 19;

/// Longest datagram of either direction, in bytes.
pub const MAX_DATAGRAM: usize = 1024;

/// The layers of the jail that hold, as a set of bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layers(pub u32);

impl Layers {
    /// A user namespace in which uid 0 is not mapped.
    pub const USER: Self = Self(1);
    /// A mount namespace whose root is empty and read-only.
    pub const EMPTY_ROOT: Self = Self(1 << 1);
    /// A PID namespace of its own.
    pub const PID: Self = Self(1 << 2);
    /// A network namespace without any interface that is up.
    pub const NETWORK: Self = Self(1 << 3);
    /// IPC and UTS namespaces of their own.
    pub const IPC_UTS: Self = Self(1 << 4);
    /// Landlock refuses every access to files.
    pub const LANDLOCK: Self = Self(1 << 5);
    /// The system-call filters.
    pub const SECCOMP: Self = Self(1 << 6);
    /// No capability, and no way to gain one.
    pub const NO_PRIVILEGES: Self = Self(1 << 7);
    /// Limits by `setrlimit`.
    pub const RLIMITS: Self = Self(1 << 8);

    /// Every layer with its name.
    pub const ALL: [(Self, &'static str); 9] = [
        (Self::USER, "user namespace"),
        (Self::EMPTY_ROOT, "empty root"),
        (Self::PID, "pid namespace"),
        (Self::NETWORK, "network namespace"),
        (Self::IPC_UTS, "ipc and uts namespaces"),
        (Self::LANDLOCK, "landlock"),
        (Self::SECCOMP, "seccomp"),
        (Self::NO_PRIVILEGES, "no privileges"),
        (Self::RLIMITS, "rlimits"),
    ];

    /// Whether all bits of `other` are set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// From the host to a guest that is to become the zygote of a machine's own
/// language runtime, before it enters its jail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setup {
    /// Show a file or folder of the machine in the jail.
    Bind {
        /// What it is.
        kind: BindKind,
        /// Where it is, unless a mount of it comes along as a descriptor.
        source: String,
        /// Where it is to be seen, absolute.
        target: String,
    },
    /// Make a symbolic link in the jail.
    Link {
        /// Where the link is, absolute.
        target: String,
        /// What it says.
        to: String,
    },
    /// The last one: enter the jail and become this program.
    Runtime {
        /// The program's path in the jail.
        program: String,
    },
}

/// What a [`Setup::Bind`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BindKind {
    /// A file or a tree of the runtime, to be read only.
    Runtime,
    /// A device.
    Device,
    /// The folder of the workspaces; a run sees its own only.
    Store,
}

/// From the host to a zygote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToZygote {
    /// Make a process for one run.
    Fork {
        /// Number that its messages carry.
        child: u32,
        /// Address space, in bytes beyond what the zygote itself maps.
        memory_bytes: u64,
        /// CPU time, in seconds.
        cpu_seconds: u64,
    },
}

/// From a zygote to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromZygote {
    /// The jail is entered and the interpreter is warm.
    Ready {
        /// [`crate::VERSION`] of the guest.
        version: u16,
        /// The layers that hold.
        layers: Layers,
        /// Why the missing layers are missing; empty where none is.
        reduced: String,
    },
    /// A process was made; its pidfd and its end of the run channel come along.
    Forked {
        /// The number it was asked for with.
        child: u32,
    },
    /// A process ended and was reaped.
    Exited {
        /// The number it was asked for with.
        child: u32,
        /// As `wait4` gives it.
        status: i32,
        /// User and system time, in microseconds.
        cpu_micros: u64,
        /// Largest resident size, in KiB.
        peak_kib: u64,
    },
    /// The jail could not be entered or a process could not be made.
    Broken {
        /// The number it was asked for with, or 0 while starting.
        child: u32,
        /// The step and its cause.
        message: String,
    },
}

impl ToZygote {
    /// The datagram.
    pub fn encode(self) -> Vec<u8> {
        let Self::Fork { child, memory_bytes, cpu_seconds } = self;
        Writer::new(FORK, 20).u32(child).u64(memory_bytes).u64(cpu_seconds).finish()
    }

    /// Reads a datagram.
    pub fn decode(datagram: &[u8]) -> Result<Self, DecodeError> {
        let (kind, mut fields) = open(datagram)?;
        match kind {
            FORK => {
                let fork = Self::Fork {
                    child: fields.u32()?,
                    memory_bytes: fields.u64()?,
                    cpu_seconds: fields.u64()?,
                };
                fields.end()?;
                Ok(fork)
            }
            other => Err(DecodeError::UnknownKind(other)),
        }
    }
}

impl Setup {
    /// The datagram; `None` if the paths are too long for one.
    pub fn encode(&self) -> Option<Vec<u8>> {
        let datagram = match self {
            Self::Bind { kind, source, target } => {
                let kind = match kind {
                    BindKind::Runtime => 0,
                    BindKind::Device => 1,
                    BindKind::Store => 2,
                };
                Writer::new(BIND, 64).u8(kind).text(source).text(target).finish()
            }
            Self::Link { target, to } => Writer::new(LINK, 64).text(target).text(to).finish(),
            Self::Runtime { program } => Writer::new(RUNTIME, 64).text(program).finish(),
        };
        (datagram.len() <= MAX_DATAGRAM).then_some(datagram)
    }

    /// Reads a datagram.
    ///
    /// # Errors
    ///
    /// If it is none of these.
    pub fn decode(datagram: &[u8]) -> Result<Self, DecodeError> {
        let (kind, mut fields) = open(datagram)?;
        let setup = match kind {
            BIND => Self::Bind {
                kind: match fields.u8()? {
                    0 => BindKind::Runtime,
                    1 => BindKind::Device,
                    2 => BindKind::Store,
                    other => return Err(fields.bad_value(other)),
                },
                source: fields.text()?,
                target: fields.text()?,
            },
            LINK => Self::Link { target: fields.text()?, to: fields.text()? },
            RUNTIME => Self::Runtime { program: fields.text()? },
            other => return Err(DecodeError::UnknownKind(other)),
        };
        fields.end()?;
        Ok(setup)
    }
}

impl FromZygote {
    /// The datagram; texts are cut so that it fits [`MAX_DATAGRAM`].
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Ready { version, layers, reduced } => {
                Writer::new(READY, 64).u16(*version).u32(layers.0).text(cut(reduced)).finish()
            }
            Self::Forked { child } => Writer::new(FORKED, 4).u32(*child).finish(),
            Self::Exited { child, status, cpu_micros, peak_kib } => Writer::new(EXITED, 24)
                .u32(*child)
                .u32(status.cast_unsigned())
                .u64(*cpu_micros)
                .u64(*peak_kib)
                .finish(),
            Self::Broken { child, message } => {
                Writer::new(BROKEN, 64).u32(*child).text(cut(message)).finish()
            }
        }
    }

    /// Reads a datagram.
    pub fn decode(datagram: &[u8]) -> Result<Self, DecodeError> {
        let (kind, mut fields) = open(datagram)?;
        let message = match kind {
            READY => {
                Self::Ready { version: fields.u16()?, layers: Layers(fields.u32()?), reduced: fields.text()? }
            }
            FORKED => Self::Forked { child: fields.u32()? },
            EXITED => Self::Exited {
                child: fields.u32()?,
                status: fields.u32()?.cast_signed(),
                cpu_micros: fields.u64()?,
                peak_kib: fields.u64()?,
            },
            BROKEN => Self::Broken { child: fields.u32()?, message: fields.text()? },
            other => return Err(DecodeError::UnknownKind(other)),
        };
        fields.end()?;
        Ok(message)
    }
}

fn open(datagram: &[u8]) -> Result<(u8, Reader<'_>), DecodeError> {
    let Some(([_, _, _, _, kind], body)) = datagram.split_first_chunk::<5>() else {
        return Err(DecodeError::BadLength { kind: 0 });
    };
    Ok((*kind, Reader::new(*kind, body)))
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_DATAGRAM - 64)).unwrap_or_default()
}
