//! What the host writes to a run's process, as the guest reads it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use terraphim_sandbox_protocol::{Budget, DecodeError, HEADER_BYTES, Header, HostFrame};

const BUDGET: Budget = Budget { start: 1024, reply: 512, call: 0, log: 0, done: 0, failed: 0 };

fuzz_target!(|data: &[u8]| {
    let Some((head, rest)) = data.split_first_chunk::<HEADER_BYTES>() else { return };
    let Some(header) = Header::decode(*head) else {
        assert_eq!(head[..4], [0; 4], "only a length of nothing has no header");
        return;
    };
    let admitted = HostFrame::admit(header, &BUDGET);
    match &admitted {
        Ok(()) => assert!(header.body <= 1024),
        Err(DecodeError::TooLong { length, limit, .. }) => assert!(length > limit),
        Err(DecodeError::UnknownKind(kind)) => assert_eq!(*kind, header.kind),
        Err(other) => panic!("a header alone cannot be {other}"),
    }
    // The length is put right, so that what is tested is the body.
    let Ok(frame) = HostFrame::decode(header.kind, rest.to_vec()) else { return };
    let again = match &frame {
        HostFrame::Stage(stage) => HostFrame::encode_stage(stage),
        HostFrame::Prepare(prepare) => HostFrame::encode_prepare(prepare),
        HostFrame::Start(start) => HostFrame::encode_start(start),
        HostFrame::Reply { id, ok, payload } => HostFrame::encode_reply(*id, *ok, payload),
    };
    let (length, fields) = again.split_first_chunk::<4>().expect("a frame has a length");
    assert_eq!(usize::try_from(u32::from_le_bytes(*length)), Ok(fields.len()));
    assert_eq!(fields.split_first(), Some((&header.kind, rest)), "every accepted byte means something");
});
