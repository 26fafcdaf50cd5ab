//! Which crate may depend on which. The table is the whole truth: an arrow
//! between two crates of the project that is not in it fails the gate.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Report;
use crate::{error::Error, tree};

/// What every name of a product crate but the binary's opens with.
const PREFIX: &str = "terraphim_";

/// The vocabulary. Every crate of the host may use it; the guest's side has none.
const TYPES: &str = "types";

/// Crate, and the crates that it may depend on besides the vocabulary.
const ARROWS: &[(&str, &[&str])] = &[
    ("mcp_server", &["code_execution", "mcp_codegen", "mcp_gateway", "skills"]),
    ("notes", &["kg", "mcp_gateway", "persistence"]),
    ("multi_agent", &["agent_supervisor", "code_execution", "persistence"]),
    ("agent_supervisor", &["persistence"]),
    ("code_execution", &["mcp_codegen", "mcp_gateway", "persistence", "sandbox", "skills"]),
    ("mcp_gateway", &["mcp_codegen", "persistence"]),
    // What Rust programs are linked with is tested against the protocol itself.
    ("mcp_codegen", &["sandbox_protocol"]),
    ("extract", &[]),
    ("skills", &["persistence"]),
    ("persistence", &[]),
    ("kg", &[]),
    ("sandbox", &["sandbox_protocol"]),
    ("sandbox_protocol", &[]),
    ("guest", &["sandbox_protocol"]),
    ("hostile_guest", &["guest", "sandbox_protocol"]),
    ("types", &[]),
];

/// Crates that link no vocabulary, because the guest links them.
const GUEST_SIDE: &[&str] = &["guest", "hostile_guest", "sandbox_protocol", "types"];

/// The crate that stands above all others, and its exceptions: the guest is
/// embedded as bytes, not linked.
const BINARY: &str = "terraphim";

/// Crates that stand outside: they use nothing of the product.
const OUTSIDE: &[&str] = &["xtask", "terraphim_test_upstream"];

/// The crates that any other may use in its tests.
const TEST_SUPPORT: &[&str] = &["terraphim_test_upstream", "terraphim_hostile_guest"];

/// The guest that attacks: it enters the jail by the guest's own code.
const HOSTILE_GUEST: &str = "terraphim_hostile_guest";

/// A dependency of one crate of the project on another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    to: String,
    in_tests: bool,
}

/// Holds what cargo knows against the table.
pub(super) fn gate() -> Result<Report, Error> {
    let metadata = tree::metadata()?;
    let (names, arrows) = first_party(&metadata);
    if names.is_empty() {
        let complaint = "it names no packages".into();
        return Err(Error::Unreadable { what: "the answer of `cargo metadata`".into(), complaint });
    }
    let mut findings: Vec<_> = names.iter().filter_map(|name| unknown(name)).collect();
    findings.extend(arrows.iter().filter_map(violation));
    findings.extend(cycle(&arrows));
    Ok(Report::of(findings))
}

/// The workspace's packages and the arrows between them.
fn first_party(metadata: &Value) -> (BTreeSet<String>, BTreeSet<Arrow>) {
    let list =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_array).cloned().unwrap_or_default();
    let text =
        |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let packages = list(metadata, "packages");
    let names: BTreeSet<_> = packages.iter().map(|package| text(package, "name")).collect();
    let mut arrows = BTreeSet::new();
    for package in &packages {
        for dependency in list(package, "dependencies") {
            let to = text(&dependency, "name");
            if names.contains(&to) {
                let in_tests = text(&dependency, "kind") == "dev";
                arrows.insert(Arrow { from: text(package, "name"), to, in_tests });
            }
        }
    }
    (names, arrows)
}

fn allowed(name: &str) -> Option<&'static [&'static str]> {
    let short = name.strip_prefix(PREFIX)?;
    ARROWS.iter().find(|(from, _)| *from == short).map(|(_, to)| *to)
}

fn unknown(name: &str) -> Option<String> {
    let known = name == BINARY || OUTSIDE.contains(&name) || allowed(name).is_some();
    (!known).then(|| {
        format!("{name} is not in the table of xtask/src/ci/dependencies.rs: say what it may depend on")
    })
}

/// The rule that an arrow breaks.
fn violation(arrow: &Arrow) -> Option<String> {
    let Arrow { from, to, in_tests } = arrow;
    let told = |rule: &str| Some(format!("{from} -> {to}: {rule}"));
    if TEST_SUPPORT.contains(&to.as_str()) {
        return if *in_tests { None } else { told("test support is a dependency of tests only") };
    }
    if OUTSIDE.contains(&from.as_str()) {
        return told("it stands outside the product and uses nothing of it");
    }
    let Some(short) = to.strip_prefix(PREFIX) else {
        return told("nothing depends on the binary or on xtask");
    };
    if short == "guest" && from != HOSTILE_GUEST {
        return told("the guest is embedded as bytes and linked by the hostile guest alone");
    }
    if from == BINARY {
        return None;
    }
    let from_short = from.strip_prefix(PREFIX).unwrap_or(from);
    let granted = allowed(from).unwrap_or_default();
    let vocabulary = short == TYPES && !GUEST_SIDE.contains(&from_short);
    // A test makes what its crate is handed, so it may name what stands further below.
    if vocabulary || granted.contains(&short) || (*in_tests && reaches(from_short, short)) {
        return None;
    }
    if from_short == "guest" {
        return told("the guest links only the protocol");
    }
    let granted = if granted.is_empty() { "nothing".to_owned() } else { granted.join(", ") };
    told(&format!("{from_short} may depend on {granted}"))
}

/// Whether the table leads from one crate to another.
fn reaches(from: &str, to: &str) -> bool {
    let next = ARROWS.iter().filter(|(name, _)| *name == from).flat_map(|(_, below)| below.iter());
    next.into_iter().any(|next| *next == to || reaches(next, to))
}

/// The first circle that is found, those of tests included.
fn cycle(arrows: &BTreeSet<Arrow>) -> Option<String> {
    let mut graph: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for arrow in arrows {
        graph.entry(&arrow.from).or_default().push(&arrow.to);
    }
    let mut done = BTreeSet::new();
    graph.keys().find_map(|start| circle(start, &graph, &mut Vec::new(), &mut done))
}

fn circle<'g>(
    name: &'g str,
    graph: &BTreeMap<&'g str, Vec<&'g str>>,
    path: &mut Vec<&'g str>,
    done: &mut BTreeSet<&'g str>,
) -> Option<String> {
    if let Some(at) = path.iter().position(|passed| *passed == name) {
        let circle = path.iter().skip(at).chain([&name]).copied().collect::<Vec<_>>();
        return Some(format!("{}: the graph of crates has no circle", circle.join(" -> ")));
    }
    if done.contains(name) {
        return None;
    }
    path.push(name);
    let found = graph.get(name).into_iter().flatten().find_map(|next| circle(next, graph, path, done));
    path.pop();
    done.insert(name);
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn arrow(from: &str, to: &str) -> Arrow {
        let full = |name: &str| match name {
            BINARY | "xtask" => name.to_owned(),
            _ => format!("{PREFIX}{name}"),
        };
        Arrow { from: full(from), to: full(to), in_tests: false }
    }

    #[test]
    fn what_the_table_grants_passes() {
        for (from, to) in
            [("terraphim", "notes"), ("notes", "kg"), ("kg", "types"), ("guest", "sandbox_protocol")]
        {
            assert_eq!(violation(&arrow(from, to)), None, "{from} -> {to}");
        }
        let in_tests = Arrow { in_tests: true, ..arrow("mcp_gateway", "test_upstream") };
        assert_eq!(violation(&in_tests), None);
        let further_below = Arrow { in_tests: true, ..arrow("mcp_server", "sandbox") };
        assert_eq!(violation(&further_below), None);
        let above = Arrow { in_tests: true, ..arrow("sandbox", "mcp_server") };
        assert!(violation(&above).is_some());
    }

    #[test]
    fn every_other_arrow_names_its_rule() {
        for (from, to, rule) in [
            ("guest", "types", "the guest links only the protocol"),
            ("sandbox_protocol", "types", "sandbox_protocol may depend on nothing"),
            ("sandbox", "mcp_gateway", "sandbox may depend on sandbox_protocol"),
            (
                "mcp_server",
                "sandbox",
                "mcp_server may depend on code_execution, mcp_codegen, mcp_gateway, skills",
            ),
            ("kg", "notes", "kg may depend on nothing"),
            ("sandbox", "hostile_guest", "test support is a dependency of tests only"),
            ("sandbox", "guest", "the guest is embedded as bytes and linked by the hostile guest alone"),
            ("terraphim", "guest", "the guest is embedded as bytes and linked by the hostile guest alone"),
            ("notes", "terraphim", "nothing depends on the binary or on xtask"),
            ("xtask", "types", "it stands outside the product and uses nothing of it"),
            ("test_upstream", "types", "it stands outside the product and uses nothing of it"),
            ("mcp_gateway", "test_upstream", "test support is a dependency of tests only"),
        ] {
            let arrow = arrow(from, to);
            let told = format!("{} -> {}: {rule}", arrow.from, arrow.to);
            assert_eq!(violation(&arrow), Some(told));
        }
        assert!(unknown("terraphim_extra").is_some_and(|told| told.starts_with("terraphim_extra is not in")));
        assert_eq!(unknown("terraphim_kg"), None);
    }

    #[test]
    fn circles_are_shown_whole() {
        let chain = BTreeSet::from([arrow("notes", "kg"), arrow("kg", "types"), arrow("notes", "types")]);
        assert_eq!(cycle(&chain), None);
        let circle = BTreeSet::from([arrow("kg", "types"), arrow("types", "notes"), arrow("notes", "kg")]);
        let told = cycle(&circle).expect("a circle");
        assert_eq!(
            told,
            "terraphim_kg -> terraphim_types -> terraphim_notes -> terraphim_kg: the graph of crates has no circle"
        );
    }

    #[test]
    fn the_table_itself_has_no_circle_and_no_stranger() {
        let named: BTreeSet<_> = ARROWS.iter().map(|(from, _)| *from).collect();
        let arrows = ARROWS.iter().flat_map(|(from, to)| to.iter().map(|to| arrow(from, to)));
        assert_eq!(cycle(&arrows.collect()), None);
        for (from, to) in ARROWS {
            assert!(to.iter().all(|to| named.contains(to)), "{from} names a crate that is not in the table");
        }
    }

    #[test]
    fn arrows_are_read_from_metadata() {
        let metadata = json!({ "packages": [
            { "name": "terraphim_kg", "dependencies": [
                { "name": "serde", "kind": null },
                { "name": "terraphim_types", "kind": null },
                { "name": "terraphim_test_upstream", "kind": "dev" } ] },
            { "name": "terraphim_types", "dependencies": [] },
            { "name": "terraphim_test_upstream", "dependencies": [] } ] });
        let (names, arrows) = first_party(&metadata);
        assert_eq!(names.len(), 3);
        let in_tests = Arrow { in_tests: true, ..arrow("kg", "test_upstream") };
        assert_eq!(arrows, BTreeSet::from([arrow("kg", "types"), in_tests]));
    }
}
