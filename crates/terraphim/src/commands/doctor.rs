//! `terraphim doctor`: what works on this machine, what does not, and what
//! lifts it. Every line comes from a real attempt.

use std::{fmt::Write, fs};

use serde::Serialize;
use terraphim_code_execution::ExecuteRequest;
use terraphim_sandbox::{Layers, Pool, PoolConfig, SandboxError};
use terraphim_types::Language;
use tokio_util::sync::CancellationToken;

use crate::{
    cli::{Global, JsonArg},
    commands::{block_on, print},
    compose,
    error::{CliError, Exit},
    settings::Settings,
};

/// One thing that was tried.
#[derive(Debug, Serialize)]
struct Check {
    name: String,
    works: bool,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
}

impl Check {
    fn new(name: impl Into<String>, works: bool, detail: impl Into<String>) -> Self {
        Self { name: name.into(), works, detail: detail.into(), fix: None }
    }

    fn or(mut self, fix: &str) -> Self {
        if !self.works {
            self.fix = Some(fix.to_owned());
        }
        self
    }
}

pub(crate) fn doctor(global: &Global, json: JsonArg) -> Result<Exit, CliError> {
    let settings = Settings::read(global)?;
    let checks = block_on(examine(&settings, global))?;
    let usable = checks.iter().find(|check| check.name == "run a program").is_some_and(|check| check.works);
    if json.json {
        print(&serde_json::to_string_pretty(&checks).unwrap_or_default())?;
    } else {
        print(render(&checks).trim_end())?;
    }
    Ok(if usable { Exit::Success } else { Exit::Sandbox })
}

fn render(checks: &[Check]) -> String {
    let width = checks.iter().map(|check| check.name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for Check { name, works, detail, fix } in checks {
        let mark = if *works { "ok" } else { "--" };
        let _ = writeln!(text, "{mark}  {name:width$}  {detail}");
        for line in fix.iter().flat_map(|fix| fix.lines()) {
            let _ = writeln!(text, "    {:width$}  {line}", "");
        }
    }
    text
}

async fn examine(settings: &Settings, global: &Global) -> Vec<Check> {
    let pool = Pool::new(PoolConfig { capacity: 1, ready: 0, ..PoolConfig::default() });
    let mut checks = walls(&pool).await;
    checks.push(who());
    checks.extend(other_walls());
    checks.push(match run(settings, global, pool).await {
        Ok(detail) => Check::new("run a program", true, detail),
        Err(detail) => Check::new("run a program", false, detail),
    });
    checks.extend(languages(settings, global).await);
    checks.push(type_checker(settings, global).await);
    checks.extend(configuration(settings));
    checks.extend(servers(settings).await);
    checks
}

/// The languages that run in what the machine has.
async fn languages(settings: &Settings, global: &Global) -> Vec<Check> {
    let runtimes = match settings.runtimes(global) {
        Ok(runtimes) => runtimes,
        Err(error) => return vec![Check::new("other languages", false, error.report())],
    };
    let pool = Pool::with_runtimes(PoolConfig { capacity: 1, ready: 0, ..PoolConfig::default() }, runtimes);
    let mut checks = Vec::new();
    for language in [Language::Python, Language::Bash, Language::Rust, Language::Node] {
        let name = format!("language {language}");
        checks.push(match pool.warm_up(language).await {
            Ok(_) => Check::new(name, true, "found, and its jail starts"),
            Err(error) => Check::new(name, false, whole(&error)),
        });
    }
    checks
}

/// What `run --check` checks with.
async fn type_checker(settings: &Settings, global: &Global) -> Check {
    let name = "type checker";
    let pool = Pool::new(PoolConfig { capacity: 1, ready: 0, ..PoolConfig::default() });
    let executor =
        compose::gateway(settings).and_then(|gateway| compose::executor(settings, global, pool, gateway));
    let executor = match executor {
        Ok(executor) => executor,
        Err(error) => return Check::new(name, false, error.report()),
    };
    match executor.type_checker().await {
        Ok(found) => Check::new(name, true, format!("{found}, and its jail starts")),
        Err(why) => Check::new(name, false, why).or("it is needed for `terraphim run --check` alone"),
    }
}

async fn walls(pool: &Pool) -> Vec<Check> {
    let jail = match pool.warm_up(Language::TypeScript).await {
        Ok(jail) => jail,
        Err(error) => return vec![Check::new("wall `process`", false, whole(&error)).or(unblock(&error))],
    };
    let missing = jail.missing();
    let detail = if missing.is_empty() {
        "every layer holds".to_owned()
    } else {
        format!("reduced, without {}: {}", missing.join(", "), jail.reduced)
    };
    let mut checks = vec![Check::new("wall `process`", true, detail)];
    for (layer, name) in Layers::ALL {
        let holds = jail.layers.contains(layer);
        let detail = if holds { "holds" } else { "missing" };
        checks.push(Check::new(format!("  {name}"), holds, detail).or(&lift(layer)));
    }
    checks
}

/// An error with everything that caused it.
fn whole(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// What lets the wall be built at all.
fn unblock(error: &SandboxError) -> &'static str {
    match error {
        SandboxError::Start { .. } if is_root() => {
            "start it as an ordinary user; root gives each jail an id of its own, from 61500 to 64499, and needs\n\
             the capabilities SETUID, SETGID and KILL, and in a user namespace a mapping for these ids"
        }
        _ => "report it together with what `uname -a` says",
    }
}

/// What lifts a missing layer on this machine.
fn lift(layer: Layers) -> String {
    if layer == Layers::LANDLOCK {
        return "needs Linux 5.13 or newer, with `landlock` in the kernel's lsm= list; a container's filter \
                has to let landlock_create_ruleset and landlock_restrict_self pass"
            .into();
    }
    let setting =
        |path: &str| fs::read_to_string(path).map(|text| text.trim().to_owned()).unwrap_or_default();
    if setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1" {
        return APPARMOR.into();
    }
    if setting("/proc/sys/kernel/unprivileged_userns_clone") == "0" {
        return "sysctl kernel.unprivileged_userns_clone=1".into();
    }
    if setting("/proc/sys/user/max_user_namespaces") == "0" {
        return "sysctl user.max_user_namespaces=10000".into();
    }
    let status = setting("/proc/self/status");
    if status.lines().any(|line| line.split_whitespace().eq(["Seccomp:", "2"])) {
        return FILTERED.into();
    }
    "let ordinary users make user namespaces and mount inside them; a chroot does not, whatever else allows it"
        .into()
}

const APPARMOR: &str = "\
AppArmor gives user namespaces no privileges; allow them to this program with the profile
  abi <abi/4.0>,
  include <tunables/global>
  profile terraphim /**/terraphim flags=(unconfined) { userns, }
in /etc/apparmor.d/terraphim, loaded by `apparmor_parser -r /etc/apparmor.d/terraphim`, or to every program with
  sysctl kernel.apparmor_restrict_unprivileged_userns=0";

const FILTERED: &str = "\
a system-call filter, as containers have one, keeps unshare or mount from this program; start the container with
  docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined
(Podman takes the same options; Kubernetes: seccompProfile and appArmorProfile of type Unconfined), or with a
filter that also allows unshare, mount, umount2, pivot_root and clone; no capability is needed";

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
}

fn who() -> Check {
    let detail = if is_root() {
        "started as root: each jail gets an unprivileged id before it starts, root is never inside"
    } else {
        "started as an ordinary user"
    };
    Check::new("privileges", true, detail)
}

fn other_walls() -> Vec<Check> {
    let planned = "not built yet; the process wall is used";
    vec![Check::new("wall `microvm`", false, planned), Check::new("wall `firecracker`", false, planned)]
}

async fn run(settings: &Settings, global: &Global, pool: Pool) -> Result<String, String> {
    let gateway = compose::gateway(settings).map_err(|error| error.report())?;
    let executor = compose::executor(settings, global, pool, gateway).map_err(|error| error.report())?;
    let request = ExecuteRequest::new("return 6 * 7", Language::TypeScript);
    let mut execution = executor.execute(request, &CancellationToken::new()).await;
    if let Some(error) = &execution.outcome.error {
        return Err(error.render("test"));
    }
    let counted = executor.account(&mut execution).await;
    let tokens = counted.map_or_else(
        |error| format!("tokens cannot be counted: {error}"),
        |()| "tokens can be counted".into(),
    );
    let usage = execution.outcome.usage;
    let mib = usage.peak_memory_bytes as f64 / f64::from(1 << 20);
    Ok(format!("{:.1} ms, {mib:.1} MiB; {tokens}", usage.wall_ms))
}

fn configuration(settings: &Settings) -> Vec<Check> {
    let named = match &settings.file {
        Some(file) => Check::new("settings", true, file.display().to_string()),
        None => Check::new("settings", true, "no terraphim.toml: there are no notes"),
    };
    let files: Vec<_> = settings.mcp_files.iter().map(|file| file.display().to_string()).collect();
    let files = if files.is_empty() { "no .mcp.json here or above".to_owned() } else { files.join(", ") };
    let mut checks = vec![named, Check::new("mcp servers from", true, files)];
    for entry in &settings.mcp.skipped {
        checks.push(Check::new(format!("  {}", entry.name), true, format!("left out: {}", entry.reason)));
    }
    checks
}

async fn servers(settings: &Settings) -> Vec<Check> {
    use terraphim_mcp_gateway::ServerState;
    let Ok(gateway) = compose::gateway(settings) else { return Vec::new() };
    let snapshot = gateway.catalogue(Some(std::time::Duration::from_secs(20))).await;
    gateway.shutdown().await;
    let checks = snapshot.servers.iter().map(|server| {
        let name = format!("  {}", server.name);
        match &server.state {
            ServerState::Ready => Check::new(name, true, format!("{} tools", server.tools.len())),
            ServerState::Loading => Check::new(name, false, "still starting after 20 s"),
            ServerState::Failed { reason } => Check::new(name, false, reason.clone()),
        }
    });
    checks.collect()
}
