//! Why a call failed.

use std::{error::Error as StdError, fmt, panic::Location};

/// What calls give.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of errors that the program itself makes.
const PROGRAM: &str = "program";

/// A call that failed, or an error of the program's own.
///
/// `Display` is `SERVER.TOOL: message`. `Debug` is what is told of an error that nobody
/// handles: `mcp: SERVER.TOOL: message` on a line of its own, the hint on the next, and then
/// the place in the program where the call was made, or where `?` made it of another error.
#[derive(Clone, PartialEq, Eq)]
pub struct Error {
    /// `tool` (it failed), `arguments`, `denied`, `unknown`, `limit`, `reply` (it is not what
    /// the tool declares), `host` (it cannot be reached), or `program`.
    pub kind: String,
    /// The server; empty where there is none.
    pub server: String,
    /// The tool; empty where there is none.
    pub tool: String,
    /// What happened.
    pub message: String,
    /// What to do about it; empty where nothing is known.
    pub hint: String,
    place: Place,
}

/// Where an error came up, which tells no two errors apart.
#[derive(Clone, Copy)]
struct Place(&'static Location<'static>);

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Place {}

impl Error {
    /// An error of the program's own.
    #[track_caller]
    pub fn new(message: impl Into<String>) -> Self {
        Self::of(PROGRAM, message)
    }

    /// The same error with a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    #[track_caller]
    pub(crate) fn of(kind: &str, message: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            server: String::new(),
            tool: String::new(),
            message: message.into(),
            hint: String::new(),
            place: Place(Location::caller()),
        }
    }

    /// The same error as one that came up there.
    pub(crate) fn seen_at(mut self, place: &'static Location<'static>) -> Self {
        self.place = Place(place);
        self
    }

    pub(crate) fn at(mut self, server: &str, tool: &str) -> Self {
        self.server = server.to_owned();
        self.tool = tool.to_owned();
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = format!("{}.{}", self.server, self.tool);
        if self.server.is_empty() || self.message.starts_with(&about) {
            return f.write_str(&self.message);
        }
        write!(f, "{about}: {}", self.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What goes on in a further line is told from what follows.
        let lines = |text: &str| text.trim_end().replace('\n', "\n  ");
        // What std writes before an error is to stand on another line.
        let before = if self.kind == PROGRAM { "" } else { "\nmcp: " };
        write!(f, "{before}{}", lines(&self.to_string()))?;
        if !self.hint.is_empty() {
            write!(f, "\nhint: {}", lines(&self.hint))?;
        }
        write!(f, "\nat {}", self.place.0)
    }
}

impl StdError for Error {}

impl From<String> for Error {
    #[track_caller]
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for Error {
    #[track_caller]
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<Box<dyn StdError>> for Error {
    #[track_caller]
    fn from(error: Box<dyn StdError>) -> Self {
        match error.downcast::<Self>() {
            Ok(own) => *own,
            Err(other) => Self::new(other.to_string()),
        }
    }
}

impl From<Box<dyn StdError + Send + Sync>> for Error {
    #[track_caller]
    fn from(error: Box<dyn StdError + Send + Sync>) -> Self {
        Self::from(error as Box<dyn StdError>)
    }
}

macro_rules! from_std {
    ($($ty:ty),* $(,)?) => { $(
        impl From<$ty> for Error {
            #[track_caller]
            fn from(error: $ty) -> Self {
                Self::new(error.to_string())
            }
        }
    )* };
}

from_std!(
    std::io::Error,
    fmt::Error,
    std::num::ParseIntError,
    std::num::ParseFloatError,
    std::num::TryFromIntError,
    std::str::ParseBoolError,
    std::str::Utf8Error,
    std::string::FromUtf8Error,
    std::char::ParseCharError,
    std::env::VarError,
    std::time::SystemTimeError,
    std::sync::mpsc::RecvError,
    std::convert::Infallible,
);
