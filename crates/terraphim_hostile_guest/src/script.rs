//! The language of attacks: statements between semicolons, words between blanks.

use std::hint::black_box;

use terraphim_guest::jail;
use terraphim_sandbox_protocol::{
    Failure, FailureKind, GuestFrame, HEADER_BYTES, Header, HostFrame, LogLevel,
};

use crate::{
    entry::{self, Entry},
    memory,
};

static PATH: &[u8] = b"/proc/self/maps\0";
static ZEROS: [u8; 64 << 10] = [0; 64 << 10];

/// Reads the script as a run reads its program, follows it, and waits to be ended.
pub(crate) fn serve() -> ! {
    let script = receive();
    follow(&script)
}

/// Follows a script and waits to be ended.
pub(crate) fn follow(script: &str) -> ! {
    let mut attack = Attack { last: 0, buffer: vec![0; 64 << 10] };
    for statement in script.split(';') {
        attack.run(statement.trim());
    }
    loop {
        if read(&mut attack.buffer) == 0 {
            jail::exit_now(0);
        }
    }
}

/// The script that the host sends as a program.
pub(crate) fn receive() -> String {
    let mut header = [0; HEADER_BYTES];
    read_exactly(&mut header);
    let Some(header) = Header::decode(header) else { jail::exit_now(2) };
    let mut body = vec![0; header.body];
    read_exactly(&mut body);
    match HostFrame::decode(header.kind, body) {
        Ok(HostFrame::Start(start)) => start.source,
        _ => jail::exit_now(2),
    }
}

fn read(buffer: &mut [u8]) -> usize {
    rustix::io::retry_on_intr(|| rustix::io::read(jail::channel(), &mut *buffer)).unwrap_or(0)
}

fn read_exactly(mut buffer: &mut [u8]) {
    while !buffer.is_empty() {
        let count = read(buffer);
        if count == 0 {
            jail::exit_now(2);
        }
        buffer = buffer.get_mut(count..).unwrap_or_default();
    }
}

fn write(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        match rustix::io::retry_on_intr(|| rustix::io::write(jail::channel(), bytes)) {
            Ok(count) if count > 0 => bytes = bytes.get(count..).unwrap_or_default(),
            // The host has had enough of this process and is about to end it.
            _ => return,
        }
    }
}

fn number(word: &str) -> u64 {
    let parsed = match (word.strip_prefix("0x"), word.strip_prefix('-')) {
        (Some(hex), _) => u64::from_str_radix(hex, 16),
        (_, Some(negative)) => negative.parse::<u64>().map(u64::wrapping_neg),
        _ => word.parse(),
    };
    // A mistake in a script is none of the verdicts that a test may expect.
    parsed.unwrap_or_else(|_| jail::exit_now(3))
}

fn length(word: &str) -> usize {
    usize::try_from(number(word)).unwrap_or(usize::MAX)
}

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap_or_else(|_| jail::exit_now(3))).collect()
}

struct Attack {
    /// What the last system call gave.
    last: i64,
    buffer: Vec<u8>,
}

impl Attack {
    fn run(&mut self, statement: &str) {
        let words: Vec<&str> = statement.split_whitespace().collect();
        match *words.as_slice() {
            [] => {}
            ["repeat", "forever", ..] => loop {
                self.repeated(statement);
            },
            ["repeat", times, ..] => {
                for _ in 0..number(times) {
                    self.repeated(statement);
                }
            }
            ["syscall", entry, call, ref arguments @ ..] => self.system_call(entry, number(call), arguments),
            ["tell"] => write(&GuestFrame::encode_done(self.last.to_string().as_bytes())),
            ["exit", code] => jail::exit_now(i32::try_from(number(code)).unwrap_or(-1)),
            ["fault", name] => entry::fault(name),
            ["spin"] => loop {
                std::hint::spin_loop();
            },
            ["sleep"] => loop {
                let forever = [u64::from(u32::MAX), 0];
                let forever = forever.as_ptr().addr() as u64;
                entry::call(Entry::Native, libc::SYS_ppoll.cast_unsigned(), [0, 0, forever, 0, 0, 0]);
            },
            ["stack"] => {
                black_box(deeper(0));
            }
            ["heap"] => loop {
                Box::leak(black_box(vec![1_u8; 1 << 20].into_boxed_slice()));
            },
            ["map"] => self.map_everything(),
            ["mark", seed] => self.last = memory::mark(number(seed)),
            ["scan", seed] => {
                let memory::Found { mapped, readable, marks } = memory::scan(number(seed));
                write(&GuestFrame::encode_done(format!("[{mapped},{readable},{marks}]").as_bytes()));
            }
            ["drain", count] => {
                let mut left = length(count);
                while left > 0 {
                    let most = left.min(self.buffer.len());
                    let count = read(self.buffer.get_mut(..most).unwrap_or_default());
                    if count == 0 {
                        jail::exit_now(4);
                    }
                    left -= count;
                }
            }
            _ => frame(&words),
        }
    }

    fn repeated(&mut self, statement: &str) {
        let inner = statement.splitn(3, ' ').nth(2).unwrap_or_default();
        self.run(inner.trim());
    }

    fn system_call(&mut self, entry: &str, call: u64, arguments: &[&str]) {
        let mut values = [0; 6];
        for (value, argument) in values.iter_mut().zip(arguments) {
            *value = match *argument {
                "buffer" => self.buffer.as_mut_ptr().addr() as u64,
                "path" => PATH.as_ptr().addr() as u64,
                other => number(other),
            };
        }
        self.last = match entry {
            "native" => entry::call(Entry::Native, call, values),
            #[cfg(target_arch = "x86_64")]
            "x32" => entry::call(Entry::Native, call | 0x4000_0000, values),
            #[cfg(target_arch = "x86_64")]
            "old" => entry::call(Entry::Old, call, values),
            _ => jail::exit_now(3),
        };
    }

    /// Maps memory until there is no more, and tells how many MiB there were.
    fn map_everything(&mut self) {
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS).cast_unsigned();
        let protection = (libc::PROT_READ | libc::PROT_WRITE).cast_unsigned();
        let arguments = [0, 1 << 20, u64::from(protection), u64::from(flags), u64::MAX, 0];
        self.last = 0;
        while entry::call(Entry::Native, libc::SYS_mmap.cast_unsigned(), arguments) > 0 {
            self.last += 1;
        }
    }
}

fn deeper(depth: u64) -> u64 {
    let room = black_box([depth; 512]);
    if depth == u64::MAX {
        return 0;
    }
    deeper(depth + 1) + room.iter().sum::<u64>()
}

/// Statements that write something to the host.
fn frame(words: &[&str]) {
    match *words {
        ["hex", hex] => write(&bytes(hex)),
        ["zeros", count] => {
            let mut left = length(count);
            while left > 0 {
                let most = left.min(ZEROS.len());
                write(ZEROS.get(..most).unwrap_or_default());
                left -= most;
            }
        }
        // The length that is written covers the kind, as it does in a true frame.
        ["header", length, kind] => {
            let length = u32::try_from(number(length)).unwrap_or(u32::MAX);
            write(&length.to_le_bytes());
            write(&[u8::try_from(number(kind)).unwrap_or(u8::MAX)]);
        }
        ["started"] => write(&GuestFrame::encode_started()),
        ["call", id, name, count] => {
            let arguments = vec![b'1'; length(count)];
            write(&GuestFrame::encode_call(u32::try_from(number(id)).unwrap_or(0), name, &arguments));
        }
        ["log", count] => write(&GuestFrame::encode_log(LogLevel::Info, &"l".repeat(length(count)))),
        ["done", json] => write(&GuestFrame::encode_done(json.as_bytes())),
        ["failed", message] => write(&GuestFrame::encode_failed(&Failure {
            kind: FailureKind::Runtime,
            message: message.into(),
            hint: String::new(),
            line: u32::MAX,
            column: u32::MAX,
            stack: String::new(),
        })),
        _ => jail::exit_now(3),
    }
}
