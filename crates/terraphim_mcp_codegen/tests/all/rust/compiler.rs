//! The compiler of the machine, and the runtime compiled by it once.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant},
};

use terraphim_mcp_codegen::rust::runtime;

/// Where crates are compiled, with the runtime in it.
pub(super) struct Compiler {
    folder: PathBuf,
}

/// The compiler; `None` where the machine has none and none is required.
pub(super) fn compiler() -> Option<&'static Compiler> {
    static COMPILER: OnceLock<Option<Compiler>> = OnceLock::new();
    let made = COMPILER.get_or_init(|| {
        let answered = Command::new("rustc").arg("--version").output();
        if !answered.is_ok_and(|output| output.status.success()) {
            let required = std::env::var_os("TERRAPHIM_REQUIRE_RUST").is_some();
            assert!(!required, "TERRAPHIM_REQUIRE_RUST is set, and there is no rustc");
            eprintln!("left out: this machine has no rustc");
            return None;
        }
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("rust");
        fs::create_dir_all(&folder).expect("a folder");
        let compiler = Compiler { folder };
        let strict = ["-Dwarnings", "-Wmissing_docs", "-Wunreachable_pub", "-Copt-level=2"];
        let time = compiler.library("mcp_runtime", &runtime(), &strict).expect("the runtime compiles");
        eprintln!("mcp_runtime: {} ms", time.as_millis());
        Some(compiler)
    });
    made.as_ref()
}

impl Compiler {
    /// Compiles a crate; how long that took, or what the compiler says.
    pub(super) fn library(&self, name: &str, text: &str, options: &[&str]) -> Result<Duration, String> {
        self.compile(name, text, "rlib", &[options, &["--emit=metadata,link"]].concat())
    }

    /// Compiles a program that uses the crates `linked` beside the runtime; its path, or what the
    /// compiler says. A warning is an error.
    pub(super) fn program(&self, name: &str, text: &str, linked: &[&str]) -> Result<PathBuf, String> {
        let linked: Vec<&str> = linked.iter().flat_map(|one| ["--extern", *one]).collect();
        self.compile(name, text, "bin", &[&linked[..], &["-Dwarnings"]].concat())?;
        Ok(self.folder.join(name))
    }

    fn compile(&self, name: &str, text: &str, kind: &str, options: &[&str]) -> Result<Duration, String> {
        let source = self.folder.join(format!("{name}.rs"));
        fs::write(&source, text).expect("a written file");
        let began = Instant::now();
        let output = Command::new("rustc")
            .args([
                "--edition=2021",
                "--crate-type",
                kind,
                "--crate-name",
                name,
                "-Cdebuginfo=0",
                "--out-dir",
            ])
            .arg(&self.folder)
            .arg("-L")
            .arg(&self.folder)
            .args(["--extern", "mcp_runtime"])
            .args(options)
            .arg(&source)
            .env_remove("RUSTFLAGS")
            .output()
            .expect("rustc runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() { Ok(began.elapsed()) } else { Err(said) }
    }
}
