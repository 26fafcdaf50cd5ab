//! The terraphim command line: the composition root, and the only reader of
//! arguments, environment, home folder and configuration files.

#[cfg(not(target_os = "linux"))]
compile_error!(
    "terraphim runs on Linux: its sandbox is made of Linux namespaces, Landlock and seccomp. \
     On macOS and Windows use a Linux container or WSL2."
);

mod adopt;
mod cli;
mod commands;
mod compose;
mod error;
mod settings;

fn main() -> std::process::ExitCode {
    commands::main()
}
