//! The frames between the host and the token helper, both directions, with
//! bounds on both sides.
//!
//! A request is the number of texts as u32, then for each its length in bytes
//! as u32 and its bytes; the answer is the number of texts as u32 and one u64
//! of tokens for each. Everything is little-endian.

use std::io::{self, Read, Write};

use terraphim_types::TokenCount;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufWriter};

/// Most text in one request, in bytes.
pub const MAX_REQUEST_BYTES: usize = 64 << 20;

/// Most texts in one request.
pub const MAX_TEXTS: usize = 1 << 20;

/// A request or an answer that breaks the rules of the frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The request has more texts than [`MAX_TEXTS`].
    #[error("{texts} texts are more than the {MAX_TEXTS} of one request: count them in parts")]
    TooManyTexts {
        /// The texts of the request.
        texts: usize,
    },
    /// The request has more text than [`MAX_REQUEST_BYTES`].
    #[error(
        "{bytes} bytes of text are more than the {MAX_REQUEST_BYTES} of one request: count them in parts"
    )]
    TooLong {
        /// The bytes up to and with the text that exceeds the bound.
        bytes: usize,
    },
    /// A text of the request is not UTF-8.
    #[error("text {index} of the request is not UTF-8")]
    NotUtf8 {
        /// Which text, from 0.
        index: usize,
    },
    /// The answer is for another number of texts.
    #[error("the answer holds {answered} counts for {asked} texts")]
    OtherNumber {
        /// The texts of the request.
        asked: usize,
        /// The counts that the answer announces.
        answered: usize,
    },
    /// The answer gives a text a count that it cannot have.
    #[error("the answer gives {tokens} tokens to a text of {bytes} bytes")]
    Impossible {
        /// Length of the text.
        bytes: usize,
        /// The count in the answer.
        tokens: u64,
    },
}

impl From<FrameError> for io::Error {
    fn from(error: FrameError) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}

/// Whether `texts` fit into one request.
pub(super) fn check_request(texts: &[String]) -> Result<(), FrameError> {
    if texts.len() > MAX_TEXTS {
        return Err(FrameError::TooManyTexts { texts: texts.len() });
    }
    let bytes = texts.iter().fold(0_usize, |sum, text| sum.saturating_add(text.len()));
    if bytes > MAX_REQUEST_BYTES { Err(FrameError::TooLong { bytes }) } else { Ok(()) }
}

/// Reads one request; nothing if the input ends before one begins.
pub(super) fn read_request(input: &mut impl Read) -> io::Result<Option<Vec<String>>> {
    let Some(texts) = read_u32(input)? else { return Ok(None) };
    if texts > MAX_TEXTS {
        return Err(FrameError::TooManyTexts { texts }.into());
    }
    let mut request = Vec::new();
    let mut sum = 0_usize;
    for index in 0..texts {
        let length = read_u32(input)?.ok_or(io::ErrorKind::UnexpectedEof)?;
        sum = sum.saturating_add(length);
        if sum > MAX_REQUEST_BYTES {
            return Err(FrameError::TooLong { bytes: sum }.into());
        }
        let mut bytes = Vec::new();
        input.by_ref().take(length as u64).read_to_end(&mut bytes)?;
        if bytes.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        request.push(String::from_utf8(bytes).map_err(|_| FrameError::NotUtf8 { index })?);
    }
    Ok(Some(request))
}

/// Reads a u32; nothing if the input ends before its first byte.
fn read_u32(input: &mut impl Read) -> io::Result<Option<usize>> {
    let mut bytes = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut bytes)?;
    match <[u8; 4]>::try_from(bytes) {
        Ok(bytes) => Ok(Some(u32::from_le_bytes(bytes) as usize)),
        Err(bytes) if bytes.is_empty() => Ok(None),
        Err(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Writes the answer to one request.
pub(super) fn write_answer(output: &mut impl Write, counts: &[u64]) -> io::Result<()> {
    let mut frame = Vec::with_capacity(4 + 8 * counts.len());
    frame.extend(length_prefix(counts.len())?);
    for count in counts {
        frame.extend(count.to_le_bytes());
    }
    output.write_all(&frame)?;
    output.flush()
}

/// Writes one request, which [`check_request`] has passed.
pub(super) async fn write_request(
    output: &mut (impl AsyncWrite + Unpin),
    texts: &[String],
) -> io::Result<()> {
    let mut output = BufWriter::with_capacity(64 << 10, output);
    output.write_all(&length_prefix(texts.len())?).await?;
    for text in texts {
        output.write_all(&length_prefix(text.len())?).await?;
        output.write_all(text.as_bytes()).await?;
    }
    output.flush().await
}

fn length_prefix(length: usize) -> io::Result<[u8; 4]> {
    let length = u32::try_from(length).map_err(|_| FrameError::TooLong { bytes: length })?;
    Ok(length.to_le_bytes())
}

/// Reads the answer for `texts`, none of which has more tokens than bytes.
pub(super) async fn read_answer(
    input: &mut (impl AsyncRead + Unpin),
    texts: &[String],
) -> io::Result<Result<Vec<TokenCount>, FrameError>> {
    let answered = input.read_u32_le().await? as usize;
    if answered != texts.len() {
        return Ok(Err(FrameError::OtherNumber { asked: texts.len(), answered }));
    }
    let mut counts = Vec::with_capacity(texts.len());
    for text in texts {
        let tokens = input.read_u64_le().await?;
        let bytes = text.len();
        if tokens > bytes as u64 || (tokens == 0) != (bytes == 0) {
            return Ok(Err(FrameError::Impossible { bytes, tokens }));
        }
        counts.push(TokenCount(tokens));
    }
    Ok(Ok(counts))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    fn request(texts: &[String]) -> Vec<u8> {
        let mut frame = Vec::new();
        block_on(write_request(&mut frame, texts)).unwrap();
        frame
    }

    #[test]
    fn a_request_has_the_documented_layout() {
        assert_eq!(request(&["ab".into(), String::new()]), b"\x02\0\0\0\x02\0\0\0ab\0\0\0\0");
    }

    #[test]
    fn requests_beyond_the_bounds_are_refused_before_their_bytes_are_read() {
        let many = u32::try_from(MAX_TEXTS + 1).unwrap().to_le_bytes();
        let error = read_request(&mut many.as_slice()).unwrap_err();
        assert_eq!(error.to_string(), FrameError::TooManyTexts { texts: MAX_TEXTS + 1 }.to_string());

        let long = [1_u32.to_le_bytes(), u32::MAX.to_le_bytes()].concat();
        let error = read_request(&mut long.as_slice()).unwrap_err();
        assert_eq!(error.to_string(), FrameError::TooLong { bytes: u32::MAX as usize }.to_string());

        let half = vec![String::from("x").repeat(MAX_REQUEST_BYTES / 2 + 1); 2];
        assert_eq!(check_request(&half), Err(FrameError::TooLong { bytes: MAX_REQUEST_BYTES + 2 }));
        assert_eq!(check_request(&vec![String::new(); MAX_TEXTS]), Ok(()));
        assert!(check_request(&vec![String::new(); MAX_TEXTS + 1]).is_err());
    }

    #[test]
    fn text_that_is_not_utf8_is_refused() {
        let frame = b"\x01\0\0\0\x01\0\0\0\xff";
        let error = read_request(&mut frame.as_slice()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(error.to_string(), "text 0 of the request is not UTF-8");
    }

    #[test]
    fn answers_that_cannot_be_right_are_refused() {
        let texts = vec!["four".to_owned()];
        let answer = |counts: &[u64]| {
            let mut frame = Vec::new();
            write_answer(&mut frame, counts).unwrap();
            block_on(read_answer(&mut frame.as_slice(), &texts)).unwrap()
        };
        assert_eq!(answer(&[4]), Ok(vec![TokenCount(4)]));
        assert_eq!(answer(&[5]), Err(FrameError::Impossible { bytes: 4, tokens: 5 }));
        assert_eq!(answer(&[0]), Err(FrameError::Impossible { bytes: 4, tokens: 0 }));
        assert_eq!(answer(&[1, 1]), Err(FrameError::OtherNumber { asked: 1, answered: 2 }));
    }

    proptest! {
        #[test]
        fn requests_come_back_as_they_were(texts: Vec<String>) {
            let frame = request(&texts);
            let mut input = frame.as_slice();
            prop_assert_eq!(read_request(&mut input).unwrap(), Some(texts));
            prop_assert_eq!(read_request(&mut input).unwrap(), None);
        }

        #[test]
        fn a_cut_request_is_an_error(texts in prop::collection::vec(".{1,8}", 1..4), cut: prop::sample::Index) {
            let frame = request(&texts);
            let end = 1 + cut.index(frame.len() - 1);
            let error = read_request(&mut &frame[..end]).unwrap_err();
            prop_assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }

        #[test]
        fn hostile_bytes_never_panic(bytes: Vec<u8>) {
            let mut input = bytes.as_slice();
            while let Ok(Some(_)) = read_request(&mut input) {}
            let _ = block_on(read_answer(&mut bytes.as_slice(), &["text".to_owned()]));
        }
    }
}
