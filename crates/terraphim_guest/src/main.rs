//! The guest: one small static program that enters a jail and then runs agents'
//! programs in it, each in a process of its own.
//!
//! It is started by the host with the control channel as standard input and
//! nothing else. It links nothing of the host but the protocol.

mod channel;
mod compile;
mod engine;
mod jail;
mod positions;
mod random;
mod run;
mod zygote;

fn main() {
    // A panic must not write to a descriptor that may by now be the channel.
    std::panic::set_hook(Box::new(|_| ()));
    // The name in process lists; without it that of the descriptor it was started from.
    let _ = rustix::thread::set_name(c"terraphim-guest");
    std::process::exit(zygote::serve());
}
