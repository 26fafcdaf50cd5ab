//! A run of Bash: the shell is asked whether it can read the program, and then
//! to execute it.

use std::borrow::Cow;

use rustix::event::{PollFd, PollFlags};
use terraphim_sandbox_protocol::{Failure, FailureKind};

use super::{
    ending::{self, NAME, failure},
    output::{Errors, Pipe},
    place,
    supervisor::{Kind, Starter, Task, broken},
};
use crate::jail;

/// Longest program: the kernel takes no longer argument, in bytes.
const PROGRAM_BYTES: usize = (128 << 10) - 1 - place::TRAPS.len();

/// How the shell is called, whatever it is to do.
const SHELL: [&str; 3] = ["bash", "--noprofile", "--norc"];

const ENVIRONMENT: &[&str] = &[
    "PATH=/usr/bin:/bin",
    "HOME=/tmp",
    "PWD=/workspace",
    "TMPDIR=/tmp",
    "SHELL=/bin/bash",
    "LANG=C.UTF-8",
    "TZ=UTC",
    "TERM=dumb",
];

/// Whether it is a text that a shell can be given.
pub(super) fn look_at(source: &str) -> Result<(), Failure> {
    if source.len() > PROGRAM_BYTES {
        let message = format!("a Bash program has at most {PROGRAM_BYTES} bytes");
        let hint = "load data with `mcp load`, or from a file of the workspace";
        return Err(failure(FailureKind::Limit, message, hint));
    }
    if let Some(at) = source.find('\0') {
        let before = source.get(..at).unwrap_or_default();
        let line = u32::try_from(before.matches('\n').count() + 1).unwrap_or(0);
        return Err(Failure { line, ..failure(FailureKind::Syntax, "the program has a NUL character", "") });
    }
    Ok(())
}

/// What executes a program that the shell can read.
pub(super) fn task<'t>(starter: &'t Starter<'_>, source: &'t str) -> Result<Task<'t>, Failure> {
    check(starter, source)?;
    Ok(call(starter, ["-c".into(), place::with_traps(source).into(), NAME.into()]))
}

fn call<'t>(starter: &'t Starter<'_>, arguments: impl IntoIterator<Item = Cow<'t, str>>) -> Task<'t> {
    Task {
        kind: Kind::Shell,
        program: starter.program(),
        arguments: SHELL.into_iter().map(Cow::from).chain(arguments).collect(),
        own_name: &SHELL,
        environment: ENVIRONMENT,
    }
}

/// Has the shell read the program without executing it.
fn check(starter: &Starter<'_>, source: &str) -> Result<(), Failure> {
    let (mut pipe, writer) = Pipe::new().map_err(broken)?;
    // Patterns that a program may switch on later are known to this reader already.
    let task = call(starter, ["-O", "extglob", "-n", "-c", source, NAME].map(Cow::from));
    let shell = starter.start(&task, &writer, &writer, None).map_err(broken)?;
    drop(writer);
    let mut errors = Errors::default();
    let mut read = Vec::new();
    while let Some(open) = pipe.open() {
        // The shell alone has the other end; the host ends what does not come to its end.
        let _ = rustix::event::poll(&mut [PollFd::new(&open, PollFlags::IN)], None);
        pipe.read(&mut read);
        read.truncate(PROGRAM_BYTES);
    }
    let status = loop {
        match jail::reap_any() {
            Some(reaped) if reaped.pid == shell => break reaped.status,
            Some(_) => {}
            None => break 0,
        }
    };
    if status == 0 {
        return Ok(());
    }
    errors.bytes().extend(read);
    errors.finish(&mut |_| ());
    Err(ending::syntax(&errors))
}

/// The commands of the jail.
pub(super) fn commands() -> Vec<String> {
    let names = std::fs::read_dir("/usr/bin").into_iter().flatten().flatten();
    names.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}
