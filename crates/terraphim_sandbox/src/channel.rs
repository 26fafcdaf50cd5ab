//! A run's channel from the host's side: frames that wait to be written, and
//! bytes cut into frames, with the one descriptor that may come along.

use std::{
    collections::VecDeque,
    io::{IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::OwnedFd,
};

use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use terraphim_sandbox_protocol::{Budget, DecodeError, GuestFrame, HEADER_BYTES, Header};
use tokio::io::Interest;

use crate::{process::RunProcess, run::Hold};

/// The channel is closed.
pub(crate) struct Closed;

/// Frames that are written at once.
pub(crate) const SLICES: usize = 64;

/// Frames that wait to be written.
#[derive(Default)]
pub(crate) struct Writes {
    frames: VecDeque<(Vec<u8>, Hold)>,
    written: usize,
}

impl Writes {
    pub(crate) fn push(&mut self, frame: Vec<u8>, hold: Hold) {
        self.frames.push_back((frame, hold));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Writes what the channel takes now.
    pub(crate) fn write(&mut self, process: &RunProcess) -> Result<(), Closed> {
        while !self.frames.is_empty() {
            let mut slices: Vec<_> =
                self.frames.iter().take(SLICES).map(|(frame, _)| IoSlice::new(frame)).collect();
            let mut rest = slices.as_mut_slice();
            IoSlice::advance_slices(&mut rest, self.written);
            match process.channel.try_write_vectored(rest) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(()),
                Err(_) => return Err(Closed),
            }
            while let Some((frame, _)) = self.frames.front()
                && self.written >= frame.len()
            {
                self.written -= frame.len();
                self.frames.pop_front();
            }
        }
        Ok(())
    }
}

/// Bytes from the guest, cut into frames; never holds more than one frame's
/// budget and one read.
pub(crate) struct FrameReader {
    budget: Budget,
    pub(crate) bytes: Vec<u8>,
    taken: usize,
    folder: Folder,
}

/// The descriptor that may come with the first frame.
enum Folder {
    /// None may.
    Refused,
    Awaited,
    Received(OwnedFd),
}

/// Bytes that are read at once.
const READ_BYTES: usize = 64 << 10;

impl FrameReader {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, bytes: Vec::new(), taken: 0, folder: Folder::Refused }
    }

    /// From now on one descriptor is taken.
    pub(crate) fn expect_folder(&mut self) {
        self.folder = Folder::Awaited;
    }

    /// The descriptor, if it is here and nobody has asked yet.
    pub(crate) fn take_folder(&mut self) -> Option<OwnedFd> {
        match std::mem::replace(&mut self.folder, Folder::Refused) {
            Folder::Received(folder) => Some(folder),
            other => {
                self.folder = other;
                None
            }
        }
    }

    /// Reads what is there, up to one read; whether the channel is still open.
    pub(crate) fn fill(&mut self, process: &RunProcess) -> Result<bool, Closed> {
        self.forget_taken();
        self.bytes.reserve(READ_BYTES);
        let read = match self.folder {
            Folder::Awaited => self.read_with_folder(process),
            _ => process.channel.try_read_buf(&mut self.bytes),
        };
        match read {
            Ok(0) => Ok(false),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => Ok(true),
            Err(_) => Err(Closed),
        }
    }

    /// Reads until a descriptor came along; a second one, and any later one, is closed by the kernel.
    fn read_with_folder(&mut self, process: &RunProcess) -> std::io::Result<usize> {
        let mut buffer = [0; 4096];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let (count, folder) = process.channel.try_io(Interest::READABLE, || {
            let mut beside = RecvAncillaryBuffer::new(&mut space);
            let flags = RecvFlags::CMSG_CLOEXEC | RecvFlags::DONTWAIT;
            let received = rustix::net::recvmsg(
                &process.channel,
                &mut [IoSliceMut::new(&mut buffer)],
                &mut beside,
                flags,
            )?;
            let folder = beside.drain().find_map(|beside| match beside {
                RecvAncillaryMessage::ScmRights(mut descriptors) => descriptors.next(),
                _ => None,
            });
            Ok((received.bytes, folder))
        })?;
        self.bytes.extend_from_slice(buffer.get(..count).unwrap_or_default());
        if let Some(folder) = folder {
            self.folder = Folder::Received(folder);
        }
        Ok(count)
    }

    /// Lets go of the frames that were given.
    pub(crate) fn forget_taken(&mut self) {
        self.bytes.drain(..self.taken);
        self.taken = 0;
    }

    /// The next whole frame, if it is there.
    pub(crate) fn next(&mut self) -> Result<Option<GuestFrame>, DecodeError> {
        let Some(rest) = self.bytes.get(self.taken..) else { return Ok(None) };
        let Some((header, rest)) = rest.split_first_chunk::<HEADER_BYTES>() else { return Ok(None) };
        let header = Header::decode(*header).ok_or(DecodeError::BadLength { kind: 0 })?;
        GuestFrame::admit(header, &self.budget)?;
        let Some(body) = rest.get(..header.body) else { return Ok(None) };
        let frame = GuestFrame::decode(header.kind, body.to_vec())?;
        self.taken += HEADER_BYTES + header.body;
        Ok(Some(frame))
    }
}
