//! The line that every call leaves.

use std::{
    io,
    sync::{Arc, Mutex},
};

use serde_json::json;
use tracing::{Dispatch, subscriber::DefaultGuard};
use tracing_subscriber::fmt::MakeWriter;

use crate::support::{Setup, call};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a lock").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Lines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Collects what this thread logs while the guards live.
fn listen() -> (Lines, DefaultGuard, Dispatch) {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .with_writer(lines.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    // While there is only one subscriber, tracing asks that of whichever thread
    // logs first at a place, and the other tests' threads have none.
    let second = Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    (lines, guard, second)
}

#[tokio::test]
async fn every_call_leaves_a_line_without_its_arguments() {
    let (lines, _guard, _second) = listen();
    let setup = Setup::one(&[]).with(|config| config.policy.allow.clear());
    let gateway = setup.gateway();
    call(&gateway, "s.echo", json!({ "word": "s3cret" })).await.expect("a reply");
    call(&gateway, "s.fail", json!({})).await.expect("a reply");
    call(&gateway, "s.write_note", json!({})).await.expect_err("denied");
    gateway.shutdown().await;

    let text = String::from_utf8(lines.0.lock().expect("a lock").clone()).expect("text");
    let audit: Vec<_> = text.lines().filter(|line| line.contains("terraphim::audit")).collect();
    assert_eq!(audit.len(), 3, "{audit:#?}");
    assert!(!audit.iter().any(|line| line.contains("s3cret")), "{audit:#?}");
    for (line, parts) in audit.iter().zip([
        ["tool=s.echo", "arguments_bytes=17", "verdict=\"ok\""],
        ["tool=s.fail", "arguments_bytes=2", "verdict=\"tool error\""],
        ["tool=s.write_note", "reply_bytes=0", "verdict=\"denied\""],
    ]) {
        assert!(parts.iter().all(|part| line.contains(part)) && line.contains("ms="), "{line}");
    }
}
