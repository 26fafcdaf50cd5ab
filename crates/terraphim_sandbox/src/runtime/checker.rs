//! A type checker: a program that needs nothing of the machine but the folder that it lies in.

use std::path::Path;

use terraphim_sandbox_protocol::control::{BindKind, Setup};

use super::Runtime;

/// Where the jail shows the checker's folder.
const FOLDER: &str = "/checker";

impl Runtime {
    /// The checker with this name in this folder; neither is looked at here.
    pub(crate) fn checker(folder: &Path, name: &str) -> Self {
        let bind = |kind, source: String, target: &str| Setup::Bind { kind, source, target: target.into() };
        let shown = vec![
            bind(BindKind::Runtime, folder.display().to_string(), FOLDER),
            bind(BindKind::Device, "/dev/null".into(), "/dev/null"),
        ];
        let program = Path::new(FOLDER).join(name);
        Self { language: "checker", shown, program, toolchain: None, cache: None }
    }
}
