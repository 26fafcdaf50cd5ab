//! What the host and a guest say to each other.
//!
//! Two channels. The *control channel* connects the host to a zygote that
//! never sees an agent's bytes: fixed-size datagrams, see [`control`]. The
//! *run channel* connects the host to the process of one run: frames, each a
//! little-endian `u32` length of what follows, a kind byte and a body, see
//! [`HostFrame`] and [`GuestFrame`].
//!
//! A frame from a guest is hostile. Decoding checks the kind, every length
//! and the [`Budget`] before it allocates, and never panics. Bodies that the
//! two sides do not interpret (tool arguments, replies, results) are opaque
//! bytes here; they are JSON by agreement of the layers above.

pub mod control;
mod frames;
mod wire;

pub use frames::{
    Failure, FailureKind, GuestFrame, HostFrame, LogLevel, PREPARED, Payload, Prepare, STARTED, Stage, Start,
    Syntax,
};
pub use wire::{Budget, DecodeError, HEADER_BYTES, Header};

/// Version of both channels; a zygote that says another one is refused.
pub const VERSION: u16 = 2;

/// Exit code of a guest process that ran out of memory outside the interpreter's heap.
pub const EXIT_OUT_OF_MEMORY: i32 = 97;

/// Exit code of a guest process whose channel broke or carried a frame it could not decode.
pub const EXIT_BAD_CHANNEL: i32 = 98;

/// Exit code of a guest process that could not finish its jail.
pub const EXIT_JAIL: i32 = 99;
