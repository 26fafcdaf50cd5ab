//! What is said of a program before it runs.

use crate::place::Place;

/// Extension, program, and what its logs say of it; nothing where it is empty.
const SAID: &[(&str, &str, &str)] = &[
    (
        "ts",
        "import { up } from 'mcp-servers';\nif (Date.now() < 0) await up.ekho({ text: 'a' });\nreturn 1",
        "line 2: the server `up` has no tool `ekho`: did you mean echo",
    ),
    (
        "ts",
        "import { up } from 'mcp-servers';\nif (Date.now() < 0) await up.add({ left: 1, b: 2 });\nreturn 1",
        "line 2: `up.add` ",
    ),
    (
        "ts",
        "import { up } from 'mcp-servers';\nif (Date.now() < 0) await up.echo({ text: 'a' });\nreturn 1",
        "",
    ),
    ("ts", "const get = () => fetch('x');\nreturn 1", "line 1: `fetch` is not there: there is no network"),
    (
        "py",
        "from mcp_servers import up\ndef later():\n    up.ekho(text='a')\n1",
        "line 3: the server `up` has no tool `ekho`: did you mean echo",
    ),
    ("py", "import mcp_servers\ndef later():\n    mcp_servers.up.add(left=1, b=2)\n1", "line 3: `up.add` "),
    ("py", "from mcp_servers import up\ndef later():\n    up.echo(text='a')\n1", ""),
    ("py", "import subprocess\n1", "line 1: `subprocess` is of no use here: there are no other processes"),
];

#[test]
fn advice_comes_with_the_result_and_changes_nothing() {
    let place = Place::with_servers(&[("up", &[])]);
    let has_python = place.has_python();
    for (extension, program, said) in SAID.iter().filter(|(extension, ..)| has_python || *extension != "py") {
        let name = format!("p.{extension}");
        place.file(&name, program);
        let ran = place.terraphim(&["run", &name]);
        assert_eq!(ran.success(), "1\n", "{program}");
        match *said {
            "" => assert_eq!(ran.err, "", "{program}"),
            said => assert!(ran.err.starts_with(&format!("[warn] {said}")), "{program}: {}", ran.err),
        }
    }
}

#[test]
fn an_error_is_not_said_twice() {
    let place = Place::with_servers(&[("up", &[])]);
    let program = "import { up } from 'mcp-servers';\nreturn await up.ekho({})";
    let failed = place.run(program);
    assert_eq!(failed.failure(1).matches("has no tool").count(), 1, "{}", failed.err);
    let failed = place.run("return await fetch('x')");
    assert_eq!(failed.failure(1).matches("there is no network").count(), 1, "{}", failed.err);
}
