//! Which processes of a scene are alive, by what the kernel says of them. The
//! programs' processes have neither arguments nor variables of ours, so the
//! session that the scene's own processes opened counts as well.

use std::{
    collections::BTreeSet,
    fs, thread,
    time::{Duration, Instant},
};

use super::expect::{Verdict, unexpected};
use crate::process;

/// How long a process may take to end after the one that started it has ended.
const GRACE: Duration = Duration::from_secs(5);

/// How often the processes are looked at.
const TICK: Duration = Duration::from_millis(20);

/// A live process.
#[derive(Debug, Clone)]
struct Process {
    id: u32,
    session: u32,
    name: String,
}

/// Watches the processes that carry a tag, and the sessions that they opened.
pub(super) struct Watch {
    tag: String,
    outer_session: u32,
    sessions: BTreeSet<u32>,
    looked: Option<Instant>,
}

impl Watch {
    /// A watch over the processes whose arguments or variables hold `tag`.
    pub(super) fn new(tag: &str) -> Self {
        let outer_session = alive(std::process::id()).map_or(0, |own| own.session);
        Self { tag: tag.into(), outer_session, sessions: BTreeSet::new(), looked: None }
    }

    /// Notes the sessions of the scene's processes, `leader`'s among them.
    pub(super) fn observe(&mut self, leader: u32) {
        self.sessions.insert(leader);
        if self.looked.is_some_and(|looked| looked.elapsed() < 5 * TICK) {
            return;
        }
        self.looked = Some(Instant::now());
        let sessions =
            all().into_iter().filter(|process| self.has_tag(process)).map(|process| process.session);
        let sessions: Vec<_> =
            sessions.filter(|session| ![0, self.outer_session].contains(session)).collect();
        self.sessions.extend(sessions);
    }

    fn has_tag(&self, process: &Process) -> bool {
        ["environ", "cmdline"].iter().any(|file| {
            let bytes = fs::read(format!("/proc/{}/{file}", process.id)).unwrap_or_default();
            bytes.windows(self.tag.len()).any(|window| window == self.tag.as_bytes())
        })
    }

    fn left(&self) -> Vec<Process> {
        let ours = |process: &Process| self.sessions.contains(&process.session) || self.has_tag(process);
        all().into_iter().filter(ours).collect()
    }

    /// Waits until no process of the scene is left. Whoever is left after the
    /// grace is named, and killed.
    pub(super) fn all_gone(&self) -> Verdict {
        let until = Instant::now() + GRACE;
        loop {
            let left = self.left();
            if left.is_empty() {
                return Ok(());
            }
            if Instant::now() > until {
                left.iter().for_each(|process| process::kill(&process.id.to_string()));
                let names: Vec<_> = left.iter().map(|left| format!("{} ({})", left.name, left.id)).collect();
                return Err(unexpected("the processes of a run after its end", "none", names.join(", ")));
            }
            thread::park_timeout(TICK);
        }
    }
}

/// Every process that is neither dead nor a zombie.
fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| alive(entry.file_name().to_str()?.parse().ok()?)).collect()
}

fn alive(id: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (name, fields) = stat.split_once('(')?.1.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    // The parent and the process group stand before the session.
    let session = fields.nth(2)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then(|| Process { id, session, name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_is_found_by_its_tag_and_by_its_session() {
        let tag = format!("xtask-tag-{}", std::process::id());
        let mut tagged = Command::new("sleep").arg("600").env("TAG", &tag).spawn().expect("sleep runs");
        let mut leader = Command::new("setsid");
        leader.args(["sh", "-c", "exec sleep 600"]).env_clear().stdout(Stdio::null());
        let mut leader = leader.env("PATH", "/usr/bin:/bin").spawn().expect("setsid runs");
        let mut watch = Watch::new(&tag);
        watch.observe(leader.id());
        let found = |watch: &Watch, id: u32| watch.left().iter().any(|process| process.id == id);
        let until = Instant::now() + GRACE;
        while !(found(&watch, tagged.id()) && found(&watch, leader.id())) {
            assert!(Instant::now() < until, "{:?}", watch.left());
            thread::park_timeout(TICK);
        }
        assert!(!found(&watch, std::process::id()));
        for child in [&mut tagged, &mut leader] {
            child.kill().expect("it is alive");
            child.wait().expect("it is ours");
        }
        watch.all_gone().expect("both are gone");
    }
}
