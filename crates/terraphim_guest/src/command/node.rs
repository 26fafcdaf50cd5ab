//! node: the zygote is this program itself, as for Bash. Each run has a
//! supervisor that starts the machine's own `node` before there is a program,
//! compiles the program, answers its calls from the host, and tells how it ended.

mod connection;
mod ending;
mod program;
mod supervisor;

use std::os::fd::OwnedFd;

use terraphim_sandbox_protocol::EXIT_JAIL;

use crate::{
    engine,
    jail::{self, Filters, Fork, JailError},
    runtime,
    zygote::{MakeRun, Zygote},
};

/// Where node finds what it is to execute first.
const BOOT: &str = "/terraphim/node.js";

/// The whole program of a guest for node; gives the process's exit code.
pub(crate) fn main() -> i32 {
    match prepare() {
        Ok(mut zygote) => zygote.serve(),
        Err(error) => runtime::broken(&error),
    }
}

fn prepare() -> Result<Zygote<Nodes>, JailError> {
    // The name in process lists; without it that of the descriptor it was started from.
    let _ = rustix::thread::set_name(c"terraphim-guest");
    jail::adopt_channel()?;
    jail::close_descriptors_from(jail::CHANNEL + 1)?;
    let (setup, program) = runtime::receive_setup()?;
    let boot = [
        "'use strict';\nconst prelude =\n",
        engine::PRELUDE,
        ";\n",
        include_str!("../../node/frames.js"),
        include_str!("../../node/boot.js"),
    ];
    let (jail, filters) = jail::enter_node(&setup, (BOOT, boot.concat().as_bytes()))?;
    // The mounts that came along are part of the root now.
    drop(setup);
    // What the compiler needs once is shared by all that is forked.
    engine::warm_compiler();
    Ok(Zygote::ready(jail, Nodes { filters, program }))
}

/// Makes supervisors.
struct Nodes {
    filters: Filters,
    /// The path of node in the jail.
    program: String,
}

impl MakeRun for Nodes {
    fn fork(&self) -> Result<Fork, JailError> {
        jail::fork_first()
    }

    fn become_run(&mut self, channel: OwnedFd, memory_bytes: u64, cpu_seconds: u64) -> ! {
        let Ok(supervised) = jail::enter_supervisor(channel) else { jail::exit_now(EXIT_JAIL) };
        supervisor::serve(supervisor::Made {
            program: &self.program,
            filters: &self.filters,
            supervised,
            memory_bytes,
            cpu_seconds,
        })
    }
}
