//! The counter against the real helper loop on a thread, and against real
//! commands that misbehave.

use std::{
    os::unix::net::UnixStream as StdUnixStream,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tokio::net::UnixStream;

use super::*;
use crate::tokens::serve_helper;

const QUICK: Timing = Timing { deadline: Duration::from_secs(20), idle: Duration::from_secs(60) };

/// A helper loop on a thread of this process, behind a socket.
fn thread_helper(serve: impl FnOnce(StdUnixStream) + Send + 'static) -> Helper {
    let (host, helper) = StdUnixStream::pair().unwrap();
    host.set_nonblocking(true).unwrap();
    let (stdout, stdin) = UnixStream::from_std(host).unwrap().into_split();
    thread::spawn(move || serve(helper));
    Helper::over(stdin, stdout, None)
}

/// A counter that runs the real helper loop on a thread.
pub(in crate::tokens) fn in_process() -> TokenCounter {
    let launch = || {
        Ok(thread_helper(|socket| {
            let _ = serve_helper(socket.try_clone().unwrap(), socket);
        }))
    };
    TokenCounter::launched_by(launch, QUICK)
}

/// Counts launches and remembers the processes.
#[derive(Clone, Default)]
struct Launches {
    number: Arc<AtomicUsize>,
    pids: Arc<Mutex<Vec<u32>>>,
}

impl Launches {
    fn counter(
        &self,
        timing: Timing,
        launch: impl Fn(usize) -> Helper + Send + Sync + 'static,
    ) -> TokenCounter {
        let launches = self.clone();
        TokenCounter::launched_by(
            move || {
                let helper = launch(launches.number.fetch_add(1, Ordering::SeqCst));
                launches.pids.lock().unwrap().extend(helper.process.as_ref().and_then(Child::id));
                Ok(helper)
            },
            timing,
        )
    }

    fn shell(&self, timing: Timing, script: &'static str) -> TokenCounter {
        self.counter(timing, move |_| {
            let args = ["-c", script].map(OsString::from).to_vec();
            Helper::start(&HelperCommand { program: "/bin/sh".into(), args }).unwrap()
        })
    }

    fn number(&self) -> usize {
        self.number.load(Ordering::SeqCst)
    }

    fn are_running(&self) -> bool {
        self.pids.lock().unwrap().iter().any(|pid| Path::new(&format!("/proc/{pid}")).exists())
    }
}

async fn until(condition: impl Fn() -> bool) {
    let polled = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(Duration::from_secs(10), polled).await.expect("the condition comes true within 10 s");
}

fn tokens(text: &str) -> TokenCount {
    TokenCount(bpe_openai::o200k_base().count(text) as u64)
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[tokio::test]
async fn counts_are_the_tokenizers_in_the_order_of_the_texts() {
    let counter = in_process();
    let asked = ["fn main() {}", "", "Grüße aus 東京 🦀", "a\0b", "hello hello hello"];
    let counts = counter.count(texts(&asked)).await.unwrap();
    assert_eq!(counts, asked.map(tokens));
    assert_eq!(counter.count(Vec::new()).await.unwrap(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_requests_each_get_their_own_answer() {
    let counter = Arc::new(in_process());
    let requests = (0..100_usize).map(|number| {
        let counter = Arc::clone(&counter);
        tokio::spawn(async move {
            let text = "word ".repeat(number + 1);
            assert_eq!(counter.count(vec![text.clone()]).await.unwrap(), [tokens(&text)]);
        })
    });
    for request in futures_util::future::join_all(requests).await {
        request.unwrap();
    }
}

#[tokio::test]
async fn a_helper_that_died_between_requests_is_restarted() {
    let launches = Launches::default();
    let counter = launches.counter(QUICK, |_| {
        thread_helper(|socket| {
            let mut stdin = socket.try_clone().unwrap();
            let request = wire::read_request(&mut stdin).unwrap().unwrap();
            assert_eq!(request, ["one"]);
            wire::write_answer(&mut &socket, &[1]).unwrap();
        })
    });
    for launched in 1..4 {
        assert_eq!(counter.count(texts(&["one"])).await.unwrap(), [TokenCount(1)]);
        assert_eq!(launches.number(), launched);
    }
}

#[tokio::test]
async fn a_helper_that_exits_is_restarted_once_and_its_status_told() {
    let launches = Launches::default();
    let counter = launches.shell(QUICK, "exit 3");
    let error = counter.count(texts(&["text"])).await.unwrap_err();
    assert!(
        matches!(&error, TokenError::BrokeOff { status: Some(status), .. } if status.code() == Some(3)),
        "{error:?}"
    );
    assert_eq!(error.to_string(), "the token helper broke off (exit status: 3), also after a restart");
    assert_eq!(launches.number(), 2);
    assert!(!launches.are_running());
}

#[tokio::test]
async fn a_command_that_is_no_helper_is_found_out_even_by_a_large_request() {
    let launches = Launches::default();
    let counter = launches.shell(QUICK, "exec cat");
    let error = counter.count(vec!["x".repeat(8 << 20)]).await.unwrap_err();
    assert!(matches!(error, TokenError::Answer { source: FrameError::Impossible { .. } }), "{error:?}");
    assert_eq!(launches.number(), 2);
    assert!(!launches.are_running());
}

#[tokio::test]
async fn a_program_that_does_not_exist_is_named() {
    let counter = TokenCounter::new(HelperCommand { program: "/nowhere/helper".into(), args: Vec::new() });
    let error = counter.count(texts(&["text"])).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the token helper `/nowhere/helper` cannot be started: check that it exists and may be executed"
    );
}

#[tokio::test]
async fn too_much_text_starts_nothing() {
    let launches = Launches::default();
    let counter = launches.shell(QUICK, "exec cat");
    let error = counter.count(vec!["x".repeat(wire::MAX_REQUEST_BYTES + 1)]).await.unwrap_err();
    assert!(matches!(error, TokenError::Request { source: FrameError::TooLong { .. } }), "{error:?}");
    assert_eq!(launches.number(), 0);
}

#[tokio::test]
async fn a_hanging_helper_is_killed_at_the_deadline_and_replaced() {
    let launches = Launches::default();
    let timing = Timing { deadline: Duration::from_millis(200), ..QUICK };
    let counter = launches.shell(timing, "exec sleep 1000");
    for launched in 1..3 {
        let error = counter.count(texts(&["text"])).await.unwrap_err();
        assert!(matches!(error, TokenError::Deadline { .. }), "{error:?}");
        until(|| !launches.are_running()).await;
        assert_eq!(launches.number(), launched);
    }
}

#[tokio::test]
async fn an_idle_helper_is_killed_and_the_next_request_starts_another() {
    let launches = Launches::default();
    let timing = Timing { idle: Duration::from_millis(50), ..QUICK };
    let counter = launches.shell(timing, "exec sleep 1000");
    counter.warm_up();
    until(|| launches.number() == 1).await;
    until(|| !launches.are_running()).await;
    counter.warm_up();
    until(|| launches.number() == 2).await;
}

#[tokio::test]
async fn warming_up_twice_starts_one_helper_which_serves_the_first_request() {
    let launches = Launches::default();
    let counter = launches.counter(QUICK, |_| {
        thread_helper(|socket| {
            let _ = serve_helper(socket.try_clone().unwrap(), socket);
        })
    });
    counter.warm_up();
    counter.warm_up();
    until(|| launches.number() == 1).await;
    assert_eq!(counter.count(texts(&["text"])).await.unwrap(), [tokens("text")]);
    assert_eq!(launches.number(), 1);
}

#[tokio::test]
async fn dropping_the_counter_ends_the_helper() {
    let launches = Launches::default();
    let counter = launches.shell(QUICK, "exec sleep 1000");
    counter.warm_up();
    until(|| launches.are_running()).await;
    drop(counter);
    until(|| !launches.are_running()).await;
}

#[tokio::test]
async fn a_caller_that_gives_up_leaves_the_next_one_its_own_answer() {
    let counter = in_process();
    let long = "given up ".repeat(20_000);
    let given_up = timeout(Duration::from_millis(1), counter.count(vec![long])).await;
    assert!(given_up.is_err());
    assert_eq!(counter.count(texts(&["next one"])).await.unwrap(), [tokens("next one")]);
}

#[test]
fn without_a_runtime_warming_up_does_nothing() {
    let launches = Launches::default();
    launches.shell(QUICK, "exec cat").warm_up();
    assert_eq!(launches.number(), 0);
}
