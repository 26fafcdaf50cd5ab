//! Which tools a program may call.

use expect_test::expect;

use crate::place::Place;

const WRITE: &str = "import { up } from 'mcp-servers'\nreturn await up.write_note({ title: 'a', text: 'b' })";

#[test]
fn what_may_change_something_needs_leave() {
    let place = Place::with_servers(&[("up", &[])]);
    expect![[r#"
        program.ts:2:17: `up.write_note` may change something (it does not declare itself read-only) and is not allowed: allow it with `--allow 'up.write_note'` or with `allow = ["up.write_note"]` in `terraphim.toml`
          2 | return await up.write_note({ title: 'a', text: 'b' })
            |                 ^
    "#]].assert_eq(place.run(WRITE).failure(1));
    assert_eq!(place.run_with(WRITE, &["--json"]).outcome(1)["error"]["kind"], "denied");
    for glob in ["up.write_note", "up.*", "*", "*.write_?ote"] {
        assert_eq!(place.run_with(WRITE, &["--allow", glob]).json(), "written", "{glob}");
    }
    let several = ["--allow", "a.*", "--allow", "up.*"];
    assert_eq!(place.run_with(WRITE, &several).json(), "written");
    for glob in ["up.write", "other.*", "UP.*", "write_note"] {
        let refused = place.run_with(WRITE, &["--allow", glob]);
        assert!(refused.failure(1).contains("is not allowed"), "{glob}: {}", refused.err);
    }
}

#[test]
fn the_settings_allow_and_deny() {
    let place = Place::with_servers(&[("up", &[])]);
    place.file("terraphim.toml", "allow = [\"up.write_*\"]\n");
    assert_eq!(place.run(WRITE).json(), "written");
    place.file("terraphim.toml", "allow = [\"*\"]\ndeny = [\"up.wr*\", \"up.echo\"]\n");
    expect![[r#"
        program.ts:2:17: `up.write_note` is denied by the pattern `up.wr*`: to call it, remove that pattern from `deny`
          2 | return await up.write_note({ title: 'a', text: 'b' })
            |                 ^
    "#]].assert_eq(place.run_with(WRITE, &["--allow", "up.write_note"]).failure(1));
    let read = "import { up } from 'mcp-servers'\nreturn await up.echo({}).catch(e => e.kind)";
    assert_eq!(place.run(read).json(), "denied");
}
