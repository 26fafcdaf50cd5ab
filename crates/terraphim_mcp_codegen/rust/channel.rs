//! The way to the host. On descriptor 9 there are always connections to take; on one of
//! them a call is written as a frame, and its reply is the next frame that comes.

use std::{
    ffi::{c_int, c_void},
    io::{self, Read, Write},
    os::{fd::FromRawFd, unix::net::UnixStream},
    sync::{Condvar, Mutex, MutexGuard},
};

use crate::{ending, Error};

/// Where connections are taken.
const BROKER: c_int = 9;

/// Connections at once, and so calls at once; further calls wait. The host offers no more than 64.
const MOST: usize = 32;

/// Longest reply, in bytes; the bound only keeps a broken length from allocating everything.
const REPLY_BYTES: usize = 512 << 20;

const CALL: u8 = 17;
const REPLY: u8 = 2;

/// One buffer of a message, as the kernel reads it.
#[repr(C)]
struct Piece {
    start: *mut c_void,
    bytes: usize,
}

/// A message as the kernel reads it. Where a C library has shorter fields, zeroes pad them.
#[repr(C)]
struct Message {
    name: *mut c_void,
    name_bytes: u32,
    pieces: *mut Piece,
    count: usize,
    control: *mut c_void,
    control_bytes: usize,
    flags: c_int,
}

/// What comes beside a message: a header, and one descriptor behind it.
#[repr(C)]
struct Control {
    bytes: usize,
    level: c_int,
    kind: c_int,
    descriptor: c_int,
    rest: [c_int; 3],
}

const SOL_SOCKET: c_int = 1;
const SCM_RIGHTS: c_int = 1;
const CLOSE_ON_EXEC: c_int = 0x4000_0000;
/// Length of a control message with one descriptor, in bytes.
const WITH_DESCRIPTOR: usize = 20;

extern "C" {
    fn recvmsg(socket: c_int, message: *mut Message, flags: c_int) -> isize;
}

/// Takes a connection.
fn take() -> io::Result<UnixStream> {
    let mut byte = [0_u8; 8];
    let mut control = Control { bytes: 0, level: 0, kind: 0, descriptor: -1, rest: [0; 3] };
    let mut piece = Piece { start: byte.as_mut_ptr().cast(), bytes: byte.len() };
    loop {
        let mut message = Message {
            name: std::ptr::null_mut(),
            name_bytes: 0,
            pieces: &mut piece,
            count: 1,
            control: (&mut control as *mut Control).cast(),
            // Room for a single descriptor, so that no other is ever left open.
            control_bytes: 24,
            flags: 0,
        };
        // SAFETY: every pointer is to a live local of the length that stands beside it.
        let got = unsafe { recvmsg(BROKER, &mut message, CLOSE_ON_EXEC) };
        if got >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let is_one =
        control.bytes == WITH_DESCRIPTOR && control.level == SOL_SOCKET && control.kind == SCM_RIGHTS;
    if !is_one || control.descriptor < 0 {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it gives no connection"));
    }
    // SAFETY: the kernel has just made this descriptor for this process, and nothing else owns it.
    Ok(unsafe { UnixStream::from_raw_fd(control.descriptor) })
}

/// A connection that has been taken.
struct Connection {
    stream: UnixStream,
    last: u32,
}

/// Connections that wait for a call, and how many there are in all.
struct Pool {
    idle: Vec<Connection>,
    open: usize,
}

static POOL: Mutex<Pool> = Mutex::new(Pool { idle: Vec::new(), open: 0 });
static GIVEN_BACK: Condvar = Condvar::new();

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A connection on loan; one that is not given back is closed.
struct Loan(Option<Connection>);

impl Loan {
    fn take() -> Result<Self, Error> {
        let mut pool = pool();
        loop {
            if let Some(connection) = pool.idle.pop() {
                return Ok(Self(Some(connection)));
            }
            if pool.open < MOST {
                break;
            }
            pool = GIVEN_BACK.wait(pool).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        pool.open += 1;
        drop(pool);
        ending::tell_panics();
        let mut loan = Self(None);
        match take() {
            Ok(stream) => {
                loan.0 = Some(Connection { stream, last: 0 });
                Ok(loan)
            }
            Err(error) => Err(Error::of(
                "host",
                format!("the host cannot be reached: descriptor {BROKER} of the program: {error}"),
            )),
        }
    }

    fn give_back(mut self) {
        // The guard ends before the loan does, which takes the lock too.
        pool().idle.extend(self.0.take());
        GIVEN_BACK.notify_one();
        std::mem::forget(self);
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        self.0 = None;
        pool().open -= 1;
        GIVEN_BACK.notify_one();
    }
}

/// Makes a call and waits for its reply: `Ok` is the value as JSON, `Err` in it what the
/// host says of a call that failed, as JSON.
pub(crate) fn ask(operation: &str, payload: &str) -> Result<Result<String, String>, Error> {
    let mut loan = Loan::take()?;
    let silent = |error: io::Error| Error::of("host", format!("the host does not answer: {error}"));
    let Some(connection) = &mut loan.0 else { return Err(silent(io::ErrorKind::NotConnected.into())) };
    connection.last = connection.last.wrapping_add(1).max(1);
    let id = connection.last;
    // A call that is refused for its length is answered before it is read to its end.
    let sent = write_call(&mut connection.stream, id, operation, payload);
    let reply = match read_reply(&mut connection.stream) {
        Ok(reply) => reply,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(Error::of("host", "the connection to the host ended before it answered"));
        }
        Err(error) => return Err(silent(sent.err().unwrap_or(error))),
    };
    // After a refusal the host reads no further call from this connection.
    if sent.is_ok() && reply.id == id {
        loan.give_back();
    }
    let text =
        String::from_utf8(reply.body).map_err(|_| Error::of("host", "the host's answer is not UTF-8"))?;
    Ok(if reply.ok { Ok(text) } else { Err(text) })
}

fn write_call(stream: &mut UnixStream, id: u32, operation: &str, payload: &str) -> io::Result<()> {
    let long = |_| io::Error::new(io::ErrorKind::InvalidInput, "the call is too long");
    let length = u32::try_from(1 + 4 + 4 + operation.len() + payload.len()).map_err(long)?;
    let mut frame = Vec::with_capacity(length as usize + 4);
    frame.extend_from_slice(&length.to_le_bytes());
    frame.push(CALL);
    frame.extend_from_slice(&id.to_le_bytes());
    frame.extend_from_slice(&(operation.len() as u32).to_le_bytes());
    frame.extend_from_slice(operation.as_bytes());
    frame.extend_from_slice(payload.as_bytes());
    stream.write_all(&frame)
}

struct Reply {
    id: u32,
    ok: bool,
    body: Vec<u8>,
}

fn read_reply(stream: &mut UnixStream) -> io::Result<Reply> {
    let broken = || io::Error::new(io::ErrorKind::InvalidData, "its frame is none");
    // The length, the kind, the id and whether the call succeeded.
    let mut head = [0; 10];
    stream.read_exact(&mut head)?;
    let [a, b, c, d, kind, e, f, g, h, ok] = head;
    let length = u32::from_le_bytes([a, b, c, d]) as usize;
    let rest = length.checked_sub(6).filter(|rest| *rest <= REPLY_BYTES).ok_or_else(broken)?;
    if kind != REPLY || ok > 1 {
        return Err(broken());
    }
    let mut body = Vec::new();
    if stream.take(rest as u64).read_to_end(&mut body)? < rest {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Reply { id: u32::from_le_bytes([e, f, g, h]), ok: ok == 1, body })
}
