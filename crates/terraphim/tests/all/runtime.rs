//! What a program finds around it: logs, timers, randomness, helpers, and nothing of the host.

use serde_json::json;

use crate::place::Place;

#[test]
fn logs_go_to_standard_error_with_head_and_tail_kept() {
    let place = Place::new();
    let program = "
for (let i = 0; i < 5000; i++) console.log('line ' + i);
console.warn('careful');
console.error('broken', { a: [1, { b: 'x' }], f() {} }, null, new Error('why').message);
return 'done'";
    let ended = place.run(program);
    assert_eq!(ended.json(), "done");
    let lines: Vec<_> = ended.err.lines().collect();
    assert_eq!(lines[..3], ["line 0", "line 1", "line 2"]);
    let cut = lines.iter().position(|line| line.starts_with("... ")).expect("a note where lines are missing");
    let dropped: usize = lines[cut].split(' ').nth(1).and_then(|n| n.parse().ok()).expect("a number");
    assert_eq!(lines.len() - 1 + dropped, 5002, "every line is kept or counted");
    assert_eq!(lines[cut + 1], format!("line {}", cut + dropped), "the tail goes on where the gap ends");
    assert_eq!(
        lines[lines.len() - 3..],
        ["line 4999", "[warn] careful", r#"[error] broken {a: [1, {b: "x"}], f: [function f]} null why"#]
    );
    assert!(ended.err.len() < 7 << 10, "{}", ended.err.len());
}

#[test]
fn a_text_is_logged_as_it_is() {
    let place = Place::new();
    let ended = place.run("console.log('a\\nb', 'c\\td')\nreturn 1");
    assert_eq!(ended.json(), 1);
    assert_eq!(ended.err, "a\nb c\td\n");
}

#[test]
fn timers_fire_in_their_order() {
    let place = Place::new();
    let program = "
const order: string[] = [];
const began = Date.now();
setTimeout((name: string) => order.push(name), 40, 'second');
setTimeout(() => order.push('first'), 10);
const never = setTimeout(() => order.push('never'), 20);
clearTimeout(never);
let ticks = 0;
const ticking = setInterval(() => { if (++ticks === 3) clearInterval(ticking); }, 5);
await new Promise(resolve => setTimeout(resolve, 80));
return { order, ticks, waited: Date.now() - began >= 80 }";
    assert_eq!(
        place.run(program).json(),
        json!({ "order": ["first", "second"], "ticks": 3, "waited": true })
    );
}

#[test]
fn randomness_differs_between_runs() {
    let place = Place::new();
    let program = "return [Math.random(), Math.random()]";
    let numbers = || -> Vec<f64> { serde_json::from_value(place.run(program).json()).expect("two numbers") };
    let mut drawn = [numbers(), numbers(), numbers()].concat();
    assert!(drawn.iter().all(|number| (0.0..1.0).contains(number)), "{drawn:?}");
    drawn.sort_by(f64::total_cmp);
    drawn.dedup();
    assert_eq!(drawn.len(), 6, "{drawn:?}");
}

#[test]
fn data_helpers_are_there_with_and_without_an_import() {
    let body = "
const notes = [{ t: 'a', n: 3 }, { t: 'b', n: 1 }, { t: 'a', n: 2 }];
return [
  groupBy(notes, 't'), countBy(notes, note => note.t), sumBy(notes, 'n'), sortBy(notes, 'n').map(x => x.n),
  sortBy(notes, 'n', 'desc')[0].n, topN(notes, 1, 'n'), uniqBy(notes, 't').length, chunk([1, 2, 3], 2),
  pick(notes[0], ['n', 'missing']), omit(notes[0], ['n']),
]";
    let expected = json!([
        { "a": [{ "t": "a", "n": 3 }, { "t": "a", "n": 2 }], "b": [{ "t": "b", "n": 1 }] },
        { "a": 2, "b": 1 },
        6,
        [1, 2, 3],
        3,
        [{ "t": "a", "n": 3 }],
        2,
        [[1, 2], [3]],
        { "n": 3 },
        { "t": "a" }
    ]);
    let import =
        "import { groupBy, countBy, sumBy, sortBy, topN, uniqBy, chunk, pick, omit } from 'mcp-runtime';";
    let place = Place::new();
    assert_eq!(place.run(body).json(), expected);
    assert_eq!(place.run(&format!("{import}{body}")).json(), expected);
}

#[test]
fn nothing_of_the_host_is_reachable() {
    let place = Place::new();
    let program = "
const names = ['process', 'require', 'fetch', 'Deno', 'Bun', 'std', 'os', 'XMLHttpRequest', 'WebSocket', 'module'];
return names.filter(name => name in globalThis || eval(`typeof ${name}`) !== 'undefined')";
    assert_eq!(place.run(program).json(), json!([]));
}
