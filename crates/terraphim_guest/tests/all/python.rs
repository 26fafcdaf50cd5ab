//! The guest for Python, on every Python of the machine: what it says to the
//! host, and what a program sees. The jail around it is tested elsewhere.

#[path = "python/case.rs"]
mod case;
#[path = "python/host.rs"]
mod host;
#[path = "python/zygote.rs"]
mod zygote;

use std::{
    io::Write,
    time::{Duration, Instant},
};

use case::Case;
use terraphim_sandbox_protocol::{
    EXIT_BAD_CHANNEL, EXIT_JAIL, GuestFrame, Start, Syntax,
    control::{FromZygote, ToZygote},
};
use zygote::{ALLOW_NOTHING, Outcome, Run, Zygote, pythons, version};

const MEMORY: u64 = 256 << 20;
const KILLED: i32 = 9;
const BAD_CALL: i32 = 31;

fn start(source: &str) -> Start {
    Start {
        syntax: Syntax::Python,
        wall_ms: 10_000,
        heap_bytes: MEMORY,
        result_bytes: 1 << 20,
        arguments_bytes: 1 << 20,
        tool_calls: 100,
        keeps: false,
        source: source.into(),
    }
}

fn result_of(run: &mut Run, source: &str) -> Outcome<String> {
    run.begin(&start(source))?;
    loop {
        match run.frame()?.ok_or("it ended without a word")? {
            GuestFrame::Done { payload } => return Ok(String::from_utf8(payload.into_vec())?),
            GuestFrame::Failed(failure) => return Err(format!("{failure:?}").into()),
            _ => {}
        }
    }
}

fn status_of(zygote: &mut Zygote, child: u32) -> Outcome<i32> {
    match zygote.exit_of(child)? {
        FromZygote::Exited { status, .. } => Ok(status),
        other => Err(format!("{other:?}").into()),
    }
}

#[test]
fn every_program_ends_as_it_should() -> Outcome<()> {
    let cases = Case::all()?;
    assert!(cases.len() >= 80, "there are only {} cases", cases.len());
    let mut wrong = Vec::new();
    for python in pythons()? {
        let version = version(&python)?;
        let mut zygote = Zygote::ready(&python)?;
        let (mut ran, begin) = (0, Instant::now());
        for case in cases.iter().filter(|case| case.oldest <= version) {
            ran += 1;
            if let Err(error) = case.check(&mut zygote, version >= (3, 11)) {
                wrong.push(format!("{} {}: {error}", python.display(), case.name));
            }
        }
        println!("{} {version:?}: {ran} programs in {:?}", python.display(), begin.elapsed());
    }
    assert!(wrong.is_empty(), "{}\n\n{} went wrong", wrong.join("\n\n"), wrong.len());
    Ok(())
}

#[test]
fn a_zygote_outlives_its_runs_whatever_becomes_of_them() -> Outcome<()> {
    for python in pythons()? {
        let mut zygote = Zygote::ready(&python)?;
        let mut times = Vec::new();
        for number in 0..200 {
            match number % 8 {
                5 => {
                    let run = zygote.fork(MEMORY, 30)?;
                    run.kill()?;
                    assert_eq!(status_of(&mut zygote, run.child)?, KILLED);
                }
                6 => {
                    let mut run = zygote.fork(MEMORY, 30)?;
                    run.channel.write_all(b"\xff\xff\xff\xff\x07no frame at all")?;
                    assert_eq!(status_of(&mut zygote, run.child)?, EXIT_BAD_CHANNEL << 8);
                }
                7 => {
                    let mut run = zygote.fork(MEMORY, 30)?;
                    run.begin(&start("import os\nos._exit(7)"))?;
                    assert_eq!(status_of(&mut zygote, run.child)?, 7 << 8);
                }
                _ => {
                    let begin = Instant::now();
                    let mut run = zygote.fork(MEMORY, 30)?;
                    assert_eq!(result_of(&mut run, "1")?, "1");
                    times.push(begin.elapsed());
                    run.kill()?;
                    assert_eq!(status_of(&mut zygote, run.child)?, KILLED);
                }
            }
        }
        times.sort();
        let middle = times.get(times.len() / 2).copied().unwrap_or(Duration::MAX);
        println!("{}: fork and `1` in {middle:?} at the median", python.display());
        assert_eq!(zygote.abandon()?, Some(0), "a zygote without a host ends");
    }
    Ok(())
}

#[test]
fn runs_have_randomness_of_their_own() -> Outcome<()> {
    for python in pythons()? {
        let mut zygote = Zygote::ready(&python)?;
        let program = "import random, uuid\n[random.random(), str(uuid.uuid4())]";
        let mut drawn = Vec::new();
        for _ in 0..3 {
            let mut run = zygote.fork(MEMORY, 30)?;
            drawn.push(result_of(&mut run, program)?);
        }
        drawn.sort();
        drawn.dedup();
        assert_eq!(drawn.len(), 3, "{}: {drawn:?}", python.display());
    }
    Ok(())
}

#[test]
fn a_run_ends_with_its_zygote() -> Outcome<()> {
    for python in pythons()? {
        let mut zygote = Zygote::ready(&python)?;
        let mut waiting = zygote.fork(MEMORY, 30)?;
        let mut running = zygote.fork(MEMORY, 30)?;
        running.begin(&start("while True: pass"))?;
        assert_eq!(running.frame()?, Some(GuestFrame::Started));
        drop(zygote);
        assert_eq!(waiting.frame()?, None, "{}", python.display());
        assert_eq!(running.frame()?, None, "{}", python.display());
    }
    Ok(())
}

#[test]
fn the_filter_holds_before_the_program_is_read() -> Outcome<()> {
    for python in pythons()? {
        let mut zygote = Zygote::start(&python, &ALLOW_NOTHING)?;
        let (message, _) = zygote.told()?;
        assert!(matches!(message, FromZygote::Ready { .. }), "{message:?}");
        let mut run = zygote.fork(MEMORY, 30)?;
        assert_eq!(status_of(&mut zygote, run.child)? & 0x7f, BAD_CALL, "{}", python.display());
        assert_eq!(run.frame()?, None);
    }
    Ok(())
}

#[test]
fn a_zygote_that_cannot_begin_says_why() -> Outcome<()> {
    for python in pythons()? {
        let mut zygote = Zygote::start(&python, b"no filter")?;
        let (message, _) = zygote.told()?;
        let FromZygote::Broken { child: 0, message } = message else {
            return Err(format!("{message:?}").into());
        };
        assert!(message.contains("run filter: not an array of instructions"), "{message}");
        assert_eq!(zygote.process.wait()?.code(), Some(EXIT_JAIL));
    }
    Ok(())
}

#[test]
fn a_zygote_ends_at_an_order_that_it_cannot_read() -> Outcome<()> {
    for python in pythons()? {
        let mut zygote = Zygote::ready(&python)?;
        let mut order = ToZygote::Fork { child: 1, memory_bytes: MEMORY, cpu_seconds: 1 }.encode();
        order.truncate(order.len() - 1);
        zygote.send(&order)?;
        assert_eq!(zygote.process.wait()?.code(), Some(0), "{}", python.display());
    }
    Ok(())
}

#[test]
fn time_on_the_processor_and_memory_are_bounded() -> Outcome<()> {
    for python in pythons()? {
        let mut zygote = Zygote::ready(&python)?;
        let mut run = zygote.fork(MEMORY, 1)?;
        run.begin(&start("while True: pass"))?;
        let exit = zygote.exit_of(run.child)?;
        let FromZygote::Exited { status, cpu_micros, peak_kib, .. } = exit else {
            return Err(format!("{exit:?}").into());
        };
        assert_eq!(status & 0x7f, 24, "it ends by SIGXCPU");
        assert!((500_000..4_000_000).contains(&cpu_micros), "{cpu_micros}");
        assert!(peak_kib > 1 << 10, "{peak_kib}");

        // Half of the limit is there, twice the limit is not.
        let mut run = zygote.fork(64 << 20, 30)?;
        let program = "import mmap\nheld = mmap.mmap(-1, 32 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\ntry:\n    more = mmap.mmap(-1, 128 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)\n    result = 'unbounded'\nexcept OSError:\n    result = 'bounded'";
        assert_eq!(result_of(&mut run, program)?, r#""bounded""#, "{}", python.display());
    }
    Ok(())
}
