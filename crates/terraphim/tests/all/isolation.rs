//! Isolation between runs: the pairs of programs in `tests/isolation`, one
//! after the other and side by side in one host process, and what a file
//! cannot say: randomness, run ids, progress, accounts, two hosts.
#![expect(
    clippy::indexing_slicing,
    reason = "helpers of tests, which the exemption for tests does not reach"
)]

pub(crate) mod connection;
mod pair;

use std::{
    fs,
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use self::{
    connection::Connection,
    pair::{Pair, Program},
};
use crate::{place::Place, watch};

/// How many of each program of a pair run side by side.
const COPIES: usize = 4;

fn place() -> Place {
    Place::with_servers(&[("up", &[])])
}

/// How often the server has received a method.
fn received(place: &Place, method: &str) -> usize {
    let journal = fs::read_to_string(place.path("up.journal")).unwrap_or_default();
    journal.lines().filter(|line| *line == method).count()
}

/// The outcome of a request that ran a program.
fn outcome(connection: &Connection, id: u64) -> Value {
    connection.answer(id)["structuredContent"].clone()
}

/// Starts copies of A; those that are to be cancelled have a call under way then.
fn begin(place: &Place, connection: &mut Connection, a: &Program, copies: usize) -> Vec<u64> {
    let before = received(place, "tools/call");
    let ids: Vec<_> = (0..copies).map(|_| connection.send("execute_code", a.arguments())).collect();
    if a.is_cancelled() {
        watch::eventually("the calls of A are under way", || {
            received(place, "tools/call") >= before + copies * CALLS_OF_A_CANCELLED_RUN
        });
    }
    ids
}

/// Calls that a program with `ends: cancel` makes at once.
const CALLS_OF_A_CANCELLED_RUN: usize = 4;

/// Waits for the end of A, or takes it back and waits until its server knows.
fn end(place: &Place, connection: &mut Connection, a: &Program, ids: &[u64]) {
    if !a.is_cancelled() {
        ids.iter().for_each(|id| a.check_end(&outcome(connection, *id)));
        return;
    }
    let cancelled = "notifications/cancelled";
    let before = received(place, cancelled);
    ids.iter().for_each(|id| connection.cancel(*id));
    watch::eventually("the server is told of the end of A", || {
        received(place, cancelled) >= before + ids.len() * CALLS_OF_A_CANCELLED_RUN
    });
}

#[test]
fn a_run_sees_nothing_of_the_one_before() {
    let place = place();
    let mut connection = Connection::open(&place);
    for Pair { a, b } in Pair::all() {
        let ids = begin(&place, &mut connection, &a, 1);
        end(&place, &mut connection, &a, &ids);
        let seen = connection.call("execute_code", b.arguments());
        b.check_alone(&seen["structuredContent"]);
    }
}

#[test]
fn a_run_sees_nothing_of_those_beside_it() {
    let place = place();
    let mut connection = Connection::open(&place);
    for Pair { a, b } in Pair::all() {
        let first = begin(&place, &mut connection, &a, COPIES / 2);
        let mut seen: Vec<_> =
            (0..COPIES / 2).map(|_| connection.send("execute_code", b.arguments())).collect();
        let second = begin(&place, &mut connection, &a, COPIES / 2);
        seen.extend((0..COPIES / 2).map(|_| connection.send("execute_code", b.arguments())));
        seen.into_iter().for_each(|id| b.check_alone(&outcome(&connection, id)));
        end(&place, &mut connection, &a, &[first, second].concat());
    }
}

/// Numbers drawn by each run of [`streams_of_random_numbers`].
const DRAWN: usize = 1_000;

/// Each in 0..1, of runs side by side.
fn streams_of_random_numbers(runs: usize) -> Vec<Vec<f64>> {
    const SCALE: u32 = 1 << 26;
    let place = Place::new();
    let mut connection = Connection::open(&place);
    let code = format!("return Array.from({{ length: {DRAWN} }}, () => Math.floor(Math.random() * {SCALE}))");
    let ids: Vec<_> = (0..runs).map(|_| connection.send("execute_code", json!({ "code": code }))).collect();
    let streams = ids.into_iter().map(|id| {
        let numbers: Vec<f64> =
            serde_json::from_value(outcome(&connection, id)["result"].clone()).expect("a list of numbers");
        numbers.into_iter().map(|number| (number + 0.5) / f64::from(SCALE)).collect()
    });
    streams.collect()
}

/// The mean of the products of two streams, scaled so that independent uniform
/// ones have a normal distribution of width one.
fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let products: f64 = one.iter().zip(other).map(|(a, b)| (a - 0.5) * (b - 0.5)).sum();
    products * 12.0 / (one.len().min(other.len()) as f64).sqrt()
}

/// Beyond six widths a sound source is found once in 500 million looks.
const WIDTHS: f64 = 6.0;

#[test]
fn streams_of_randomness_have_nothing_in_common() {
    let streams = streams_of_random_numbers(24);
    for (index, stream) in streams.iter().enumerate() {
        assert_eq!(stream.len(), DRAWN);
        let count = DRAWN as f64;
        let mean = stream.iter().sum::<f64>() / count;
        let width = (mean - 0.5) * (12.0 * count).sqrt();
        assert!(width.abs() < WIDTHS, "the mean of stream {index} is {mean}");
        let mut buckets = [0.0_f64; 10];
        stream.iter().for_each(|number| buckets[(number * 10.0) as usize] += 1.0);
        let chi_square: f64 = buckets.iter().map(|held| (held - count / 10.0).powi(2) / (count / 10.0)).sum();
        // Nine degrees of freedom: once in 10 million.
        assert!(chi_square < 50.0, "stream {index} is not even: {buckets:?}");
        for lag in 1..4 {
            let own = correlation(&stream[lag..], stream);
            assert!(own.abs() < WIDTHS, "stream {index} repeats itself at {lag}: {own}");
        }
        for (later, other) in streams.iter().enumerate().skip(index + 1) {
            for (one, two) in [(stream, other), (other, stream)] {
                for lag in 0..3 {
                    let both = correlation(&one[lag..], two);
                    assert!(both.abs() < WIDTHS, "streams {index} and {later} at {lag}: {both}");
                }
            }
        }
    }
    let mut all = streams.concat();
    let total = all.len();
    all.sort_by(f64::total_cmp);
    all.dedup();
    // 24,000 numbers of 2^26: about four meet by chance.
    assert!(total - all.len() < 40, "{} numbers came twice", total - all.len());
}

#[test]
fn run_ids_cannot_be_guessed_and_open_nothing_elsewhere() {
    let place = place();
    let (mut one, mut two) = (Connection::open(&place), Connection::open(&place));
    let ids: Vec<String> = (0..64)
        .map(|n| {
            let connection = if n % 2 == 0 { &mut one } else { &mut two };
            connection.run("return 1")["run_id"].as_str().expect("an id").to_owned()
        })
        .collect();
    let digits: Vec<Vec<u8>> =
        ids.iter().map(|id| id.strip_prefix("run_").expect("an id").bytes().collect()).collect();
    assert!(digits.iter().all(|digits| digits.len() == 32), "128 bits each: {ids:?}");
    for position in 0..32 {
        let mut seen: Vec<_> = digits.iter().map(|digits| digits[position]).collect();
        seen.sort_unstable();
        seen.dedup();
        // Of 64 even draws of 16, fewer than 8 kinds come once in 10^13.
        assert!(seen.len() >= 8, "digit {position} hardly changes: {ids:?}");
    }
    let own = one.call("wait", json!({ "run_id": ids[62] }));
    assert_eq!(own["structuredContent"]["result"], 1, "{own}");
    for foreign in [&ids[63], &ids[1], &"run_00000000000000000000000000000000".to_owned()] {
        let refused = one.call("wait", json!({ "run_id": foreign }));
        assert_eq!(refused["isError"], true, "{refused}");
        assert_eq!(refused["structuredContent"], Value::Null, "{refused}");
        let text = refused["content"][0]["text"].as_str().expect("a text");
        assert!(text.starts_with(&format!("there is no run `{foreign}`")), "{text}");
    }
}

#[test]
fn progress_goes_to_the_run_that_was_asked_about() {
    let place = place();
    let mut connection = Connection::open(&place);
    let code = |n: u32| json!({ "code": format!("import {{ up }} from 'mcp-servers'\nreturn up.slow({{ ms: {n} }})") });
    let watched = [
        ("token of A", connection.send_watched("execute_code", code(1_300), "token of A")),
        ("token of B", connection.send_watched("execute_code", code(1_400), "token of B")),
    ];
    let silent = connection.send("execute_code", code(1_500));
    for (_, id) in watched {
        assert_eq!(connection.answer(id)["isError"], false);
    }
    connection.answer(silent);
    let progress = connection.progress();
    for (token, _) in watched {
        let own: Vec<_> = progress.iter().filter(|told| told["progressToken"] == token).collect();
        assert!(own.len() >= 2, "at the start and after a second: {progress:?}");
        assert!(
            own.iter()
                .all(|told| told["message"].as_str().is_some_and(|text| text.starts_with("running for ")))
        );
    }
    let foreign: Vec<_> = progress
        .iter()
        .filter(|told| watched.iter().all(|(token, _)| told["progressToken"] != *token))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
}

#[test]
fn two_hosts_share_the_workspace_and_nothing_else() {
    let place = place();
    let (mut one, mut two) = (Connection::open(&place), Connection::open(&place));
    let saved = one.run(
        "import { workspace } from 'mcp-runtime'
        globalThis.leak = 1
        await workspace.saveData('given', { by: 'one' })
        return 'x'.repeat(100_000)",
    );
    let kept = saved["result"]["path"].as_str().expect("a long result is kept");
    let name = kept.strip_prefix("results/").expect("in its folder");
    let seen = two.run(&format!(
        "import {{ workspace }} from 'mcp-runtime'
        const long = await workspace.loadData('{name}').then(() => 'read', error => error.message)
        return {{ given: await workspace.loadData('given'), list: await workspace.list(), long, leak: typeof leak }}"
    ));
    let expected = json!({
        "given": { "by": "one" },
        "list": ["given"],
        "long": format!("nothing is kept under `{name}`; there are given"),
        "leak": "undefined",
    });
    assert_eq!(seen["result"], expected, "{seen}");
    // Both write one name at the same time: whoever reads gets one of the values, whole.
    let writing = |by: &str| {
        json!({ "code": format!(
            "import {{ workspace }} from 'mcp-runtime'
            for (let n = 0; n < 40; n++) await workspace.saveData('fought', '{by}'.repeat(5_000))
            return 1"
        ) })
    };
    let reading = "import { workspace } from 'mcp-runtime'
        const seen = new Set()
        for (let n = 0; n < 80; n++) {
          const text = await workspace.loadData('fought').catch(() => undefined)
          if (text !== undefined) seen.add(text.length + [...new Set(text)].join(''))
        }
        return [...seen].filter(text => text !== '5000a' && text !== '5000b')";
    let ids = [one.send("execute_code", writing("a")), two.send("execute_code", writing("b"))];
    assert_eq!(one.run(reading)["result"], json!([]));
    assert_eq!(outcome(&one, ids[0])["error"], Value::Null);
    assert_eq!(outcome(&two, ids[1])["error"], Value::Null);
    assert_eq!(two.run(reading)["result"], json!([]));
}

/// The line about tokens with which the answer of a run closes, once they are counted.
fn token_line(connection: &mut Connection, code: &str) -> String {
    let mut answer = connection.call("execute_code", json!({ "code": code }));
    let id = answer["structuredContent"]["run_id"].clone();
    let mut line = String::new();
    watch::eventually("the tokens are counted", || {
        let text = answer["content"][0]["text"].as_str().expect("a text");
        line = text.rsplit("; tokens: ").next().expect("a closing line").to_owned();
        let pending = line.contains("pending");
        if pending {
            answer = connection.call("wait", json!({ "run_id": id }));
        }
        !pending
    });
    line
}

#[test]
fn a_look_up_is_counted_for_one_program_only() {
    let place = place();
    let program = "import { up } from 'mcp-servers'\nreturn (await up.add({ a: 1, b: 2 })).sum";
    // The catalogue is known before anything is counted.
    let prepare = |connection: &mut Connection| connection.call("search_tools", json!({ "query": "add" }));
    let mut alone = Connection::open(&place);
    prepare(&mut alone);
    token_line(&mut alone, program);
    let plain = token_line(&mut alone, program);
    let mut other = Connection::open(&place);
    prepare(&mut other);
    prepare(&mut other);
    let with_look_ups = token_line(&mut other, program);
    assert_ne!(with_look_ups, plain, "two look-ups are counted for the next program");
    assert_eq!(token_line(&mut other, program), plain, "and for that one only");
    // What another connection looks up is not counted here.
    prepare(&mut other);
    assert_eq!(token_line(&mut alone, program), plain);
}

#[test]
fn the_clock_of_a_run_begins_with_it() {
    let place = Place::new();
    let mut connection = Connection::open(&place);
    // The process from which runs are forked is older than the second run.
    connection.run("return 1");
    let before = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis() as f64;
    let origin = connection.run("return performance.timeOrigin")["result"].as_f64();
    assert!(origin.is_some_and(|origin| origin >= before), "{origin:?} is before {before}");
}

/// In whatever surroundings this runs: if a layer is missing, every answer says which and why.
#[test]
fn a_reduced_wall_is_named_wherever_a_run_is() {
    let place = Place::new();
    let checks = place.terraphim(&["doctor", "--json"]).json();
    let wall = checks.as_array().expect("a list").iter().find(|check| check["name"] == "wall `process`");
    let detail = wall.expect("the wall")["detail"].as_str().expect("a text");
    let reduced = detail.strip_prefix("reduced, ");
    assert!(reduced.is_some() || detail == "every layer holds", "{detail}");
    let ended = place.run("return 1");
    let warning = reduced.map_or_else(String::new, |reason| {
        format!("warning: the wall is reduced, {reason}; see `terraphim doctor`\n")
    });
    assert_eq!((ended.success(), ended.err.as_str()), ("1\n", warning.as_str()));
    let expected = match reduced {
        Some(reason) => json!({ "name": "process", "reduced": reason }),
        None => json!({ "name": "process" }),
    };
    assert_eq!(place.run_with("return 1", &["--json"]).outcome(0)["wall"], expected);
    assert_eq!(place.run_with("throw 1", &["--json"]).outcome(1)["wall"], expected);
    let mut connection = Connection::open(&place);
    for code in ["return 1", "throw 1"] {
        let answer = connection.call("execute_code", json!({ "code": code }));
        assert_eq!(answer["structuredContent"]["wall"], expected, "{answer}");
        let text = answer["content"][0]["text"].as_str().expect("a text");
        match reduced {
            Some(reason) => assert!(text.ends_with(&format!("; the wall is reduced, {reason}")), "{text}"),
            None => assert!(!text.contains("reduced"), "{text}"),
        }
    }
}
