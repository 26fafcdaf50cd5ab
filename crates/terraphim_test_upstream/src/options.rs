//! The flags: how the server is to behave and to misbehave.

use std::path::PathBuf;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Era {
    #[default]
    Legacy,
    Modern,
    Silent,
}

#[derive(Debug, Default)]
pub(crate) struct Options {
    pub(crate) era: Era,
    pub(crate) tools: usize,
    pub(crate) definitions: Option<PathBuf>,
    pub(crate) page_size: Option<usize>,
    pub(crate) bad_tool: bool,
    pub(crate) instructions: Option<String>,
    pub(crate) delay_ms: u64,
    pub(crate) start_delay_ms: u64,
    pub(crate) crash_at_start: bool,
    pub(crate) crash_at_list: bool,
    pub(crate) crash_on: Option<String>,
    pub(crate) hang_on: Option<String>,
    pub(crate) garbage_on: Option<String>,
    pub(crate) garbage: bool,
    pub(crate) noise: bool,
    pub(crate) silent: bool,
    pub(crate) deaf: bool,
    pub(crate) stderr: Option<String>,
    pub(crate) grandchild: bool,
    pub(crate) runaway: bool,
    pub(crate) journal: Option<PathBuf>,
}

impl Options {
    pub(crate) fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(flag) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{flag} needs a value"));
            match flag.as_str() {
                "--era" => options.era = era(&value()?)?,
                "--tools" => options.tools = number(&value()?)?,
                "--definitions" => options.definitions = Some(value()?.into()),
                "--page-size" => options.page_size = Some(number::<usize>(&value()?)?.max(1)),
                "--bad-tool" => options.bad_tool = true,
                "--instructions" => options.instructions = Some(value()?),
                "--delay-ms" => options.delay_ms = number(&value()?)?,
                "--start-delay-ms" => options.start_delay_ms = number(&value()?)?,
                "--crash-at-start" => options.crash_at_start = true,
                "--crash-at-list" => options.crash_at_list = true,
                "--crash-on" => options.crash_on = Some(value()?),
                "--hang-on" => options.hang_on = Some(value()?),
                "--garbage-on" => options.garbage_on = Some(value()?),
                "--garbage" => options.garbage = true,
                "--noise" => options.noise = true,
                "--silent" => options.silent = true,
                "--deaf" => options.deaf = true,
                "--stderr" => options.stderr = Some(value()?),
                "--grandchild" => options.grandchild = true,
                "--runaway" => options.runaway = true,
                "--journal" => options.journal = Some(value()?.into()),
                _ => return Err(format!("unknown flag {flag}")),
            }
        }
        Ok(options)
    }
}

fn era(text: &str) -> Result<Era, String> {
    match text {
        "legacy" => Ok(Era::Legacy),
        "modern" => Ok(Era::Modern),
        "silent" => Ok(Era::Silent),
        _ => Err(format!("unknown era {text}")),
    }
}

fn number<N: std::str::FromStr>(text: &str) -> Result<N, String> {
    text.parse().map_err(|_| format!("`{text}` is not a number"))
}
