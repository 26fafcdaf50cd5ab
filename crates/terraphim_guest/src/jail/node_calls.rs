//! The system calls of node, beyond those of a run in a runtime. The tables
//! before it have what its loop and its compiler need already: `epoll`,
//! `eventfd`, threads, and memory that may be executed.

use super::{
    calls::{Call, Only},
    runtime_calls::calls,
};

const START: &str = "becoming node, once";
const SIGNALS: &str =
    "signals to itself: it is alone in its PID namespace with its supervisor, which none reach";

/// What a node has beyond the calls of a run in a runtime.
pub const NODE_RUN_CALLS: &[Call] = calls![
    SYS_execveat FirstProgram START,
    SYS_kill Any SIGNALS,
    SYS_tgkill Any SIGNALS,
];

/// What of the calls of a run in a runtime it has not: its sockets would hold
/// more than any limit counts.
pub const NODE_REFUSED_CALLS: &[Call] = calls![
    SYS_socketpair Any START,
];

const JAIL: &str = "the last steps of a run's jail: no signal of a group reaches others";

/// What the zygote of nodes has beyond this and beyond the zygote of shells.
pub const NODE_ZYGOTE_CALLS: &[Call] = calls![
    SYS_setsid Any JAIL,
];
