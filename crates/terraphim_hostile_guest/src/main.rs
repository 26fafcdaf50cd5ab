//! The hostile guest's program.

mod control;
mod entry;
mod memory;
mod script;

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
};

use terraphim_guest::{
    jail::{EndWhenFull, JailError},
    zygote::{self, Worker},
};
use terraphim_hostile_guest::ROLE_MARK;

#[global_allocator]
static ALLOCATOR: EndWhenFull = EndWhenFull;

/// Runs the attack that it is sent where the product runs a program.
struct Attacker;

impl Worker for Attacker {
    fn warm() -> Result<Self, JailError> {
        Ok(Self)
    }

    fn serve(self, _: [u8; 32]) -> ! {
        script::serve()
    }
}

/// What stands behind the mark at the end of this program's own file.
fn role() -> Option<String> {
    let mut file = File::open("/proc/self/exe").ok()?;
    file.seek(SeekFrom::End(-256)).ok()?;
    let mut end = Vec::new();
    file.read_to_end(&mut end).ok()?;
    let at = end.windows(ROLE_MARK.len()).rposition(|window| window == ROLE_MARK)?;
    String::from_utf8(end.get(at + ROLE_MARK.len()..)?.to_vec()).ok()
}

/// Tells, as what stands in a checker's place, which processes there are to be seen; gives the exit code.
fn processes() -> i32 {
    let seen = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = seen.filter_map(|entry| entry.file_name().into_string().ok());
    let mut numbers: Vec<u32> = names.filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    let own = std::process::id();
    print!("{own} sees {numbers:?}");
    0
}

fn main() {
    let code = match role() {
        Some(role) if role == "processes" => processes(),
        Some(role) if role.is_empty() => zygote::main::<Attacker>(),
        Some(role) => control::main(&role),
        None => 1,
    };
    std::process::exit(code);
}
