//! What the processes of a run use together, by the kernel's own account of
//! each. Every number comes from the kernel; names are the program's.

use std::os::fd::OwnedFd;

use rustix::{
    fs::{Mode, OFlags},
    process::Pid,
};

/// Bytes of a page of memory on every architecture that is supported.
const PAGE: u64 = 4096;

/// Longest file of the kernel that is read, in bytes.
const FILE_BYTES: usize = 8 << 10;

/// Most processes that are looked at; a run may not have so many.
const MOST: usize = 1024;

/// Address space from which on page tables are looked at, in bytes.
const LARGE: u64 = 256 << 20;

/// Microseconds of one tick, of which the kernel tells a hundred a second.
const TICK: u64 = 10_000;

/// Longest command line that is told, in characters.
const COMMAND_CHARS: usize = 120;

/// A process of the run.
#[derive(Debug)]
pub(super) struct Process {
    number: i32,
    /// Its own memory and what it shares with its relatives, in bytes.
    anonymous: u64,
    /// What the kernel keeps in order to know where its memory is, in bytes.
    page_tables: u64,
    /// CPU time of itself and of those it waited for, in microseconds.
    pub(super) cpu_micros: u64,
    /// When it began, in ticks since the machine did.
    began: u64,
    is_zombie: bool,
    parent: u64,
    name: String,
}

impl Process {
    /// Its number, if it has ended and only the first process can take its end.
    pub(super) fn ended_orphan(&self) -> Option<Pid> {
        if self.is_zombie && self.parent == 1 { Pid::from_raw(self.number) } else { None }
    }
}

/// The processes of a run but the first.
pub(super) fn processes(folder: &OwnedFd) -> Vec<Process> {
    let Ok(entries) = rustix::fs::Dir::read_from(folder) else { return Vec::new() };
    let numbers = entries.filter_map(|entry| entry.ok()?.file_name().to_str().ok()?.parse::<i32>().ok());
    numbers.filter(|number| *number > 1).take(MOST).filter_map(|number| process(folder, number)).collect()
}

fn process(folder: &OwnedFd, number: i32) -> Option<Process> {
    let stat = read(folder, number, "stat")?;
    let (head, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // As the kernel numbers them, from 1; the state is the third.
    let field = |place: usize| fields.get(place - 3).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    let pages = read(folder, number, "statm")?;
    let mut pages = pages.split_ascii_whitespace().map(|pages| pages.parse::<u64>().unwrap_or(0));
    let (space, resident, of_files) = (pages.next()?, pages.next()?, pages.next()?);
    // Of a small space they are small.
    let is_large = space.saturating_mul(PAGE) > LARGE;
    let page_tables = if is_large { of_status(folder, number, "VmPTE:").unwrap_or(0) } else { 0 };
    Some(Process {
        number,
        anonymous: resident.saturating_sub(of_files).saturating_mul(PAGE),
        page_tables,
        cpu_micros: (14..=17).map(field).sum::<u64>().saturating_mul(TICK),
        began: field(22),
        parent: field(4),
        is_zombie: fields.first() == Some(&"Z"),
        name: shown(head.split_once('(')?.1),
    })
}

fn read(folder: &OwnedFd, number: i32, name: &str) -> Option<String> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(folder, format!("{number}/{name}"), flags, Mode::empty()).ok()?;
    let mut bytes = vec![0; FILE_BYTES];
    let mut length = 0;
    while let Some(target) = bytes.get_mut(length..).filter(|target| !target.is_empty()) {
        match rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut *target)) {
            Ok(count) if count > 0 => length += count,
            Ok(_) => break,
            Err(_) => return None,
        }
    }
    bytes.truncate(length);
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a process has now: data and memory of its own in bytes, CPU time in microseconds.
pub(super) fn own(folder: &OwnedFd, pid: Pid) -> Option<(u64, u64, u64)> {
    let number = pid.as_raw_pid();
    let process = process(folder, number)?;
    let data = of_status(folder, number, "VmData:")?;
    Some((data, process.anonymous, process.cpu_micros))
}

/// A size that the kernel tells under a name, in bytes.
fn of_status(folder: &OwnedFd, number: i32, name: &str) -> Option<u64> {
    let status = read(folder, number, "status")?;
    let size = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = size.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib.saturating_mul(1024))
}

/// If the processes use more than `limit` bytes together, that of which one
/// uses the most, with how much that is in bytes.
pub(super) fn over_memory(folder: &OwnedFd, processes: &[Process], limit: u64) -> Option<(String, u64)> {
    // Cheap to read, and at least what they use: what several share is counted for each.
    if processes.iter().map(|process| process.anonymous + process.page_tables).sum::<u64>() <= limit {
        return None;
    }
    let shares: Vec<_> = processes.iter().map(|process| (process, share(folder, process))).collect();
    if shares.iter().map(|(_, share)| share).sum::<u64>() <= limit {
        return None;
    }
    shares.into_iter().max_by_key(|(_, share)| *share).map(|(process, share)| (process.name.clone(), share))
}

/// A process's part of its memory: what it shares is divided by those who share it, in bytes.
fn share(folder: &OwnedFd, process: &Process) -> u64 {
    let rollup = read(folder, process.number, "smaps_rollup").unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss_Anon:"));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok());
    process.page_tables + kib.map_or(process.anonymous, |kib| kib.saturating_mul(1024))
}

/// The command line of the newest process that is more than the shell itself,
/// whose own command line begins with `shell`.
pub(super) fn newest_command(folder: &OwnedFd, shell: &[&str]) -> Option<String> {
    let own = shell.join("\0");
    let mut others = processes(folder);
    others.retain(|process| !process.is_zombie);
    others.sort_by_key(|process| std::cmp::Reverse((process.began, process.number)));
    others.iter().find_map(|process| {
        let command = read(folder, process.number, "cmdline").filter(|command| !command.starts_with(&own))?;
        let words: Vec<&str> = command.split('\0').filter(|word| !word.is_empty()).collect();
        let shown = shown(&words.join(" "));
        (!shown.trim().is_empty()).then_some(shown)
    })
}

/// What a program calls something, without what would move a reader's screen.
fn shown(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(COMMAND_CHARS).collect()
}
