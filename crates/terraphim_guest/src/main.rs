//! The guest's program.

use terraphim_guest::{interpret::Interpreter, jail::EndWhenFull, runtime, zygote};

#[global_allocator]
static ALLOCATOR: EndWhenFull = EndWhenFull;

fn main() {
    let code = match std::env::args().nth(1).as_deref() {
        None => zygote::main::<Interpreter>(),
        Some(name) => runtime::main(name),
    };
    std::process::exit(code);
}
