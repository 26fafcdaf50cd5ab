//! Many runs of all languages at once, and runs over a workspace that holds much.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use terraphim_sandbox::PoolConfig;
use terraphim_types::Language;

use super::{
    Bench,
    figure::{Figure, Promise},
    scene::{Code, Scene, failed},
};
use crate::{cli::Global, commands::complain, error::CliError};

/// Files of the workspace that holds much, and the bytes of each.
const FILES: usize = 10_000;
const FILE_BYTES: usize = 10_486;

/// Files of one folder of it.
const FOLDER_FILES: usize = 100;

/// How often memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Those of these languages that this machine has.
async fn available<'c>(scene: &Scene, codes: &[Code<'c>]) -> Vec<Code<'c>> {
    let mut there = Vec::new();
    for code in codes {
        match scene.pool.warm_up(code.language()).await {
            Ok(_) => there.push(*code),
            Err(error) => complain(&format!("{} is not among them: {error}", code.language())),
        }
    }
    there
}

/// Seconds for 1,000 runs of all languages that are asked for at once, and the most
/// memory that this process and all that it started had together.
pub(super) async fn thousand(scene: &Scene, codes: &[Code<'_>]) -> Result<Vec<Figure>, CliError> {
    let there = available(scene, codes).await;
    for code in &there {
        scene.run(*code).await?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let watched = Arc::clone(&stop);
    let watcher = thread::spawn(move || {
        let mut most = 0.0_f64;
        while !watched.load(Ordering::Acquire) {
            most = most.max(family_mib(std::process::id()));
            thread::park_timeout(LOOK_EVERY);
        }
        most
    });
    let began = Instant::now();
    let runs = join_all(there.iter().cycle().take(1000).map(|code| scene.run(*code))).await;
    let seconds = began.elapsed().as_secs_f64();
    stop.store(true, Ordering::Release);
    let most = watcher.join().map_err(|_| failed("nobody looked at the memory".into()))?;
    runs.into_iter().try_for_each(|run| run.map(drop))?;
    Ok(vec![
        Figure::of("1,000 runs of all languages at once", "s", &[seconds], Promise::AtMost(30.0)),
        Figure::of("their memory together", "MiB", &[most], Promise::AtMost(6.0 * 1024.0)),
    ])
}

/// Memory of a process and of all that it has started, in MiB; what several share is divided among them.
fn family_mib(process: u32) -> f64 {
    let mut family = vec![process];
    let (mut next, mut kib) = (0, 0.0);
    while let Some(&member) = family.get(next) {
        next += 1;
        let rollup = fs::read_to_string(format!("/proc/{member}/smaps_rollup")).unwrap_or_default();
        let share = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        kib += share.and_then(|share| share.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or(0.0);
        for task in fs::read_dir(format!("/proc/{member}/task")).into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            family.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
        }
    }
    kib / 1024.0
}

/// Runs that change nothing in a workspace of 10,000 files and 100 MB.
pub(super) async fn full_workspace(bench: &Bench<'_>, codes: &[Code<'_>]) -> Result<Vec<Figure>, CliError> {
    let workspace = bench.folder.join("full");
    let global = Global { workspace: Some(workspace.clone()), ..Global::default() };
    let scene =
        async || Scene::new(&bench.settings, &global, bench.folder, PoolConfig::default(), (0, 0)).await;
    // For root a folder that is not empty is not one for programs, unless it was before.
    let empty = scene().await?;
    available(&empty, codes).await;
    empty.gateway.shutdown().await;
    drop(empty);
    fill(&workspace).map_err(|source| CliError::Process { action: "fill a workspace", source })?;
    let scene = scene().await?;
    let mut figures = Vec::new();
    for code in available(&scene, codes).await {
        scene.times(code, 5).await?;
        let times = scene.times(code, bench.runs.min(100)).await?;
        let (name, promise) = match code.language() {
            Language::TypeScript => ("TypeScript run over 10,000 files", Promise::None),
            Language::Python => ("Python run over 10,000 files", Promise::AtMost(50.0)),
            Language::Bash => ("Bash run over 10,000 files", Promise::AtMost(50.0)),
            _ => continue,
        };
        figures.push(Figure::of(name, "ms", &times, promise));
    }
    scene.gateway.shutdown().await;
    Ok(figures)
}

fn fill(workspace: &Path) -> std::io::Result<()> {
    let content = vec![b'x'; FILE_BYTES];
    for folder in 0..FILES / FOLDER_FILES {
        let folder = workspace.join(format!("folder{folder}"));
        fs::create_dir_all(&folder)?;
        for file in 0..FOLDER_FILES {
            fs::write(folder.join(format!("file{file}")), &content)?;
        }
    }
    Ok(())
}
