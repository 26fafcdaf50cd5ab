//! Lists the Python modules of the guest, in the order of `python/modules.txt`.

#![expect(clippy::expect_used, clippy::panic, reason = "a build script reports by failing")]

use std::{env, fmt::Write, fs, path::Path};

fn main() {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("set by cargo")).join("python");
    let list = folder.join("modules.txt");
    println!("cargo::rerun-if-changed={}", folder.display());
    let names = fs::read_to_string(&list).unwrap_or_else(|error| panic!("{}: {error}", list.display()));
    let mut table = String::from("&[\n");
    for name in names.lines().filter(|name| !name.is_empty()) {
        let file = folder.join(format!("{name}.py"));
        writeln!(table, "    ({name:?}, include_str!({file:?})),").expect("a string takes it");
    }
    table.push_str("]\n");
    let out = Path::new(&env::var("OUT_DIR").expect("set by cargo")).join("python_modules.rs");
    fs::write(&out, table).unwrap_or_else(|error| panic!("{}: {error}", out.display()));
}
