//! One client over a pair of streams, from its first message until it goes
//! away. Its end is seen at the stream itself, because the protocol library
//! first gives open calls time to be answered, and a run must end at once.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use rmcp::service::{QuitReason, ServerInitializeError, serve_server};
use terraphim_mcp_codegen::bounded;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    task::JoinError,
};
use tokio_util::sync::CancellationToken;

use crate::{config::FaceConfig, handler::Face};

/// Longest reason of a failed handshake, in characters; it may quote the client.
const MAX_REASON_CHARS: usize = 300;

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

/// Serves one client until it goes away; then every run that it started is
/// killed, also those in the background. Dropping the future does the same.
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
    let face = Face::new(config, life.clone());
    let runs = face.runs();
    let served = serve(face, EndWatch { reader, gone: life }, writer).await;
    runs.end().await;
    served
}

async fn serve<R, W>(face: Face, reader: EndWatch<R>, writer: W) -> Result<(), FaceError>
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

/// A reader that tells when it has come to its end.
struct EndWatch<R> {
    reader: R,
    gone: CancellationToken,
}

impl<R: AsyncRead + Unpin> AsyncRead for EndWatch<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let (before, room) = (buffer.filled().len(), buffer.remaining());
        let polled = Pin::new(&mut self.reader).poll_read(context, buffer);
        let ended = match &polled {
            Poll::Pending => false,
            Poll::Ready(Ok(())) => room > 0 && buffer.filled().len() == before,
            Poll::Ready(Err(_)) => true,
        };
        if ended {
            self.gone.cancel();
        }
        polled
    }
}
