//! Every frame survives its encoding, and no bytes make a decoder panic.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests, which the exemption for tests does not reach"
)]

use proptest::prelude::*;
use terraphim_sandbox_protocol::{
    Budget, DecodeError, Failure, FailureKind, GuestFrame, HEADER_BYTES, Header, HostFrame, LogLevel,
    Prepare, Stage, Start, Syntax,
    control::{BindKind, FromZygote, Layers, MAX_DATAGRAM, Setup, ToZygote},
};

const BUDGET: Budget = Budget { start: 1000, reply: 1000, call: 1000, log: 1000, done: 1000, failed: 1000 };

fn split(frame: Vec<u8>) -> (Header, Vec<u8>) {
    let header = Header::decode(frame[..HEADER_BYTES].try_into().unwrap()).unwrap();
    assert_eq!(header.body, frame.len() - HEADER_BYTES);
    (header, frame[HEADER_BYTES..].to_vec())
}

fn guest(frame: Vec<u8>) -> GuestFrame {
    let (header, body) = split(frame);
    GuestFrame::admit(header, &BUDGET).unwrap();
    GuestFrame::decode(header.kind, body).unwrap()
}

fn host(frame: Vec<u8>) -> HostFrame {
    let (header, body) = split(frame);
    HostFrame::admit(header, &BUDGET).unwrap();
    HostFrame::decode(header.kind, body).unwrap()
}

#[test]
fn frames_survive_their_encoding() {
    assert_eq!(guest(GuestFrame::encode_started()), GuestFrame::Started);
    let GuestFrame::Call { id: 7, name, payload } = guest(GuestFrame::encode_call(7, "a.b", b"{}")) else {
        panic!()
    };
    assert_eq!((name.as_str(), &*payload), ("a.b", &b"{}"[..]));
    assert_eq!(payload.into_vec(), b"{}");
    assert_eq!(
        guest(GuestFrame::encode_log(LogLevel::Warn, "ä")),
        GuestFrame::Log { level: LogLevel::Warn, text: "ä".into() }
    );
    let failure = Failure {
        kind: FailureKind::Denied,
        message: "m".into(),
        hint: "h".into(),
        line: 3,
        column: 4,
        stack: "s".into(),
    };
    assert_eq!(guest(GuestFrame::encode_failed(&failure)), GuestFrame::Failed(failure));
    let GuestFrame::Done { payload } = guest(GuestFrame::encode_done(b"[1]")) else { panic!() };
    assert_eq!(&*payload, b"[1]");
    let start = Start {
        syntax: Syntax::JavaScript,
        wall_ms: 1,
        heap_bytes: 2,
        result_bytes: 3,
        arguments_bytes: 4,
        tool_calls: 5,
        keeps: true,
        source: "x".into(),
    };
    assert_eq!(host(HostFrame::encode_start(&start)), HostFrame::Start(start));
    let prepare = Prepare { lower: "a/b".into(), bytes: 1, files: 2 };
    assert_eq!(host(HostFrame::encode_prepare(&prepare)), HostFrame::Prepare(prepare));
    let stage = Stage { shown: "bin/x".into(), arguments: vec!["-o".into(), String::new()] };
    assert_eq!(host(HostFrame::encode_stage(&stage)), HostFrame::Stage(stage));
    assert_eq!(guest(GuestFrame::encode_prepared()), GuestFrame::Prepared);
    let HostFrame::Reply { id: 9, ok: false, payload } = host(HostFrame::encode_reply(9, false, b"1")) else {
        panic!()
    };
    assert_eq!(&*payload, b"1");
}

#[test]
fn datagrams_survive_their_encoding() {
    let fork = ToZygote::Fork { child: 1, memory_bytes: u64::MAX, cpu_seconds: 30 };
    assert_eq!(ToZygote::decode(&fork.encode()), Ok(fork));
    for setup in [
        Setup::Bind { kind: BindKind::Store, source: "/a".into(), target: "/b".into() },
        Setup::Link { target: "/a".into(), to: "b".into() },
        Setup::Runtime { program: "/c".into() },
    ] {
        let datagram = setup.encode().expect("short paths");
        assert_eq!(Setup::decode(&datagram), Ok(setup));
    }
    assert_eq!(Setup::Runtime { program: "/x".repeat(MAX_DATAGRAM) }.encode(), None);
    for message in [
        FromZygote::Ready { version: 1, layers: Layers::PID.with(Layers::USER), reduced: "no".into() },
        FromZygote::Forked { child: 3 },
        FromZygote::Exited { child: 3, status: -1, cpu_micros: 5, peak_kib: 6 },
        FromZygote::Broken { child: 0, message: "mount: EPERM".into() },
    ] {
        assert_eq!(FromZygote::decode(&message.encode()), Ok(message));
    }
    let long = FromZygote::Broken { child: 0, message: "é".repeat(MAX_DATAGRAM) };
    assert!(long.encode().len() <= MAX_DATAGRAM);
    assert!(FromZygote::decode(&long.encode()).is_ok());
}

#[test]
fn what_is_over_budget_is_refused_before_it_is_received() {
    let header = Header { kind: 17, body: 1001 };
    assert_eq!(
        GuestFrame::admit(header, &BUDGET),
        Err(DecodeError::TooLong { kind: 17, length: 1001, limit: 1000 })
    );
    assert_eq!(GuestFrame::admit(Header { kind: 1, body: 0 }, &BUDGET), Err(DecodeError::UnknownKind(1)));
    assert_eq!(Header::decode([0, 0, 0, 0, 17]), None);
}

#[test]
fn truncated_and_prolonged_bodies_are_refused() {
    let (header, body) = split(GuestFrame::encode_log(LogLevel::Info, "text"));
    for end in 0..body.len() {
        assert!(GuestFrame::decode(header.kind, body[..end].to_vec()).is_err(), "cut at {end}");
    }
    let longer = [body, vec![0]].concat();
    assert_eq!(GuestFrame::decode(header.kind, longer), Err(DecodeError::BadLength { kind: header.kind }));
    assert_eq!(
        GuestFrame::decode(header.kind, vec![9, 0, 0, 0, 0]),
        Err(DecodeError::BadValue { kind: header.kind, value: 9 })
    );
    assert_eq!(
        GuestFrame::decode(header.kind, vec![0, 1, 0, 0, 0, 0xff]),
        Err(DecodeError::NotText { kind: header.kind })
    );
}

proptest! {
    #[test]
    fn no_bytes_panic(kind: u8, body in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = GuestFrame::decode(kind, body.clone());
        let _ = HostFrame::decode(kind, body.clone());
        let _ = FromZygote::decode(&body);
        let _ = ToZygote::decode(&body);
    }

    #[test]
    fn calls_round_trip(id: u32, name in ".{0,40}", bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let (header, body) = split(GuestFrame::encode_call(id, &name, &bytes));
        let decoded = GuestFrame::decode(header.kind, body).unwrap();
        let GuestFrame::Call { id: i, name: n, payload } = decoded else { panic!() };
        prop_assert_eq!((i, n, payload.into_vec()), (id, name, bytes));
    }
}
