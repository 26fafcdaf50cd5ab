//! How much of what was observed is held in memory: of one server, and of all servers of a gateway. Where there
//! is no more room, the tools of that server go that were not added to for the longest time; what is on disk
//! of them stays there.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::{Record, State, kept::KnownTool};

/// Most that is held of one server, and of all together, in bytes by [`Shape::weight`](super::shape::Shape::weight).
const SERVER_BYTES: usize = 8 << 20;
const ALL_BYTES: usize = 32 << 20;

/// What the servers of a gateway may hold together.
#[derive(Debug)]
pub(crate) struct Room {
    server: usize,
    all: usize,
    held: AtomicUsize,
    /// Whether it was said that something was forgotten.
    is_told: AtomicBool,
}

impl Default for Room {
    fn default() -> Self {
        Self::of(SERVER_BYTES, ALL_BYTES)
    }
}

impl Room {
    /// So many bytes for one server and for all.
    pub(super) fn of(server: usize, all: usize) -> Self {
        Self { server, all, held: AtomicUsize::new(0), is_told: AtomicBool::new(false) }
    }

    fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    fn tell(&self) {
        if !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                server_bytes = self.server,
                all_bytes = self.all,
                "what tools answer takes more memory than there is for it: those not called for longest are forgotten"
            );
        }
    }
}

fn weight(name: &str, known: &KnownTool) -> usize {
    let failures: usize = known.failures.iter().map(|message| size_of::<String>() + message.len()).sum();
    size_of::<Record>() + name.len() + known.definition.len() + known.shape.weight() + failures
}

impl State {
    /// Counts what a tool takes now, and makes room for it, at last by forgetting it.
    pub(super) fn weigh(&mut self, name: &str, room: &Room) {
        let Some(record) = self.tools.get_mut(name) else { return };
        let now = weight(name, &record.known);
        let before = std::mem::replace(&mut record.bytes, now);
        self.bytes = self.bytes.saturating_sub(before) + now;
        room.held.fetch_add(now, Ordering::Relaxed);
        room.held.fetch_sub(before, Ordering::Relaxed);
        if self.bytes <= room.server && room.held() <= room.all {
            return;
        }
        room.tell();
        // A little more than is needed, so that not each result looks for the oldest.
        let enough = if self.bytes > room.server { room.server / 8 * 7 } else { room.server };
        let mut others: Vec<(u64, String)> = self
            .tools
            .iter()
            .filter(|(other, _)| *other != name)
            .map(|(other, record)| (record.known.at, other.clone()))
            .collect();
        others.sort_unstable();
        for (_, other) in others {
            if self.bytes <= enough && room.held() <= room.all {
                return;
            }
            self.forget(&other, room);
        }
        if self.bytes > room.server || room.held() > room.all {
            self.forget(name, room);
        }
    }

    /// Whether a tool of the disk can be held without forgetting another one.
    pub(super) fn has_room(&self, name: &str, known: &KnownTool, room: &Room) -> bool {
        let more = weight(name, known);
        self.bytes + more <= room.server && room.held() + more <= room.all
    }

    pub(super) fn forget(&mut self, name: &str, room: &Room) {
        let Some(record) = self.tools.remove(name) else { return };
        self.bytes = self.bytes.saturating_sub(record.bytes);
        room.held.fetch_sub(record.bytes, Ordering::Relaxed);
        self.is_stale = true;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;
    use terraphim_types::{ServerName, ToolDefinition};

    use super::super::{Observed, Observing};
    use super::*;

    fn tool(name: &str) -> ToolDefinition {
        serde_json::from_value(json!({ "name": name })).expect("a tool")
    }

    /// A result with many members, each part with others.
    fn large(part: char) -> String {
        let member = |letter: char| (format!("member_{part}{letter}"), json!("x"));
        json!(('a'..='l').map(member).collect::<serde_json::Map<_, _>>()).to_string()
    }

    fn server(name: &str, observing: &Observing, room: &Arc<Room>) -> Arc<Observed> {
        let server = ServerName::new(name).expect("a name");
        Observed::new(observing, &server, name, room).expect("observing")
    }

    fn observe(observed: &Observed, name: &str) {
        for part in 'a'..='c' {
            observed.result(&tool(name), &large(part));
        }
    }

    #[test]
    fn a_server_forgets_the_tools_that_were_not_called_for_longest() {
        let room = Arc::new(Room::of(100_000, 1 << 30));
        let observed = server("s", &Observing::InMemory, &room);
        for number in 0..200_u64 {
            let name = format!("t{number:03}");
            observe(&observed, &name);
            let mut state = observed.state();
            assert!(state.bytes <= 100_000 && state.bytes == room.held(), "{} {}", state.bytes, room.held());
            let sum: usize = state.tools.values().map(|record| record.bytes).sum();
            assert_eq!(state.bytes, sum);
            if let Some(record) = state.tools.get_mut(&name) {
                record.known.at = number;
            }
        }
        let state = observed.state();
        let mut left: Vec<&str> = state.tools.keys().map(String::as_str).collect();
        left.sort_unstable();
        assert!((2..100).contains(&left.len()), "{left:?}");
        let newest: Vec<String> = (200 - left.len()..200).map(|number| format!("t{number:03}")).collect();
        assert_eq!(left, newest);
        assert!(room.is_told.load(Ordering::Relaxed));
    }

    #[test]
    fn all_servers_together_are_bounded_and_none_takes_from_another() {
        let room = Arc::new(Room::of(200_000, 300_000));
        let servers: Vec<_> =
            (0..5).map(|at| server(&format!("s{at}"), &Observing::InMemory, &room)).collect();
        for number in 0..60 {
            for observed in &servers {
                observe(observed, &format!("t{number}"));
                assert!(room.held() <= 300_000, "{}", room.held());
            }
        }
        let sum: usize = servers.iter().map(|observed| observed.state().bytes).sum();
        assert_eq!(sum, room.held());
        assert!(servers.iter().all(|observed| !observed.state().tools.is_empty()));
    }

    #[test]
    fn one_tool_that_has_no_place_is_not_kept() {
        let room = Arc::new(Room::of(2_000, 1 << 30));
        let observed = server("s", &Observing::InMemory, &room);
        observed.result(&tool("large"), &large('a'));
        observed.result(&tool("small"), "1");
        let state = observed.state();
        assert_eq!(state.tools.keys().collect::<Vec<_>>(), ["small"]);
    }

    #[test]
    fn what_is_on_disk_is_taken_over_as_far_as_there_is_room() {
        let folder = tempfile::tempdir().expect("a folder");
        let observing = Observing::InFolder(folder.path().to_owned());
        let first = server("s", &observing, &Arc::default());
        (0..50).for_each(|number| observe(&first, &format!("t{number}")));
        first.save();
        let room = Arc::new(Room::of(100_000, 1 << 30));
        let second = server("s", &observing, &room);
        let held = second.state().bytes;
        assert!((1..=100_000).contains(&held) && held == room.held(), "{held}");
        assert_eq!(server("s", &observing, &Arc::default()).state().tools.len(), 50);
    }
}
