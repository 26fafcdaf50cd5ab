//! `doctor`, `completions`, `--help` and `--version`.

use serde_json::Value;

use crate::place::Place;

#[test]
fn the_doctor_runs_a_program_and_looks_at_the_servers() {
    let place = Place::with_servers(&[("up", &[]), ("gone", &["--crash-at-start"])]);
    place.file("terraphim.toml", "");
    let checks = place.terraphim(&["doctor", "--json"]).json();
    let check = |name: &str| -> &Value {
        let found = checks.as_array().expect("a list").iter().find(|check| check["name"] == name);
        found.unwrap_or_else(|| panic!("no `{name}`: {checks}"))
    };
    assert_eq!(check("run a program")["works"], true);
    for language in ["python", "bash", "rust", "node"] {
        let told = check(&format!("language {language}"));
        let detail = told["detail"].as_str().expect("a text");
        let there = told["works"] == true;
        assert!(there || detail.contains("install") || detail.contains("doctor"), "{language}: {detail}");
    }
    let detail = check("run a program")["detail"].as_str().expect("a text");
    assert!(detail.contains("tokens can be counted"), "{detail}");
    assert_eq!(check("wall `process`")["works"], true);
    assert_eq!(check("wall `microvm`")["works"], false);
    assert_eq!(check("settings")["detail"], place.project("terraphim.toml").display().to_string());
    assert_eq!(check("mcp servers from")["detail"], place.project(".mcp.json").display().to_string());
    assert_eq!((&check("  up")["works"], &check("  up")["detail"]), (&true.into(), &"13 tools".into()));
    assert_eq!(check("  gone")["works"], false);
    assert!(check("  gone")["detail"].as_str().is_some_and(|detail| detail.contains("status 7")));

    let ended = place.terraphim(&["doctor"]);
    let lines = ended.success();
    for (mark, name) in [("ok", "run a program"), ("--", "  gone"), ("ok", "  up")] {
        assert!(lines.lines().any(|line| line.starts_with(&format!("{mark}  {name} "))), "{name}: {lines}");
    }
}

#[test]
fn shells_get_completions() {
    let place = Place::new();
    for (shell, marks) in [
        ("bash", ["complete -F _terraphim", "--mcp-config"]),
        ("zsh", ["#compdef terraphim", "--mcp-config"]),
        ("fish", ["complete -c terraphim", "-l mcp-config"]),
    ] {
        let ended = place.terraphim(&["completions", shell]);
        let script = ended.success();
        for mark in marks.into_iter().chain(["doctor", "adopt"]) {
            assert!(script.contains(mark), "{shell}: {mark}");
        }
    }
}

#[test]
fn help_tells_what_each_command_is_for() {
    let place = Place::new();
    let help = |args: &[&str]| place.terraphim(&[args, &["--help"]].concat()).success().to_owned();
    for args in [&[][..], &["run"], &["adopt"]] {
        let text = help(args);
        let (_, examples) = text.split_once("Examples:\n").unwrap_or_else(|| panic!("no examples: {text}"));
        assert!(examples.lines().filter(|line| line.contains("terraphim ")).count() >= 3, "{text}");
    }
    assert!(
        help(&["run"]).contains("Exit codes: 0 result, 1 the program failed, 2 usage, 3 a limit was reached")
    );
    let commands = help(&[]);
    for command in ["run", "mcp", "tools", "adopt", "doctor", "bench", "completions"] {
        assert!(commands.contains(&format!("\n  {command} ")), "{command}: {commands}");
        assert!(help(&[command]).contains(&format!("Usage: terraphim {command}")), "{command}");
    }
    for hidden in ["token-helper", "bench-upstream"] {
        assert!(!commands.contains(hidden), "{hidden} is not for people");
    }
    for command in ["list", "search", "docs", "types"] {
        assert!(
            help(&["tools", command]).contains(&format!("Usage: terraphim tools {command}")),
            "{command}"
        );
    }
    let version = place.terraphim(&["--version"]);
    assert_eq!(version.success(), format!("terraphim {}\n", env!("CARGO_PKG_VERSION")));
}
