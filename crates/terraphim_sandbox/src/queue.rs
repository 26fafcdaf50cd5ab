//! Who gets the next place: round robin between the clients that wait, in the
//! order of their coming within one. Bounded in number and in what the waiting
//! keep in memory, for each client and for all. Knows neither time nor tasks.

use std::collections::{BTreeMap, HashMap, VecDeque};

/// How much may wait for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueBounds {
    /// Runs of one client.
    pub of_one_client: usize,
    /// Runs of all clients.
    pub of_all: usize,
    /// What all of them keep in memory while they wait, in bytes.
    pub bytes: usize,
}

impl Default for QueueBounds {
    fn default() -> Self {
        Self { of_one_client: 1_024, of_all: 4_096, bytes: 64 << 20 }
    }
}

/// The bound that a waiter would have broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bound {
    OfOneClient,
    OfAll,
    Bytes,
}

/// A waiter's own place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    client: u64,
    number: u64,
}

struct Waiter<T> {
    bytes: usize,
    who: T,
}

pub(crate) struct Queue<T> {
    bounds: QueueBounds,
    /// Only clients that wait, each with its waiters by number.
    lines: HashMap<u64, BTreeMap<u64, Waiter<T>>>,
    /// The same clients, the next one first.
    turns: VecDeque<u64>,
    waiting: usize,
    bytes: usize,
    last: u64,
}

impl<T> Queue<T> {
    pub(crate) fn new(bounds: QueueBounds) -> Self {
        Self { bounds, lines: HashMap::new(), turns: VecDeque::new(), waiting: 0, bytes: 0, last: 0 }
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.waiting
    }

    /// How many of one client wait.
    pub(crate) fn waiting_of(&self, client: u64) -> usize {
        self.lines.get(&client).map_or(0, BTreeMap::len)
    }

    /// Lets somebody wait at the end of the client's own line.
    pub(crate) fn enter(&mut self, client: u64, bytes: usize, who: T) -> Result<Ticket, Bound> {
        if self.waiting_of(client) >= self.bounds.of_one_client {
            return Err(Bound::OfOneClient);
        }
        if self.waiting >= self.bounds.of_all {
            return Err(Bound::OfAll);
        }
        // Whoever is the only one that waits may keep as much as a run may.
        if self.waiting > 0 && self.bytes.saturating_add(bytes) > self.bounds.bytes {
            return Err(Bound::Bytes);
        }
        self.last += 1;
        let line = self.lines.entry(client).or_default();
        if line.is_empty() {
            self.turns.push_back(client);
        }
        line.insert(self.last, Waiter { bytes, who });
        self.waiting += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        Ok(Ticket { client, number: self.last })
    }

    /// Takes a waiter out; `None` if it has had its turn.
    pub(crate) fn leave(&mut self, ticket: Ticket) -> Option<T> {
        let line = self.lines.get_mut(&ticket.client)?;
        let waiter = line.remove(&ticket.number)?;
        if line.is_empty() {
            self.lines.remove(&ticket.client);
            self.turns.retain(|client| *client != ticket.client);
        }
        Some(self.taken(waiter))
    }

    /// The one whose turn it is.
    pub(crate) fn next(&mut self) -> Option<T> {
        let client = self.turns.pop_front()?;
        let line = self.lines.get_mut(&client)?;
        let (_, waiter) = line.pop_first()?;
        if line.is_empty() {
            self.lines.remove(&client);
        } else {
            self.turns.push_back(client);
        }
        Some(self.taken(waiter))
    }

    fn taken(&mut self, waiter: Waiter<T>) -> T {
        self.waiting -= 1;
        self.bytes = self.bytes.saturating_sub(waiter.bytes);
        waiter.who
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Enter { client: u64, bytes: usize },
        Leave { nth: usize },
        Next,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (0..5_u64, 0..40_usize).prop_map(|(client, bytes)| Step::Enter { client, bytes }),
            1 => (0..64_usize).prop_map(|nth| Step::Leave { nth }),
            3 => Just(Step::Next),
        ]
    }

    /// Somebody who waits, and how often each client was served meanwhile.
    struct Seen {
        client: u64,
        number: usize,
        bytes: usize,
        ticket: Ticket,
    }

    const BOUNDS: QueueBounds = QueueBounds { of_one_client: 6, of_all: 20, bytes: 300 };

    /// Why the rules refuse a waiter, by counting alone.
    fn refusal(waiting: &[Seen], client: u64, bytes: usize) -> Option<Bound> {
        let own = waiting.iter().filter(|seen| seen.client == client).count();
        let held: usize = waiting.iter().map(|seen| seen.bytes).sum();
        match () {
            () if own >= BOUNDS.of_one_client => Some(Bound::OfOneClient),
            () if waiting.len() >= BOUNDS.of_all => Some(Bound::OfAll),
            () if !waiting.is_empty() && held + bytes > BOUNDS.bytes => Some(Bound::Bytes),
            () => None,
        }
    }

    proptest! {
        #[test]
        fn turns_are_fair_in_order_and_bounded(steps in prop::collection::vec(step(), 1..400)) {
            let mut queue = Queue::new(BOUNDS);
            let mut waiting: Vec<Seen> = Vec::new();
            // For each client that waits: how often each other one was served since its own last turn.
            let mut passed: HashMap<u64, HashMap<u64, u32>> = HashMap::new();
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Enter { client, bytes } => match queue.enter(client, bytes, number) {
                        Ok(ticket) => {
                            prop_assert_eq!(refusal(&waiting, client, bytes), None);
                            passed.entry(client).or_default();
                            waiting.push(Seen { client, number, bytes, ticket });
                        }
                        Err(bound) => prop_assert_eq!(refusal(&waiting, client, bytes), Some(bound)),
                    },
                    Step::Leave { nth } if nth < waiting.len() => {
                        let left = waiting.remove(nth);
                        prop_assert_eq!(queue.leave(left.ticket), Some(left.number));
                        prop_assert_eq!(queue.leave(left.ticket), None);
                        passed.retain(|client, _| waiting.iter().any(|seen| seen.client == *client));
                    }
                    Step::Leave { .. } => {}
                    Step::Next => {
                        let Some(served) = queue.next() else {
                            prop_assert!(waiting.is_empty());
                            continue;
                        };
                        let at = waiting.iter().position(|seen| seen.number == served);
                        let served = waiting.remove(at.expect("it waited"));
                        let earlier = waiting.iter().filter(|seen| seen.client == served.client);
                        prop_assert!(earlier.map(|seen| seen.number).all(|number| number > served.number));
                        for (client, passed) in &mut passed {
                            if *client != served.client {
                                let times = passed.entry(served.client).or_default();
                                *times += 1;
                                prop_assert!(*times <= 1, "{client} was passed over");
                            }
                        }
                        passed.remove(&served.client);
                        if waiting.iter().any(|seen| seen.client == served.client) {
                            passed.insert(served.client, HashMap::new());
                        }
                    }
                }
                prop_assert_eq!(queue.waiting(), waiting.len());
                prop_assert_eq!(queue.bytes, waiting.iter().map(|seen| seen.bytes).sum::<usize>());
                prop_assert_eq!(queue.turns.len(), queue.lines.len());
            }
        }
    }

    #[test]
    fn a_flood_delays_another_client_by_one_turn() {
        let mut queue = Queue::new(QueueBounds::default());
        for number in 0..500 {
            queue.enter(1, 0, number).expect("room");
        }
        for number in 1_000..1_005 {
            queue.enter(2, 0, number).expect("room");
        }
        let served: Vec<_> = std::iter::from_fn(|| queue.next()).take(10).collect();
        assert_eq!(served, [0, 1_000, 1, 1_001, 2, 1_002, 3, 1_003, 4, 1_004]);
    }
}
