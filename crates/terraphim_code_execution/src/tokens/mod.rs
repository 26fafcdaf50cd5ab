//! The token account of a run: what the model paid, and what the same calls
//! would have cost it without code.
//!
//! Texts are counted by a helper process ([`TokenCounter`], [`serve_helper`]),
//! because the tokenizer's tables weigh more than the rest of the host.
//! [`count_catalogue`] counts every definition once per catalogue,
//! [`count_run`] the texts of one run; [`TokenReport::new`] is arithmetic over
//! both. Nothing here prints, and nothing here decides where a report goes.
//!
//! The tokenizer is o200k. It is not Claude's: shares are meaningful across
//! models, absolute figures differ by model.

mod account;
mod baseline;
mod counter;
mod excerpt;
mod helper;
mod render;
mod report;
mod wire;

#[cfg(test)]
mod levels;
#[cfg(test)]
mod recount;

pub use account::{
    CallLog, CallText, CountedCall, CountedCatalogue, CountedRun, DefinitionText, FetchText, RunTexts,
    count_catalogue, count_run,
};
pub use baseline::SEARCH_RESULTS;
pub use counter::{HelperCommand, TokenCounter, TokenError};
pub use excerpt::{ACCOUNT_BYTES, Excerpt};
pub use helper::serve_helper;
pub use render::{one_line, render_table};
pub use report::{Baseline, BaselineName, CACHE_READ_PERCENT, Comparison, Paid, TokenReport, Tokenizer};
pub use wire::{FrameError, MAX_REQUEST_BYTES, MAX_TEXTS};
