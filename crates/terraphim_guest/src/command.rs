//! Bash and Rust: the zygote is this program itself. Each run has a supervisor
//! that starts the machine's own `bash`, its `rustc`, or what that has made,
//! answers the calls of what it started from the host, and tells how it ended.
//! The same program is `mcp` inside the jail of a shell.

mod advice;
mod arguments;
mod calls;
mod clients;
mod commands;
mod compiled;
mod ending;
mod help;
mod host;
mod mcp;
pub(crate) mod node;
mod output;
mod place;
mod refusal;
mod shell;
mod shown;
mod supervisor;
mod tables;
mod told;
mod watch;

use std::{ffi::OsString, os::fd::OwnedFd};

use terraphim_sandbox_protocol::EXIT_JAIL;

use crate::{
    jail::{self, Commands, Filters, Fork, JailError},
    runtime,
    zygote::{MakeRun, Zygote},
};

/// The whole program of a guest whose runs start commands; gives the process's exit code.
pub(crate) fn main(commands: Commands) -> i32 {
    match prepare(commands) {
        Ok(mut zygote) => zygote.serve(),
        Err(error) => runtime::broken(&error),
    }
}

/// The whole program of `mcp`, with what stands behind its name; gives the exit code.
pub fn client(arguments: impl Iterator<Item = OsString>) -> i32 {
    mcp::main(arguments)
}

fn prepare(commands: Commands) -> Result<Zygote<Supervisors>, JailError> {
    // The name in process lists; without it that of the descriptor it was started from.
    let _ = rustix::thread::set_name(c"terraphim-guest");
    jail::adopt_channel()?;
    jail::close_descriptors_from(jail::CHANNEL + 1)?;
    let (setup, program) = runtime::receive_setup()?;
    let (jail, filters) = jail::enter_command(&setup, commands)?;
    // The mounts that came along are part of the root now.
    drop(setup);
    Ok(Zygote::ready(jail, Supervisors { commands, filters, program }))
}

/// Makes supervisors.
struct Supervisors {
    commands: Commands,
    filters: Filters,
    /// The path of the shell or the compiler in the jail.
    program: String,
}

impl MakeRun for Supervisors {
    fn fork(&self) -> Result<Fork, JailError> {
        jail::fork_first()
    }

    fn become_run(&mut self, channel: OwnedFd, memory_bytes: u64, cpu_seconds: u64) -> ! {
        let Ok(supervised) = jail::enter_supervisor(channel) else { jail::exit_now(EXIT_JAIL) };
        supervisor::serve(supervisor::Setting {
            commands: self.commands,
            program: &self.program,
            filters: &self.filters,
            supervised,
            memory_bytes,
            cpu_seconds,
        })
    }
}
