//! The guest's program.

use terraphim_guest::{interpret::Interpreter, jail::EndWhenFull, zygote};

#[global_allocator]
static ALLOCATOR: EndWhenFull = EndWhenFull;

fn main() {
    std::process::exit(zygote::main::<Interpreter>());
}
