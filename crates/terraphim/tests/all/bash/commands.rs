//! `mcp`, as a Bash program uses it.

use serde_json::json;

use super::bash;
use crate::place::Place;

#[test]
fn tools_are_called_one_by_one_and_at_once() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_bash() {
        return;
    }
    let program = r#"
set -euo pipefail
one=$(mcp call up.echo text=a)
for n in $(seq 12); do mcp call up.echo text="n$n" > "/tmp/$n" & done
wait
many=$(cat /tmp/[0-9]* | jq -s 'sort | unique | length')
[ "$(mcp call up.echo --json '{"text": "a"}')" = "$one" ]
[ "$(echo '{"text": "b"}' | mcp call up.echo --json - text=a)" = "$one" ]
echo '{"kept": [1]}' | mcp save thing > /dev/null
kept=$(mcp load thing | jq -c .kept)
names=$(mcp list)
if mcp call up.add a:=1 b=2 2> /tmp/err; then exit 9; fi
docs=$(mcp docs up.add | jq -r '.docs[0].signature')
mcp search echo --server up --limit 1 | jq -e '.tools[0].name == "up.echo"' > /dev/null
jq -nc --argjson one "$one" --argjson many "$many" --argjson kept "$kept" --argjson names "$names" \
  --arg err "$(cat /tmp/err)" --arg docs "$docs" '$ARGS.named'
"#;
    let told = bash(&place, program, &[]).json();
    assert_eq!(told["many"], 12, "{told}");
    assert_eq!(told["kept"], json!([1]));
    assert_eq!(told["names"], json!(["thing"]));
    assert_eq!(told["docs"], "mcp call up.add a:=number b:=number");
    let said = "mcp: the arguments of `up.add` are not valid: ";
    assert!(told["err"].as_str().expect("a text").starts_with(said), "{told}");
    assert!(told["err"].as_str().expect("a text").contains("hint: name=value is a text"), "{told}");
    assert!(told["one"].to_string().contains('a'), "{told}");
}

#[test]
fn the_broker_survives_garbage() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_bash() {
        return;
    }
    let program = r#"
for fd in $(seq 3 255); do { echo garbage >&$fd; } 2>/dev/null; done
for n in $(seq 100); do echo "$n" >&9; done
head -c 100000 /dev/urandom >&9 2>/dev/null
for n in $(seq 20); do (mcp call up.echo text=x > /dev/null & kill -9 $!) 2>/dev/null; done
yes | head -c 19000000 | tr -d '\n' | jq -Rsc '{text: .}' | mcp call up.echo --json - 2>&1 | head -1
mcp call up.echo text=a > /dev/null && echo fine
"#;
    let told = bash(&place, program, &[]).json();
    let told = told.as_str().expect("a text");
    assert!(told.contains("more than 8388608 bytes") && told.ends_with("fine"), "{told}");
}

#[test]
fn the_command_tells_how_it_is_used() {
    let place = Place::with_servers(&[("up", &[]), ("other", &["--crash-at-start"])]);
    if !place.has_bash() {
        return;
    }
    let program = r#"
mcp --help > /tmp/help
[ "$(mcp)" = "$(cat /tmp/help)" ] && [ "$(mcp call --help)" = "$(cat /tmp/help)" ]
jq -n --arg help "$(cat /tmp/help)" --arg tool "$(mcp call --help up.add)" --arg docs "$(mcp docs --text up.add)" \
  --argjson servers "$(mcp docs)" --arg listed "$(mcp docs --text)" \
  --arg found "$(mcp search add --server up --text)" --argjson json "$(mcp search add --server up --json)" '$ARGS.named'
"#;
    let told = bash(&place, program, &[]).json();
    let text = |name: &str| told[name].as_str().expect("a text").to_owned();
    for words in ["mcp docs", "name=@file", "3 the call is not permitted", "for people with --text"] {
        assert!(text("help").contains(words), "{words}: {}", text("help"));
    }
    assert!(text("tool").starts_with("mcp call up.add a:=number b:=number\n"), "{told}");
    assert_eq!(text("tool"), text("docs"));
    let servers = told["servers"]["servers"].as_array().expect("servers");
    let of = |name: &str| servers.iter().find(|one| one["server"] == name).expect(name);
    assert!(of("up")["tools"].as_u64().is_some_and(|count| count > 5), "{told}");
    assert!(of("other")["error"].is_string() && of("other")["tools"].is_null(), "{told}");
    assert!(text("listed").contains(&format!("up  {} tools", of("up")["tools"])), "{told}");
    assert!(text("found").lines().any(|line| line.starts_with("up.add")), "{told}");
    assert_eq!(told["json"]["tools"][0]["name"], "up.add");
}

#[test]
fn exit_codes_tell_why_a_command_failed() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_bash() {
        return;
    }
    for (command, code) in [
        ("mcp call up.echo", 0),
        ("mcp call up.fail", 1),
        ("mcp load nothing", 1),
        ("mcp fetch", 2),
        ("mcp call up", 2),
        ("mcp call up.nothing", 2),
        ("mcp call nothing.echo", 2),
        ("mcp call up.add a:=1", 2),
        ("mcp call up.add a:=1 b:=x", 2),
        ("mcp docs up.nothing", 2),
        ("mcp call up.write_note title=a text=b", 3),
    ] {
        let program = format!("{command} > /dev/null 2> /tmp/err; echo \"[$?, $(wc -l < /tmp/err)]\"");
        let told = bash(&place, &program, &[]).json();
        assert_eq!(told[0], code, "{command}");
        assert_eq!(told[1] == 0, code == 0, "{command} says {told}");
    }
}

#[test]
fn arguments_are_read_from_files_and_from_standard_input() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_bash() {
        return;
    }
    let program = r#"
printf 'two\nlines \xe6\x97\xa5\n' > text.txt
echo '{"deep": [1, "@x"]}' > value.json
printf '\xff' > binary
all=$(echo 'of stdin' | mcp call up.echo text=@text.txt value:=@value.json in=- mail='a@b' at:='"@x"')
json=$(mcp call up.echo --json @value.json more:=- <<< '[2]')
failed=()
for argument in text=@nowhere text=@binary text=@/ value:=@text.txt in=- 'a=- b=-'; do
  told=$(mcp call up.echo $argument 2>&1 < /dev/null) || failed+=("$? ${told%%$'\n'*}")
done
jq -n --argjson all "$all" --argjson json "$json" '{$all, $json, failed: $ARGS.positional}' --args "${failed[@]}"
"#;
    let told = bash(&place, program, &[]).json();
    let all = json!({
        "text": "two\nlines 日\n", "value": { "deep": [1, "@x"] }, "in": "of stdin\n", "mail": "a@b", "at": "@x",
    });
    assert_eq!(told["all"], all);
    assert_eq!(told["json"], json!({ "deep": [1, "@x"], "more": [2] }));
    let failed: Vec<_> =
        told["failed"].as_array().expect("a list").iter().map(|one| one.as_str().unwrap()).collect();
    let words =
        ["No such file", "valid UTF-8", "directory", "is no JSON", "which is empty", "which is empty"];
    assert_eq!(failed.len(), words.len(), "{told}");
    for (failed, words) in failed.iter().zip(words) {
        assert!(failed.starts_with("2 mcp: ") && failed.contains(words), "{failed}");
    }
}

#[test]
fn a_program_is_warned_before_it_runs() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_bash() {
        return;
    }
    // The server has started by the end of the program.
    let program = "mcp call up.echo > /dev/null; echo first >&2\ncurl -s https://example.org || true\nif false; then mcp call up.ad; fi
if false; then x=$(mcp call upp.add); fi\npip() { :; }\npip install x\necho 'wget x' # git clone";
    let outcome = bash(&place, program, &["--json"]).json();
    let logs = outcome["logs"].as_str().expect("logs");
    let lines: Vec<_> = logs.lines().collect();
    let words = [
        "[warn] line 2: there is no `curl`: a program has no network",
        "[warn] line 3: the server `up` has no tool `ad`: did you mean add?",
        "[warn] line 4: there is no server `upp`: did you mean up?",
        "first",
        "program.sh: line 2: curl: command not found",
    ];
    assert_eq!(lines.len(), words.len(), "{logs}");
    for words in words {
        assert!(lines.iter().any(|line| line.starts_with(words)), "{words}: {logs}");
    }
    assert_eq!(outcome["result"], "wget x");
}

#[test]
fn a_failure_keeps_all_its_lines() {
    let place = Place::new();
    if !place.has_bash() {
        return;
    }
    let program =
        "{ echo 'mcp: line 0'; seq -f '  line %g' 50; echo 'hint: one'; echo '  two'; } >&2\nexit 1";
    let outcome = bash(&place, program, &["--json"]).outcome(1);
    let lines: Vec<_> = (0..=50).map(|n| format!("line {n}")).collect();
    assert_eq!(outcome["error"]["message"], lines.join("\n"));
    assert_eq!(outcome["error"]["hint"], "one\ntwo");
    assert_eq!(outcome["error"]["kind"], "tool");
    assert_eq!(outcome["error"]["line"], 2);
}

#[test]
fn a_tool_that_came_during_the_run_can_be_called() {
    let place = Place::with_servers(&[("up", &[])]);
    if !place.has_bash() {
        return;
    }
    let program = "set -e
mcp call up.echo > /dev/null
before=$(mcp search --server up --limit 50 | jq .total)
mcp call up.grow > /dev/null
until [ \"$(mcp search --server up --limit 50 | jq .total)\" -gt \"$before\" ]; do sleep 0.05; done
mcp call up.grown_0 text=x";
    let ended = bash(&place, program, &["--timeout", "20s"]);
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
}
