//! The token helper's own loop, which a hidden subcommand of the binary runs.
//!
//! It loads the tokenizer's tables at once, answers one request after the
//! other, and ends when its input closes or when it has been idle: a host that
//! was killed leaves no helper behind.

use std::{
    io::{self, BufReader, Read, Write},
    sync::mpsc::{self, RecvTimeoutError, SyncSender},
    thread,
    time::Duration,
};

use super::wire;

/// How long a helper waits for a request; longer than its host waits before it kills it.
const IDLE: Duration = Duration::from_secs(90);

/// Answers requests until the input closes or none has come for 90 s.
///
/// It blocks. A thread of its own reads the input; after an idle end that
/// thread is still waiting, so the caller is expected to end the process.
///
/// # Errors
/// A request that breaks the frame rules or ends in its middle, or an output
/// that is closed; the helper cannot go on after either.
pub fn serve_helper(stdin: impl Read + Send + 'static, stdout: impl Write) -> io::Result<()> {
    serve(stdin, stdout, IDLE)
}

fn serve(stdin: impl Read + Send + 'static, mut stdout: impl Write, idle: Duration) -> io::Result<()> {
    let (sender, requests) = mpsc::sync_channel(0);
    thread::Builder::new().name("token-requests".into()).spawn(move || read_requests(stdin, &sender))?;
    let tokenizer = bpe_openai::o200k_base();
    loop {
        let texts = match requests.recv_timeout(idle) {
            Ok(request) => request?,
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(()),
        };
        let counts: Vec<u64> = texts.iter().map(|text| tokenizer.count(text.as_str()) as u64).collect();
        wire::write_answer(&mut stdout, &counts)?;
    }
}

fn read_requests(stdin: impl Read, requests: &SyncSender<io::Result<Vec<String>>>) {
    let mut stdin = BufReader::with_capacity(64 << 10, stdin);
    while let Some(request) = wire::read_request(&mut stdin).transpose() {
        let broken = request.is_err();
        if requests.send(request).is_err() || broken {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn counts_like_the_tokenizer_until_the_input_ends() {
        let request = b"\x02\0\0\0\x0b\0\0\0hello world\0\0\0\0".as_slice();
        let mut output = Vec::new();
        serve_helper(io::Cursor::new([request, request].concat()), &mut output).unwrap();
        let tokens = bpe_openai::o200k_base().count("hello world") as u64;
        let mut answer = Vec::new();
        wire::write_answer(&mut answer, &[tokens, 0]).unwrap();
        assert_eq!(output, [answer.as_slice(), &answer].concat());
    }

    #[test]
    fn a_broken_request_ends_it_with_an_error() {
        let error = serve_helper(b"\x01\0\0\0\x09\0\0\0cut".as_slice(), io::sink()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn it_ends_when_idle_although_its_input_stays_open() {
        let (_host, stdin) = UnixStream::pair().unwrap();
        serve(stdin, io::sink(), Duration::from_millis(20)).unwrap();
    }
}
