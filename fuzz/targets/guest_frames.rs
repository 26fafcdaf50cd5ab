//! What a run's process writes, as the host cuts it into frames.

#![no_main]

use libfuzzer_sys::fuzz_target;
use terraphim_sandbox::fuzzing::frames;
use terraphim_sandbox_protocol::GuestFrame;
use terraphim_types::Limits;

fuzz_target!(|data: &[u8]| {
    let Some((&[step, room], stream)) = data.split_first_chunk() else { return };
    let limit = usize::from(room) * 16;
    let limits = Limits { arguments_bytes: limit, result_bytes: limit, ..Limits::default() };
    let (whole, error, _) = frames([stream], &limits);
    let (pieces, piecewise_error, kept) = frames(stream.chunks(usize::from(step).max(1)), &limits);
    assert_eq!(whole, pieces, "where the stream is cut changes nothing");
    assert_eq!(error, piecewise_error);

    let mut again = Vec::new();
    for frame in &whole {
        let encoded = encode(frame);
        again.extend_from_slice(&encoded);
        match frame {
            GuestFrame::Call { payload, .. } => assert!(payload.len() <= limit + 4096),
            GuestFrame::Done { payload } => assert!(payload.len() <= limit),
            _ => {}
        }
    }
    assert!(stream.starts_with(&again), "every accepted byte means something");
    if error.is_none() {
        assert!(kept <= stream.len() - again.len() || !whole.is_empty());
    }
});

fn encode(frame: &GuestFrame) -> Vec<u8> {
    match frame {
        GuestFrame::Prepared => GuestFrame::encode_prepared(),
        GuestFrame::Started => GuestFrame::encode_started(),
        GuestFrame::Call { id, name, payload } => GuestFrame::encode_call(*id, name, payload),
        GuestFrame::Log { level, text } => GuestFrame::encode_log(*level, text),
        GuestFrame::Done { payload } => GuestFrame::encode_done(payload),
        GuestFrame::Failed(failure) => GuestFrame::encode_failed(failure),
    }
}
