//! A language runtime of the machine as the zygote: this program takes what
//! the jail is to show, enters it, and becomes the runtime, which executes the
//! guest's own modules for that language.

use std::path::Path;

use base64::{Engine, engine::general_purpose::STANDARD};
use terraphim_sandbox_protocol::{
    EXIT_JAIL, VERSION,
    control::{FromZygote, MAX_DATAGRAM, Setup},
};

use crate::{
    checker, command,
    jail::{self, Commands, JailError, Launch, Received},
    json,
};

/// Most messages of a setup.
const MAX_SETUP: usize = 512;

/// What the runtime of one language is started with.
struct Runtime {
    /// After its own name, which is its path: by that it finds its libraries.
    arguments: &'static [&'static str],
    environment: &'static [&'static str],
    /// The modules with their sources, in the order in which they are executed.
    modules: &'static [(&'static str, &'static str)],
}

const PYTHON: Runtime = Runtime {
    arguments: &["-I", "-B", "-X", "utf8", "-c", include_str!("../python/loader.py")],
    environment: &[
        "PATH=/usr/bin:/bin",
        "HOME=/workspace",
        "LANG=C.UTF-8",
        "TZ=UTC",
        "MPLBACKEND=Agg",
        "MPLCONFIGDIR=/tmp",
        // Threads that are made before a fork are gone after it.
        "OMP_NUM_THREADS=1",
        "OPENBLAS_NUM_THREADS=1",
        "MKL_NUM_THREADS=1",
        "NUMEXPR_NUM_THREADS=1",
        // Each arena takes address space, of which a run has a limited amount.
        "MALLOC_ARENA_MAX=2",
    ],
    modules: include!(concat!(env!("OUT_DIR"), "/python_modules.rs")),
};

/// The whole program of a guest for a runtime; gives the exit code of one that
/// could not become it.
pub fn main(language: &str) -> i32 {
    std::panic::set_hook(Box::new(|_| ()));
    let runtime = match language {
        "python" => &PYTHON,
        "bash" => return command::main(Commands::Shell),
        "rust" => return command::main(Commands::Compiled),
        "node" => return command::node::main(),
        "checker" => return checker::main(),
        _ => return EXIT_JAIL,
    };
    let Err(error) = become_zygote(runtime);
    broken(&error)
}

/// Tells the host that the jail could not be entered; gives the exit code.
pub(crate) fn broken(error: &JailError) -> i32 {
    let broken = FromZygote::Broken { child: 0, message: error.to_string() };
    // A host that is gone needs no word.
    let _ = jail::send_with_descriptors(&broken.encode(), &[]);
    EXIT_JAIL
}

fn become_zygote(runtime: &Runtime) -> Result<std::convert::Infallible, JailError> {
    jail::adopt_channel()?;
    jail::close_descriptors_from(jail::CHANNEL + 1)?;
    let (setup, program) = receive_setup()?;
    let entered = jail::enter_runtime(&setup)?;
    // The mounts that came along are part of the root now.
    drop(setup);
    let ready = FromZygote::Ready { version: VERSION, layers: entered.layers, reduced: entered.reduced };
    let blob = blob(runtime, &ready.encode(), &jail::runtime_run_filter()?);
    let arguments: Vec<&str> =
        std::iter::once(program.as_str()).chain(runtime.arguments.iter().copied()).collect();
    let launch =
        Launch { program: Path::new(&program), arguments: &arguments, environment: runtime.environment };
    jail::become_runtime(&launch, blob.as_bytes())
}

/// What the jail is to show, and the program that the zygote is for.
pub(crate) fn receive_setup() -> Result<(Vec<Received>, String), JailError> {
    let refused = |why: &str| JailError { step: "setup", source: std::io::Error::other(why.to_owned()) };
    let mut setup = Vec::new();
    while setup.len() < MAX_SETUP {
        let (datagram, descriptor) = jail::receive_with_descriptor(MAX_DATAGRAM)?;
        match Setup::decode(&datagram).map_err(|error| refused(&error.to_string()))? {
            Setup::Runtime { program } => return Ok((setup, program)),
            step => setup.push((step, descriptor)),
        }
    }
    Err(refused("it does not end"))
}

/// What the runtime's loader reads: a JSON object.
fn blob(runtime: &Runtime, ready: &[u8], filter: &[u8]) -> String {
    let mut text = String::from("{\"modules\":[");
    for (index, (name, source)) in runtime.modules.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push('[');
        json::quote(name, &mut text);
        text.push(',');
        json::quote(source, &mut text);
        text.push(']');
    }
    text.push_str("],\"ready\":");
    json::quote(&STANDARD.encode(ready), &mut text);
    text.push_str(",\"run_filter\":");
    json::quote(&STANDARD.encode(filter), &mut text);
    text.push_str(",\"has_folder\":true}");
    text
}
