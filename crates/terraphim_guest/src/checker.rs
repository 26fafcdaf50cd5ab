//! The type checker of the machine: the zygote is this program itself, and what
//! it makes becomes the checker, which speaks with the host over its channel.

use std::os::fd::OwnedFd;

use terraphim_sandbox_protocol::EXIT_JAIL;

use crate::{
    jail::{self, Fork, Jail, JailError, RunFilter},
    runtime,
    zygote::{MakeRun, Zygote},
};

/// What the checker is told to do with what the host shows it, and where it finds that.
const PROJECT: (&str, &str) = ("/check/tsconfig.json", include_str!("../checker/tsconfig.json"));

/// All arguments, the checker's own name first.
const ARGUMENTS: &[&str] = &["tsc", "--lsp", "--stdio"];

/// All that it knows of its surroundings. Its own limit of memory is below that
/// of the kernel, so that it collects before it is refused.
const ENVIRONMENT: &[&str] = &["HOME=/check", "TZ=UTC", "LANG=C.UTF-8", "GOMAXPROCS=2", "GOMEMLIMIT=600MiB"];

/// The whole program of a guest for a checker; gives the process's exit code.
pub(crate) fn main() -> i32 {
    match prepare() {
        Ok(mut zygote) => zygote.serve(),
        Err(error) => runtime::broken(&error),
    }
}

fn prepare() -> Result<Zygote<Checkers>, JailError> {
    // The name in process lists; without it that of the descriptor it was started from.
    let _ = rustix::thread::set_name(c"terraphim-guest");
    jail::adopt_channel()?;
    jail::close_descriptors_from(jail::CHANNEL + 1)?;
    let (setup, program) = runtime::receive_setup()?;
    let (path, content) = PROJECT;
    let (jail, filter): (Jail, RunFilter) = jail::enter_checker(&setup, (path, content.as_bytes()))?;
    // The mounts that came along are part of the root now.
    drop(setup);
    Ok(Zygote::ready(jail, Checkers { filter, program }))
}

/// Makes checkers.
struct Checkers {
    filter: RunFilter,
    /// The path of the checker in the jail.
    program: String,
}

impl MakeRun for Checkers {
    fn fork(&self) -> Result<Fork, JailError> {
        jail::fork_first()
    }

    fn become_run(&mut self, channel: OwnedFd, memory_bytes: u64, cpu_seconds: u64) -> ! {
        let checker = jail::Checker {
            program: &self.program,
            arguments: ARGUMENTS,
            environment: ENVIRONMENT,
            memory_bytes,
            cpu_seconds,
        };
        let Err(error) = jail::become_checker(channel, &checker, &self.filter);
        // What is no message of a checker is repeated by the host.
        jail::say_on_channel(&error);
        jail::exit_now(EXIT_JAIL)
    }
}
