//! Why a command of this crate failed.

use std::{error, fmt, io};

/// A failure, with what is needed to repeat or repair it.
#[derive(Debug)]
pub(crate) enum Error {
    /// The command line is not understood.
    Usage { complaint: String },
    /// A file or a process could not be used.
    Io { action: String, source: io::Error },
    /// A program that was started ended badly.
    Program { command: String, output: String },
    /// A program that was started did not end in time.
    Deadline { command: String, seconds: u64 },
    /// What a program or a file says is not what it should say.
    Unreadable { what: String, complaint: String },
    /// The machine lacks programs.
    Missing { needs: Vec<String> },
    /// A gate found something.
    Gate { gate: &'static str, findings: Vec<String>, repeat: String },
    /// Fuzz targets found something.
    Fuzz { findings: Vec<String> },
    /// Interoperability tests failed.
    Interop { failed: usize },
    /// Generated types are not what they should be.
    Types { findings: Vec<String> },
    /// The wall is not what it should be somewhere.
    Walls { failed: usize },
}

impl Error {
    /// Turns an input or output error into one that says what was being done.
    pub(crate) fn io(action: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage { complaint } => f.write_str(complaint),
            Self::Io { action, source } => write!(f, "cannot {action}: {source}"),
            Self::Program { command, output } => write!(f, "`{command}` failed\n{}", output.trim_end()),
            Self::Deadline { command, seconds } => write!(f, "`{command}` did not end within {seconds} s"),
            Self::Unreadable { what, complaint } => write!(f, "{what}: {complaint}"),
            Self::Missing { needs } => {
                write!(f, "this machine lacks what this needs:")?;
                needs.iter().try_for_each(|need| write!(f, "\n  {need}"))
            }
            Self::Gate { gate, findings, repeat } => {
                write!(f, "the gate `{gate}` failed")?;
                findings.iter().try_for_each(|finding| write!(f, "\n  {finding}"))?;
                write!(f, "\nrepeat it with: {repeat}")
            }
            Self::Walls { failed } => {
                write!(f, "{failed} checks failed\nrepeat some with: cargo xtask walls --only NAME")
            }
            Self::Types { findings } => {
                write!(f, "generated types are not what they should be")?;
                findings.iter().try_for_each(|finding| write!(f, "\n{finding}"))
            }
            Self::Fuzz { findings } => {
                write!(f, "fuzzing found {} defects", findings.len())?;
                findings.iter().try_for_each(|finding| write!(f, "\n{finding}"))
            }
            Self::Interop { failed } => {
                write!(f, "{failed} tests failed\nrepeat one with: cargo xtask interop --only NAME")
            }
        }
    }
}

impl error::Error for Error {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
