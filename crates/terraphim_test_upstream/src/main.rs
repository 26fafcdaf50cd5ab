//! A small MCP server over stdio for tests. It speaks either era of the
//! protocol with nothing but JSON, so that it can also break every rule.
//!
//! ```text
//! --era legacy|modern|silent   initialize only (default); server/discover only;
//!                              legacy, without an answer to what it does not know
//! --tools N                    N further tools `tool_0`, `tool_1`, ...
//! --definitions FILE           further tools as in the file: a JSON object with `tool` on each line
//! --page-size N                tools/list in pages of N
//! --bad-tool                   tools/list also holds entries that are no tools
//! --instructions TEXT          what it says of itself
//! --delay-ms N                 every tool call takes that long
//! --start-delay-ms N           so long before the first answer
//! --crash-at-start             writes to standard error and exits with status 7
//! --crash-at-list              the same when its tools are listed
//! --crash-on TOOL              the same when that tool is called
//! --hang-on TOOL               never answers that tool
//! --garbage-on TOOL            answers that tool with a number instead of an object
//! --garbage                    writes lines that are no messages, then stays
//! --noise                      writes such a line before every answer
//! --silent                     reads and never answers
//! --deaf                       never reads
//! --stderr TEXT                written to standard error at start
//! --grandchild                 starts a child of its own that ignores SIGTERM
//! --runaway                    starts a child that leaves the process group and keeps the pipes
//! --journal FILE               appends `start PID`, `grandchild PID` and every method received
//! ```

mod options;
mod server;
mod tools;

fn main() -> std::io::Result<()> {
    match options::Options::parse(std::env::args().skip(1)) {
        Ok(options) => match server::run(options) {
            // Its reader is gone, which is how a server is left.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            ended => ended,
        },
        Err(complaint) => Err(std::io::Error::other(complaint)),
    }
}
