//! Runs a program, shows its standard output line by line, and keeps it.

use std::{
    io::{BufRead, BufReader},
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    sync::mpsc::{RecvTimeoutError, sync_channel},
    thread,
    time::{Duration, Instant},
};

use crate::{
    error::Error,
    process::{kill, line},
};

/// Lines on their way from the program.
const PENDING: usize = 64;

/// What a program said and its exit code. At the deadline its process group is ended.
pub(super) fn show(command: &mut Command, deadline: Duration) -> Result<(Vec<String>, Option<i32>), Error> {
    let until = Instant::now() + deadline;
    command.process_group(0).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().map_err(Error::io(format!("start `{}`", line(command))))?;
    let (send, lines) = sync_channel(PENDING);
    if let Some(output) = child.stdout.take() {
        thread::spawn(move || {
            for said in BufReader::new(output).split(b'\n').map_while(Result::ok) {
                if send.send(String::from_utf8_lossy(&said).into_owned()).is_err() {
                    return;
                }
            }
        });
    }
    let mut said = Vec::new();
    loop {
        match lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            Ok(one) => {
                println!("{one}");
                said.push(one);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                kill(&format!("-{}", child.id()));
                child.wait().map_err(Error::io("wait for a process"))?;
                return Err(Error::Deadline { command: line(command), seconds: deadline.as_secs() });
            }
        }
    }
    let status = child.wait().map_err(Error::io("wait for a process"))?;
    Ok((said, status.code()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_code_are_kept_and_the_deadline_ends_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "printf 'one\\ntwo'; exit 3"]);
        let ended = show(&mut command, Duration::from_secs(60)).expect("it runs");
        assert_eq!(ended, (vec!["one".to_owned(), "two".to_owned()], Some(3)));
        let mut endless = Command::new("sleep");
        let ended = show(endless.arg("600"), Duration::from_millis(100));
        assert!(matches!(ended, Err(Error::Deadline { .. })), "{ended:?}");
    }
}
