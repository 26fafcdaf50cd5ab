//! One client over a pair of streams, from its first message until it goes
//! away or the connection is asked to end. The end of its input is seen at the
//! stream itself and kept from the protocol library while calls go on, because
//! the library gives them a time of its own.

use std::{
    future::pending,
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use rmcp::service::{QuitReason, ServerInitializeError, serve_server};
use terraphim_mcp_codegen::bounded;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::JoinError,
    time::{interval, sleep},
};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::{
    config::{FaceConfig, Stop},
    handler::Face,
    runs::Runs,
};

/// Longest reason of a failed handshake, in characters; it may quote the client.
const MAX_REASON_CHARS: usize = 300;

/// How long calls that came with the last of the input may take to be noticed.
const HANDED_ON: Duration = Duration::from_millis(20);

/// How often it is asked whether the client is gone.
const ASKED_EVERY: Duration = Duration::from_millis(100);

/// Why a connection could not be served to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FaceError {
    /// The client's first messages are no MCP, or the answer could not be written.
    #[error("the client did not begin as MCP asks for: {reason}")]
    Handshake {
        /// What was wrong with it.
        reason: String,
    },
    /// The task that served the client failed.
    #[error("the connection was not served to its end")]
    Stopped {
        /// Why the task failed.
        #[source]
        source: JoinError,
    },
}

/// Serves one client until the end of its input or until it is asked to stop;
/// calls that wait for a run then have a grace ([`FaceConfig::grace`]). After
/// that every run that the client started is killed, also those in the
/// background. Dropping the future kills them at once.
///
/// # Errors
/// [`FaceError`]; a client that goes away is none.
pub async fn serve_stdio<R, W>(config: FaceConfig, reader: R, writer: W) -> Result<(), FaceError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let life = CancellationToken::new();
    let _end_on_drop = life.clone().drop_guard();
    let end = End {
        life: life.clone(),
        stop: config.stop.clone(),
        grace: config.grace,
        client_gone: config.client_gone,
        input_ended: CancellationToken::new(),
        output_broken: CancellationToken::new(),
        close: CancellationToken::new(),
        quiet: life.child_token(),
        written: Arc::default(),
    };
    let reader = Input {
        reader,
        ended: end.input_ended.clone(),
        is_closed: Box::pin(end.close.clone().cancelled_owned()),
    };
    let written = Arc::clone(&end.written);
    let writer = Output { writer, broken: end.output_broken.clone(), written };
    let face = Face::new(config, life, end.quiet.clone());
    let runs = face.runs();
    let served = tokio::select! {
        served = serve(face, reader, writer) => served,
        () = end.bring_about(&runs) => Ok(()),
    };
    runs.end().await;
    served
}

/// What ends a connection, and what its end is told by.
struct End {
    life: CancellationToken,
    stop: Stop,
    grace: Duration,
    client_gone: Option<fn() -> bool>,
    input_ended: CancellationToken,
    output_broken: CancellationToken,
    /// Cancelled when the protocol library may see the end of the input.
    close: CancellationToken,
    /// Cancelled with it: the client is told of nothing any more.
    quiet: CancellationToken,
    /// Bytes that the client has taken.
    written: Arc<AtomicU64>,
}

impl End {
    /// Waits until the connection is to end, gives what goes on its grace, and
    /// ends it. Comes back if the client does not take what is left to be written.
    async fn bring_about(self, runs: &Runs) {
        let is_asked = tokio::select! {
            () = self.stop.drain.cancelled() => true,
            () = self.stop.now.cancelled() => true,
            () = self.input_ended.cancelled() => false,
            () = self.output_broken.cancelled() => false,
        };
        if is_asked {
            runs.close();
        }
        let settled = async {
            if is_asked {
                runs.finished().await;
            } else {
                sleep(HANDED_ON).await;
                runs.answered().await;
            }
        };
        tokio::select! {
            biased;
            () = self.is_over(is_asked) => self.life.cancel(),
            () = settled => {}
        }
        self.quiet.cancel();
        self.close.cancel();
        // The library waits for its last answers without an end.
        let mut before = None;
        while before != Some(self.written.load(Ordering::Relaxed)) {
            before = Some(self.written.load(Ordering::Relaxed));
            sleep(self.grace).await;
        }
    }

    /// Waits until nothing may go on.
    async fn is_over(&self, is_asked: bool) {
        let asked_again = async {
            match is_asked {
                true => tokio::select! {
                    () = self.stop.now.cancelled() => {}
                    () = self.input_ended.cancelled() => {}
                },
                false => tokio::select! {
                    () = self.stop.drain.cancelled() => {}
                    () = self.stop.now.cancelled() => {}
                },
            }
        };
        tokio::select! {
            () = asked_again => {}
            () = self.output_broken.cancelled() => {}
            () = is_gone(self.client_gone) => {}
            () = sleep(self.grace) => {}
        }
    }
}

/// Waits until the client is gone, where that can be told.
async fn is_gone(client_gone: Option<fn() -> bool>) {
    let Some(client_gone) = client_gone else { return pending().await };
    let mut ticks = interval(ASKED_EVERY);
    while !client_gone() {
        ticks.tick().await;
    }
}

async fn serve<R, W>(face: Face, reader: Input<R>, writer: Output<W>) -> Result<(), FaceError>
where
    R: AsyncRead + Send + Unpin + 'static,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let running = match serve_server(face, (reader, writer)).await {
        Ok(running) => running,
        Err(ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => {
            let reason = bounded::one_line(&error.to_string(), MAX_REASON_CHARS);
            return Err(FaceError::Handshake { reason });
        }
    };
    match running.waiting().await {
        Ok(QuitReason::JoinError(source)) | Err(source) => Err(FaceError::Stopped { source }),
        Ok(_) => Ok(()),
    }
}

/// A reader that tells of its end and keeps it to itself until it is closed.
struct Input<R> {
    reader: R,
    ended: CancellationToken,
    is_closed: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<R: AsyncRead + Unpin> AsyncRead for Input<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_closed.as_mut().poll(context).is_ready() {
            return Poll::Ready(Ok(()));
        }
        if self.ended.is_cancelled() {
            return Poll::Pending;
        }
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        let polled = Pin::new(&mut self.reader).poll_read(context, buffer);
        let ended = match &polled {
            Poll::Pending => false,
            Poll::Ready(Ok(())) => room > 0 && buffer.filled().len() == before,
            Poll::Ready(Err(_)) => true,
        };
        if ended {
            self.ended.cancel();
            // Closing it wakes the task.
            return Poll::Pending;
        }
        polled
    }
}

/// A writer that tells when nobody reads any more.
struct Output<W> {
    writer: W,
    broken: CancellationToken,
    written: Arc<AtomicU64>,
}

impl<W> Output<W> {
    fn noted<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(_)) = &polled {
            self.broken.cancel();
        }
        polled
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Output<W> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.writer).poll_write(context, bytes);
        if let Poll::Ready(Ok(count)) = &polled {
            self.written.fetch_add(*count as u64, Ordering::Relaxed);
        }
        self.noted(polled)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.writer).poll_flush(context);
        self.noted(polled)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(context)
    }
}
