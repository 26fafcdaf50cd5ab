//! What the product does behind the wall: it interprets the program that it is sent.

use std::io;

use crate::{engine::Engine, jail::JailError, random::Random, run, zygote::Worker};

/// Runs one program in an interpreter that was warmed before the process was made.
pub struct Interpreter(Engine);

impl Worker for Interpreter {
    fn warm() -> Result<Self, JailError> {
        let engine = Engine::warm();
        engine
            .map(Self)
            .map_err(|error| JailError { step: "interpreter", source: io::Error::other(error.to_string()) })
    }

    fn serve(self, seed: [u8; 32]) -> ! {
        run::serve(self.0, Random::from_seed(seed))
    }
}
