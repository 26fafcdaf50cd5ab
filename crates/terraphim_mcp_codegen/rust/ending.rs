//! How a program ends: what `main` returns is its result, and an error says which tool failed.

use std::{
    io::{self, Write},
    panic,
    process::{ExitCode, Termination},
    sync::Once,
};

use crate::{Map, ToJson, Value};

/// Anything that becomes JSON, as what `main` returns: `fn main() -> Result<Json<Vec<String>>>`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Json<T>(
    /// What is printed.
    pub T,
);

impl<T: ToJson> Termination for Json<T> {
    fn report(self) -> ExitCode {
        self.0.to_json().report()
    }
}

impl<T: ToJson> Termination for Map<T> {
    fn report(self) -> ExitCode {
        self.to_json().report()
    }
}

impl Termination for Value {
    /// Prints the value as JSON on one line.
    fn report(self) -> ExitCode {
        let mut out = io::stdout().lock();
        match writeln!(out, "{self}").and_then(|()| out.flush()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("standard output: {error}");
                ExitCode::FAILURE
            }
        }
    }
}

/// From now on a panic over a tool's error, as by `unwrap`, ends with that error's own lines.
pub(crate) fn tell_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |about| {
            let message = about.payload().downcast_ref::<String>().filter(|text| text.contains("\nmcp: "));
            match (message, about.location()) {
                (Some(message), Some(place)) => eprintln!("thread panicked at {place}:\n{message}"),
                _ => before(about),
            }
        }));
    });
}
