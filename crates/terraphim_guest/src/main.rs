//! The guest's program.

use std::{ffi::OsStr, path::Path};

use terraphim_guest::{command, interpret::Interpreter, jail::EndWhenFull, runtime, zygote};

#[global_allocator]
static ALLOCATOR: EndWhenFull = EndWhenFull;

fn main() {
    let mut arguments = std::env::args_os();
    let name = arguments.next().unwrap_or_default();
    if Path::new(&name).file_name() == Some(OsStr::new("mcp")) {
        std::process::exit(command::client(arguments));
    }
    let code = match std::env::args().nth(1).as_deref() {
        None => zygote::main::<Interpreter>(),
        Some(name) => runtime::main(name),
    };
    std::process::exit(code);
}
