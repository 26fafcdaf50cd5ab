//! Lines on their way to a server: written in their order, many at once, and
//! taken back while they wait if nobody needs them any more.

use std::{
    collections::VecDeque,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
};

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    sync::{Notify, oneshot},
};

/// Lines that are written at once, in bytes; one longer line is written alone.
const BATCH_BYTES: usize = 64 << 10;

/// What may wait that is no call, in bytes: answers to what a server asks, and
/// notes. Calls are held to the budgets of the runs that make them.
const MOST_ASIDE: usize = 4 << 20;

/// What one line takes besides its bytes.
const LINE_BYTES: usize = 256;

/// The number of a call whose line can be taken back.
pub(super) type CallNumber = i64;

/// A line with its line feed.
pub(super) struct Line {
    pub(super) bytes: Vec<u8>,
    pub(super) call: Option<CallNumber>,
    /// Told when the line was written, or could not be.
    pub(super) written: Option<oneshot::Sender<io::Result<()>>>,
}

impl Line {
    /// How much of what may wait beside calls it takes.
    fn aside(&self) -> usize {
        if self.call.is_some() { 0 } else { self.bytes.len().saturating_add(LINE_BYTES) }
    }
}

/// Why a line is not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The server does not read any more.
    Closed,
    /// The server makes more be written to it than it reads.
    Full,
}

/// Lines that wait to be written.
#[derive(Default)]
pub(super) struct Outbox {
    queue: Mutex<Queue>,
    filled: Notify,
}

#[derive(Default)]
struct Queue {
    lines: VecDeque<Line>,
    /// What those that are no calls take.
    aside: usize,
    closed: bool,
}

impl Outbox {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line.
    pub(super) fn push(&self, line: Line) -> Result<(), Refused> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(Refused::Closed);
        }
        let aside = queue.aside.saturating_add(line.aside());
        if line.call.is_none() && aside > MOST_ASIDE {
            return Err(Refused::Full);
        }
        queue.aside = aside;
        queue.lines.push_back(line);
        drop(queue);
        self.filled.notify_one();
        Ok(())
    }

    /// Takes a call's line back; `false` if it has left.
    pub(super) fn withdraw(&self, call: CallNumber) -> bool {
        let mut queue = self.lock();
        let place = queue.lines.iter().rposition(|line| line.call == Some(call));
        place.and_then(|place| queue.lines.remove(place)).is_some()
    }

    /// Drops what waits, and refuses what comes.
    pub(super) fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        queue.lines.clear();
        queue.aside = 0;
        drop(queue);
        self.filled.notify_one();
    }

    /// The next lines, at least one; `None` once it is closed.
    async fn take(&self) -> Option<Vec<Line>> {
        loop {
            {
                let mut queue = self.lock();
                if queue.closed {
                    return None;
                }
                let mut bytes = 0;
                let fitting = queue.lines.iter().take_while(|line| {
                    bytes += line.bytes.len();
                    bytes <= BATCH_BYTES
                });
                let count = fitting.count().max(1).min(queue.lines.len());
                if count > 0 {
                    let lines: Vec<_> = queue.lines.drain(..count).collect();
                    let left = lines.iter().map(Line::aside).sum();
                    queue.aside = queue.aside.saturating_sub(left);
                    return Some(lines);
                }
            }
            self.filled.notified().await;
        }
    }

    /// Writes what comes until it is closed or the server reads no more;
    /// `lost` is told of each call whose line could not be written.
    pub(super) async fn write<W: AsyncWrite + Unpin>(&self, mut input: W, lost: impl Fn(CallNumber)) {
        let mut batch = Vec::new();
        while let Some(lines) = self.take().await {
            let written = match lines.as_slice() {
                [line] => input.write_all(&line.bytes).await,
                lines => {
                    batch.clear();
                    lines.iter().for_each(|line| batch.extend_from_slice(&line.bytes));
                    input.write_all(&batch).await
                }
            };
            let written = match written {
                Ok(()) => input.flush().await,
                Err(error) => Err(error),
            };
            for line in lines {
                if let Some(waiting) = line.written {
                    let result = written.as_ref().map(drop).map_err(|error| error.kind().into());
                    // Whoever gave up waiting does not need to know.
                    let _ = waiting.send(result);
                }
                if let (Err(_), Some(call)) = (&written, line.call) {
                    lost(call);
                }
            }
            if written.is_err() {
                let waiting = {
                    // Closed in the same moment, so that no call comes between and waits for ever.
                    let mut queue = self.lock();
                    queue.closed = true;
                    std::mem::take(&mut queue.lines)
                };
                waiting.iter().filter_map(|line| line.call).for_each(&lost);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    fn line(text: &str, call: Option<CallNumber>) -> Line {
        Line { bytes: format!("{text}\n").into_bytes(), call, written: None }
    }

    #[tokio::test]
    async fn lines_leave_in_order_without_those_taken_back() {
        let outbox = Outbox::default();
        let long = "x".repeat(BATCH_BYTES);
        for (text, call) in [("a", None), ("b", Some(1)), ("c", Some(2)), (&long, None), ("d", None)] {
            outbox.push(line(text, call)).expect("open");
        }
        assert!(outbox.withdraw(1));
        assert!(!outbox.withdraw(1), "only once");
        let (mut reader, writer) = tokio::io::duplex(16);
        let write = outbox.write(writer, |call| panic!("{call} was lost"));
        let read = async {
            let mut text = vec![0; "a\nc\n\nd\n".len() + long.len()];
            reader.read_exact(&mut text).await.expect("all lines");
            outbox.close();
            text
        };
        let ((), text) = tokio::join!(write, read);
        assert_eq!(String::from_utf8(text).expect("text"), format!("a\nc\n{long}\nd\n"));
        assert!(outbox.push(line("late", None)).is_err());
    }

    #[tokio::test]
    async fn what_waits_beside_calls_is_bounded_until_it_is_read() {
        let outbox = Outbox::default();
        let long = "x".repeat(1 << 20);
        while outbox.push(line(&long, None)).is_ok() {}
        assert_eq!(outbox.push(line(&long, None)), Err(Refused::Full));
        outbox.push(line(&long, Some(1))).expect("a call has budgets of its own");
        let (mut reader, writer) = tokio::io::duplex(1 << 16);
        let write = outbox.write(writer, |call| panic!("{call} was lost"));
        let read = async {
            let mut bytes = vec![0; 4 * (long.len() + 1)];
            reader.read_exact(&mut bytes).await.expect("all lines");
            outbox.push(line("room again", None)).expect("room");
            outbox.close();
        };
        tokio::join!(write, read);
        assert_eq!(outbox.push(line("", None)), Err(Refused::Closed));
    }

    #[tokio::test]
    async fn calls_of_a_server_that_reads_no_more_are_lost() {
        let outbox = Outbox::default();
        let (told, waiting) = oneshot::channel();
        outbox.push(Line { written: Some(told), ..line(&"x".repeat(BATCH_BYTES), Some(1)) }).expect("open");
        outbox.push(line("b", Some(2))).expect("open");
        let (reader, writer) = tokio::io::duplex(16);
        drop(reader);
        let lost = Mutex::new(Vec::new());
        outbox.write(writer, |call| lost.lock().expect("a lock").push(call)).await;
        assert_eq!(*lost.lock().expect("a lock"), [1, 2]);
        assert!(waiting.await.expect("told").is_err());
        assert!(!outbox.withdraw(2));
    }
}
