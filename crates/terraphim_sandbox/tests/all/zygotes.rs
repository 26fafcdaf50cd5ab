//! Zygotes that break the protocol: the host neither panics nor hangs nor keeps
//! anything, and the next checkout has a process.

use std::time::{Duration, Instant};

use terraphim_sandbox::{GuestImage, Pool, PoolConfig};
use terraphim_sandbox_protocol::VERSION;
use terraphim_types::Limits;

use crate::host::{
    SOON, attack, block_on, first_account, impatient_pool, is_alone, patient, pool, settle, verdict,
};

/// CPU seconds from which on the hostile zygote takes them for an attack.
const ATTACKS_FROM: u64 = 1_000_000;

async fn checkout(pool: &Pool, attack: u64) -> Result<String, String> {
    let limits = Limits { cpu: Duration::from_secs(ATTACKS_FROM + attack), ..patient() };
    let lease = tokio::time::timeout(3 * SOON, pool.checkout(limits)).await.expect("an answer in time");
    let lease = lease.map_err(|error| error.to_string())?;
    let program = terraphim_sandbox::Program {
        source: "done 1".into(),
        language: terraphim_types::Language::TypeScript,
        folder: String::new(),
        stage: None,
    };
    let cancel = tokio_util::sync::CancellationToken::new();
    let end = lease.run(program, std::sync::Arc::new(crate::host::Host), &cancel, 1024).await;
    Ok(verdict(&end.ending))
}

const GONE: &str = "the zygote is gone";
const FORK: &str = "failed to make a process for the run: ";

/// The run's verdict, or how the checkout's error opens and what else it holds.
type Expected = Result<&'static str, (&'static str, &'static str)>;

/// What the zygote does instead of handing over a process, and what comes of it.
const ATTACKS: &[(u64, &str, Expected)] = &[
    (0, "garbage", Err((GONE, ""))),
    (2, "no descriptor", Err((FORK, "the zygote sent no pair of descriptors"))),
    (3, "one descriptor", Err((FORK, "the zygote sent no pair of descriptors"))),
    (4, "three descriptors", Err((FORK, "the zygote sent no pair of descriptors"))),
    (5, "eight descriptors", Err((GONE, ""))),
    (6, "descriptors in the other order", Err((FORK, "the zygote sent no channel"))),
    (7, "a socket for the process", Err((FORK, "the zygote sent no process"))),
    (8, "a process for the channel", Err((FORK, "the zygote sent no channel"))),
    (9, "the control channel for the channel", Err((FORK, "the zygote sent no channel"))),
    (10, "a datagram that is too long", Err((GONE, ""))),
    (11, "a trailing byte", Err((GONE, ""))),
    (12, "nothing at all", Err((GONE, ""))),
    (13, "a text that is none", Err((GONE, ""))),
    (14, "its own end", Err((GONE, ""))),
    (15, "a long refusal", Err((FORK, "\u{1b}[2J"))),
    (16, "a refusal with descriptors", Err((GONE, ""))),
    (17, "the same process ten times", Ok("result 1")),
    (18, "30,000 messages that nobody asked for", Ok("result 1")),
    (19, "an end of what has not ended", Ok("result 1")),
];

#[test]
fn hostile_zygotes_leave_nothing_behind() {
    if is_alone("zygotes::hostile_zygotes_leave_nothing_behind") {
        block_on(hostile_answers());
    }
}

async fn hostile_answers() {
    let pool = pool("zygote", 0);
    let next = async || verdict(&attack(&pool, patient(), "done 7").await.ending);
    let before = first_account(&pool).await;
    for (number, what, expected) in ATTACKS {
        for _ in 0..3 {
            let began = Instant::now();
            let answered = checkout(&pool, *number).await;
            match (expected, &answered) {
                (Ok(expected), Ok(answered)) => assert_eq!(answered, expected, "{what}"),
                (Err((opening, part)), Err(error)) => {
                    assert!(error.starts_with(opening) && error.contains(part), "{what}: {error}");
                }
                _ => panic!("{what}: {answered:?}"),
            }
            assert!(began.elapsed() < SOON, "{what} took {:?}", began.elapsed());
            assert_eq!(next().await, "result 7", "after {what}");
        }
        settle(&before, what).await;
    }
}

/// A zygote that never answers is given up, and so is one that answers another question.
#[tokio::test]
async fn silent_zygotes_are_given_up() {
    tokio::join!(silent(1), silent(20));
}

async fn silent(number: u64) {
    let pool = impatient_pool("zygote");
    let began = Instant::now();
    assert_eq!(checkout(&pool, number).await, Err(GONE.to_owned()), "attack {number}");
    assert!(began.elapsed() < 3 * SOON, "{:?}", began.elapsed());
    assert_eq!(verdict(&attack(&pool, patient(), "done 7").await.ending), "result 7");
}

/// Guests that say something else than that they are ready.
#[tokio::test]
async fn guests_that_do_not_start_are_told_from_each_other() {
    let other_version = format!(
        "the guest speaks protocol {}, this host speaks {VERSION}: build both from one source",
        VERSION + 1
    );
    for (role, expected) in [
        ("exit", GONE),
        ("garbage", "the zygote broke the protocol: unknown frame kind 255"),
        ("empty", GONE),
        ("long", "the zygote broke the protocol: frame of kind 16 does not have the length of its fields"),
        ("version", &other_version),
        (
            "descriptors",
            "the zygote broke the protocol: frame of kind 16 does not have the length of its fields",
        ),
        ("forked", "failed to enter the jail: the guest did not say that it is ready"),
        ("broken", "failed to enter the jail: \u{1b}[2J"),
        ("text", "the zygote broke the protocol: frame of kind 19 has a text that is not UTF-8"),
        ("silence", "failed to enter the jail: the guest did not answer in time"),
    ] {
        let role_at_start = format!("start:{role}");
        let pool = if role == "silence" { impatient_pool(&role_at_start) } else { pool(&role_at_start, 0) };
        for _ in 0..if role == "silence" { 1 } else { 3 } {
            let began = Instant::now();
            let error = pool.checkout(Limits::default()).await.err().expect("no process");
            assert!(error.to_string().starts_with(expected), "{role}: {error}");
            assert!(began.elapsed() < SOON, "{role}: {:?}", began.elapsed());
        }
    }
}

/// A program that is no guest at all.
#[tokio::test]
async fn other_programs_are_no_guests() {
    // The C library's way to start a program would hand this to a shell.
    let script = GuestImage::new(b"#!/bin/sh\nexit 0").expect_err("no image");
    assert_eq!(script.to_string(), "a guest is an ELF executable");
    let image = GuestImage::new(b"\x7fELF and nothing else").expect("an image");
    let pool = Pool::with_guest(PoolConfig::default(), image);
    assert!(pool.checkout(Limits::default()).await.is_err());
}
