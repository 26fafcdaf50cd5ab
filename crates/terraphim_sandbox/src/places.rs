//! Places for runs: so many at once, the others wait their turn.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::queue::{Bound, Queue, QueueBounds, Ticket};

/// Whose run it is: a handle that whoever embeds a pool makes for each user or
/// connection. Places are shared fairly between those that wait; clones are the
/// same client.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ClientId {
    number: u64,
    name: Arc<str>,
}

impl ClientId {
    /// A client of its own, however many have the same name; the name stands in messages.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self { number: LAST.fetch_add(1, Ordering::Relaxed), name: name.into() }
    }

    /// Its name, which others may have, too.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Why a run gets no place. The pool stays usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Full {
    /// It waited until the queue's deadline.
    #[error(
        "all {capacity} places are taken, and {client} got none within {waited_ms} ms while {waiting} other runs wait, {own} of them its own: start fewer runs at once, give them a shorter time limit, or try again later"
    )]
    Deadline {
        /// Who asked.
        client: Arc<str>,
        /// Runs that may be under way at once.
        capacity: usize,
        /// How long it waited, in milliseconds.
        waited_ms: u128,
        /// Runs of all clients that go on waiting.
        waiting: usize,
        /// Those of the same client.
        own: usize,
    },
    /// So many runs of the client wait already.
    #[error(
        "all {capacity} places are taken and {limit} runs of {client} wait already, which is the most: wait for some of them before the next"
    )]
    OfOneClient {
        /// Who asked.
        client: Arc<str>,
        /// Runs that may be under way at once.
        capacity: usize,
        /// Runs of one client that may wait.
        limit: usize,
    },
    /// So many runs of all clients wait already.
    #[error(
        "all {capacity} places are taken and {limit} runs wait already, {own} of them of {client}, which is the most: try again later"
    )]
    OfAll {
        /// Who asked.
        client: Arc<str>,
        /// Runs that may be under way at once.
        capacity: usize,
        /// Runs that may wait.
        limit: usize,
        /// Runs of the same client that wait.
        own: usize,
    },
    /// The programs that wait are too long together.
    #[error(
        "all {capacity} places are taken, and the {waiting} programs that wait have {limit} bytes together, which is the most: let {client} send shorter programs or fewer at once"
    )]
    Bytes {
        /// Who asked.
        client: Arc<str>,
        /// Runs that may be under way at once.
        capacity: usize,
        /// Runs of all clients that wait.
        waiting: usize,
        /// What those that wait may keep in memory, in bytes.
        limit: usize,
    },
}

/// The places of a pool.
pub(crate) struct Places {
    capacity: usize,
    bounds: QueueBounds,
    state: Mutex<State>,
}

/// A free place means that nobody waits: a place that is given back goes to the next one at once.
struct State {
    free: usize,
    queue: Queue<oneshot::Sender<Place>>,
}

/// The right to run; given back when dropped.
pub(crate) struct Place {
    /// Absent once the place has been handed on.
    places: Option<Arc<Places>>,
}

/// Takes a waiter out of the queue when it no longer waits.
struct Waiting<'p> {
    places: &'p Places,
    ticket: Ticket,
}

impl Places {
    pub(crate) fn new(capacity: usize, bounds: QueueBounds) -> Arc<Self> {
        let state = Mutex::new(State { free: capacity, queue: Queue::new(bounds) });
        Arc::new(Self { capacity, bounds, state })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many wait.
    pub(crate) fn free(&self) -> usize {
        self.lock().free
    }

    /// How many wait for one.
    pub(crate) fn waiting(&self) -> usize {
        self.lock().queue.waiting()
    }

    /// Takes a place, or waits for one. Dropping the future leaves the queue;
    /// `bytes` is what the waiter keeps in memory meanwhile.
    pub(crate) async fn take(
        self: &Arc<Self>,
        client: &ClientId,
        bytes: usize,
        patience: Duration,
    ) -> Result<Place, Full> {
        let asked = Instant::now();
        let (waiting, turn) = {
            let mut state = self.lock();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Place { places: Some(Arc::clone(self)) });
            }
            let (hand, turn) = oneshot::channel();
            let ticket = state.queue.enter(client.number, bytes, hand);
            let ticket = ticket.map_err(|bound| self.refusal(bound, client, &state))?;
            (Waiting { places: self, ticket }, turn)
        };
        if let Ok(Ok(place)) = tokio::time::timeout(patience, turn).await {
            return Ok(place);
        }
        drop(waiting);
        let state = self.lock();
        Err(Full::Deadline {
            client: Arc::clone(&client.name),
            capacity: self.capacity,
            waited_ms: asked.elapsed().as_millis(),
            waiting: state.queue.waiting(),
            own: state.queue.waiting_of(client.number),
        })
    }

    fn refusal(&self, bound: Bound, client: &ClientId, state: &State) -> Full {
        let (capacity, bounds, client_name) = (self.capacity, self.bounds, Arc::clone(&client.name));
        match bound {
            Bound::OfOneClient => {
                Full::OfOneClient { client: client_name, capacity, limit: bounds.of_one_client }
            }
            Bound::OfAll => Full::OfAll {
                client: client_name,
                capacity,
                limit: bounds.of_all,
                own: state.queue.waiting_of(client.number),
            },
            Bound::Bytes => Full::Bytes {
                client: client_name,
                capacity,
                waiting: state.queue.waiting(),
                limit: bounds.bytes,
            },
        }
    }

    /// Gives a place to whoever is next, or keeps it.
    fn give_back(self: Arc<Self>) {
        let mut place = Place { places: Some(self) };
        while let Some(places) = place.places.take() {
            let next = {
                let mut state = places.lock();
                match state.queue.next() {
                    Some(next) => next,
                    None => {
                        state.free += 1;
                        return;
                    }
                }
            };
            match next.send(Place { places: Some(places) }) {
                Ok(()) => return,
                // Its waiter has just gone.
                Err(unwanted) => place = unwanted,
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(places) = self.places.take() {
            places.give_back();
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // Dropped outside the lock: it may hold a place that was just handed over.
        let left = self.places.lock().queue.leave(self.ticket);
        drop(left);
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::Future,
        pin::pin,
        sync::atomic::AtomicUsize,
        task::{Context, Poll, Waker},
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn bounds(of_one_client: usize, of_all: usize, bytes: usize) -> QueueBounds {
        QueueBounds { of_one_client, of_all, bytes }
    }

    fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
        std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[tokio::test]
    async fn a_waiter_that_goes_makes_room_at_once_and_takes_no_place() {
        let places = Places::new(1, bounds(1, 1, 100));
        let client = ClientId::new("one");
        let held = places.take(&client, 0, PATIENCE).await.expect("free");
        {
            let mut first = pin!(places.take(&client, 0, PATIENCE));
            assert!(poll(&mut first).is_pending());
            let refused = places.take(&client, 0, PATIENCE).await.err().expect("full");
            assert_eq!(refused, Full::OfOneClient { client: "one".into(), capacity: 1, limit: 1 });
        }
        assert_eq!(places.waiting(), 0);
        // A place that is handed to a waiter in the moment of its going is not lost.
        {
            let mut second = pin!(places.take(&client, 0, PATIENCE));
            assert!(poll(&mut second).is_pending());
            drop(held);
            assert_eq!(places.lock().free, 0, "it is handed over");
        }
        assert_eq!(places.lock().free, 1);
    }

    #[tokio::test]
    async fn every_refusal_says_who_what_and_how_many() {
        let (one, two) = (ClientId::new("one"), ClientId::new("two"));
        let places = Places::new(1, bounds(2, 3, 10));
        let _held = places.take(&one, 0, PATIENCE).await.expect("free");
        let mut waiting: Vec<_> =
            [&one, &one, &two].into_iter().map(|client| Box::pin(places.take(client, 3, PATIENCE))).collect();
        waiting.iter_mut().for_each(|waiting| assert!(poll(waiting).is_pending()));
        let told = places.take(&one, 0, PATIENCE).await.err().expect("full").to_string();
        assert!(told.contains("2 runs of one wait already"), "{told}");
        let told = places.take(&two, 0, PATIENCE).await.err().expect("full").to_string();
        assert!(told.contains("3 runs wait already, 1 of them of two"), "{told}");
        waiting.pop();
        let told = places.take(&two, 5, PATIENCE).await.err().expect("full").to_string();
        assert!(told.contains("the 2 programs that wait have 10 bytes"), "{told}");
        let told = places.take(&two, 0, Duration::from_millis(5)).await.err().expect("full").to_string();
        assert!(told.starts_with("all 1 places are taken, and two got none within "), "{told}");
        assert!(told.contains("while 2 other runs wait, 0 of them its own: "), "{told}");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn capacity_holds_and_nobody_is_forgotten_whatever_waiters_do() {
        let places = Places::new(3, QueueBounds::default());
        let (inside, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let clients: Vec<_> = (0..4).map(|n| ClientId::new(format!("{n}"))).collect();
        let mut tasks = Vec::new();
        for n in 0..800_usize {
            let (places, client) = (Arc::clone(&places), clients[n % 4].clone());
            let (inside, most) = (Arc::clone(&inside), Arc::clone(&most));
            tasks.push(tokio::spawn(async move {
                // Every third one has next to no patience.
                let patience = if n % 3 == 0 { Duration::from_micros(n as u64) } else { PATIENCE };
                let place = places.take(&client, n, patience).await;
                if place.is_ok() {
                    let now = inside.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
                place.is_ok() || n % 3 == 0
            }));
        }
        for task in tasks {
            assert!(task.await.expect("no panic"), "a patient waiter got no place");
        }
        assert!(most.load(Ordering::SeqCst) <= 3);
        let state = places.lock();
        assert_eq!((state.free, state.queue.waiting()), (3, 0));
    }
}
