//! The calls of a run on their way between its commands and the host.

use std::{collections::BTreeMap, time::Instant};

use terraphim_sandbox_protocol::{GuestFrame, HostFrame, LogLevel, Payload};

use super::{
    advice::{Advice, Question},
    clients::{Called, Clients, Number},
    tables::Tables,
    told::AllTold,
};
use crate::channel::Channel;

/// The calls of a run.
#[derive(Default)]
pub(super) struct Calls {
    /// Which command made the call of an id.
    made: BTreeMap<u32, Number>,
    last: u32,
    advice: Advice,
    tables: Tables,
    told: AllTold,
}

impl Calls {
    /// Asks the host for the servers that the program names.
    pub(super) fn ask(channel: &mut Channel, source: &str) -> Self {
        let is_there = |name: &str| std::fs::exists(format!("/usr/bin/{name}")).unwrap_or(true);
        let mut calls = Self { advice: Advice::of(source, is_there), ..Self::default() };
        for Question { id, asked, table } in calls.advice.questions() {
            channel.send(&GuestFrame::encode_call(id, "import", asked.as_bytes()));
            calls.tables.ask(id, table.into_bytes());
            calls.last = id;
        }
        calls
    }

    /// Waits for what the host says of these servers, at most until then, and gives the advice.
    pub(super) fn wait(&mut self, channel: &mut Channel, until: Instant) {
        while self.advice.is_waiting() {
            let left = until.saturating_duration_since(Instant::now());
            let Some(frame) = channel.receive(Some(left)) else { break };
            self.on_frame(frame, channel);
        }
        self.advise(channel);
    }

    fn advise(&mut self, channel: &mut Channel) {
        self.advice.take().iter().for_each(|line| channel.log(LogLevel::Warn, line));
    }

    /// A frame from the host; the reply that it is, if a command waits for it.
    pub(super) fn on_frame(
        &mut self,
        frame: HostFrame,
        channel: &mut Channel,
    ) -> Option<(Number, bool, Payload)> {
        // What is no reply has no meaning here.
        let HostFrame::Reply { id, ok, payload } = frame else { return None };
        self.tables.on_reply(id, ok, &payload);
        let Some(client) = self.made.remove(&id) else {
            if self.advice.answer(id, ok, std::str::from_utf8(&payload).unwrap_or_default()) {
                self.advise(channel);
            }
            return None;
        };
        if !ok {
            self.told.keep(&payload);
        }
        Some((client, ok, payload))
    }

    /// Passes a command's call on, unless its answer is known.
    pub(super) fn make(&mut self, called: Called, channel: &mut Channel, clients: &mut Clients) {
        let is_import = called.name == "import";
        if is_import && let Some(answer) = self.tables.answer(&called.payload) {
            clients.reply(called.client, true, answer);
            return;
        }
        self.last += 1;
        self.made.insert(self.last, called.client);
        channel.send(&GuestFrame::encode_call(self.last, &called.name, &called.payload));
        if is_import {
            self.tables.ask(self.last, called.payload);
        }
    }

    /// The calls that failed.
    pub(super) fn told(&self) -> &AllTold {
        &self.told
    }
}
