//! `cargo xtask interop`: the real binary against real MCP servers from npm and
//! PyPI, and real MCP clients against the real binary. The pinned versions are
//! installed once under `target/interop`; after that no network is needed.

mod catalogue;
mod check;
mod expect;
mod face;
mod failures;
mod first_party;
pub(crate) mod install;
mod kit;
mod libraries;
mod policy;
mod processes;
mod scene;
mod servers;
mod types;

use std::{
    io::{self, Write},
    time::Instant,
};

use crate::{
    error::Error,
    interop::{expect::Verdict, kit::Kit, scene::Scene},
};

/// One test: its name, and what it does in a scene of its own.
struct Case {
    name: &'static str,
    run: fn(&Scene<'_>) -> Verdict,
}

/// Runs every test, or those whose name holds `only`.
pub(crate) fn run(only: Option<&str>) -> Result<(), Error> {
    let groups = [
        servers::CASES,
        policy::CASES,
        failures::CASES,
        catalogue::CASES,
        types::CASES,
        check::CASES,
        face::CASES,
        first_party::CASES,
        libraries::CASES,
    ];
    let all = groups.into_iter().flatten();
    let wanted: Vec<_> = all.filter(|case| only.is_none_or(|only| case.name.contains(only))).collect();
    if wanted.is_empty() {
        let complaint = format!("no test has a name with `{}` in it", only.unwrap_or_default());
        return Err(Error::Usage { complaint });
    }
    let kit = Kit::prepare()?;
    println!("running {} tests", wanted.len());
    let began = Instant::now();
    let failed = wanted.iter().filter(|case| !passes(&kit, case)).count();
    let passed = wanted.len() - failed;
    println!("\n{passed} passed, {failed} failed in {:.1} s", began.elapsed().as_secs_f64());
    if failed > 0 { Err(Error::Interop { failed }) } else { Ok(()) }
}

fn passes(kit: &Kit, case: &Case) -> bool {
    print!("test {} ... ", case.name);
    // A terminal that is gone shows itself at the next line.
    let _ = io::stdout().flush();
    let began = Instant::now();
    let verdict = Scene::new(kit, case.name).and_then(|scene| (case.run)(&scene));
    let seconds = began.elapsed().as_secs_f64();
    match verdict {
        Ok(()) => {
            println!("ok ({seconds:.1} s)");
            true
        }
        Err(fault) => {
            println!("FAILED ({seconds:.1} s)\n  {}", fault.to_string().replace('\n', "\n  "));
            false
        }
    }
}
