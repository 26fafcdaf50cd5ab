//! Bash: the zygote is this program itself. Each run has a supervisor that
//! starts the machine's own `bash`, answers its `mcp` commands from the host,
//! and tells how it ended. The same program is `mcp` inside the jail.

mod advice;
mod arguments;
mod calls;
mod clients;
mod commands;
mod ending;
mod help;
mod host;
mod mcp;
mod output;
mod place;
mod refusal;
mod shown;
mod supervisor;
mod tables;
mod told;
mod watch;

use std::{ffi::OsString, os::fd::OwnedFd};

use terraphim_sandbox_protocol::EXIT_JAIL;

use crate::{
    jail::{self, Filters, Fork, JailError},
    runtime,
    zygote::{MakeRun, Zygote},
};

/// The whole program of a guest for Bash; gives the process's exit code.
pub(crate) fn main() -> i32 {
    match prepare() {
        Ok(mut zygote) => zygote.serve(),
        Err(error) => runtime::broken(&error),
    }
}

/// The whole program of `mcp`, with what stands behind its name; gives the exit code.
pub fn client(arguments: impl Iterator<Item = OsString>) -> i32 {
    mcp::main(arguments)
}

fn prepare() -> Result<Zygote<Shells>, JailError> {
    // The name in process lists; without it that of the descriptor it was started from.
    let _ = rustix::thread::set_name(c"terraphim-guest");
    jail::adopt_channel()?;
    jail::close_descriptors_from(jail::CHANNEL + 1)?;
    let (setup, program) = runtime::receive_setup()?;
    let (jail, filters) = jail::enter_command(&setup)?;
    // The mounts that came along are part of the root now.
    drop(setup);
    Ok(Zygote::ready(jail, Shells { filters, program }))
}

/// Makes supervisors.
struct Shells {
    filters: Filters,
    /// The shell's path in the jail.
    program: String,
}

impl MakeRun for Shells {
    fn fork(&self) -> Result<Fork, JailError> {
        jail::fork_first()
    }

    fn become_run(&mut self, channel: OwnedFd, memory_bytes: u64, cpu_seconds: u64) -> ! {
        let Ok(supervised) = jail::enter_supervisor(channel) else { jail::exit_now(EXIT_JAIL) };
        let shell = supervisor::Shell {
            program: &self.program,
            filters: &self.filters,
            supervised,
            memory_bytes,
            cpu_seconds,
        };
        supervisor::serve(shell)
    }
}
