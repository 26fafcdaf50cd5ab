//! The editor of other programs' files. It belongs to the binary, which has no
//! library, so its two files are compiled here.

#[path = "../../../crates/terraphim/src/adopt/edit.rs"]
mod edit;
#[path = "../../../crates/terraphim/src/adopt/jsonc.rs"]
mod jsonc;

use serde_json::{Map, Value, json};

use jsonc::Object;

/// The members of an object with their values; nothing where one is beyond what numbers can be.
fn members(text: &str, object: &Object) -> Option<Vec<(String, Value)>> {
    let read = |span| jsonc::value(text, span).ok();
    object.members.iter().map(|member| Some((member.key.clone(), read(&member.value)?))).collect()
}

/// A document that was edited, with what stands in it.
fn read(text: &str) -> Vec<(String, Value)> {
    let object = jsonc::document(text).unwrap_or_else(|error| panic!("{error} in {text:?}"));
    members(text, &object).unwrap_or_else(|| panic!("a value of {text:?} cannot be read any more"))
}

/// What stands in comments cannot be told from other text by its place, so it is counted.
fn comment_marks(text: &str) -> usize {
    text.matches("//").count() + text.matches("/*").count()
}

/// Cuts, replaces and adds members; `choice` says which.
pub(crate) fn exercise(text: &str, choice: u8) {
    let is_blank = jsonc::is_blank(text);
    let object = match jsonc::document(text) {
        Ok(object) => object,
        Err(error) => {
            assert!(text.is_char_boundary(error.offset), "{error:?} in {text:?}");
            let (line, column) = jsonc::position(text, error.offset);
            assert!(line >= 1 && line <= text.matches('\n').count() + 1 && column >= 1);
            assert!(!error.complaint.is_empty());
            return;
        }
    };
    assert!(!is_blank);
    let Some(before) = members(text, &object) else { return };
    for member in &object.members {
        // A key may stand twice in an object that is further in.
        if let Err(error) = jsonc::object(text, &member.value) {
            assert!(member.value.contains(&error.offset), "{error:?} in {text:?}");
        }
    }
    let doomed = |key: &str| {
        let number = object.members.iter().position(|member| member.key == key).unwrap_or_default();
        choice >> (number % 7) & 1 == 1
    };
    let kept: Vec<_> = before.iter().filter(|(key, _)| !doomed(key)).cloned().collect();
    let cut = edit::cut(text, &object, doomed, None);
    assert_eq!(read(&cut), kept, "{text:?} became {cut:?}");
    assert!(cut.len() <= text.len());
    if kept.len() == before.len() {
        assert_eq!(cut, text, "nothing was to be cut");
    }

    let value = json!({ "command": "t", "args": ["mcp"] });
    let fresh = "\"//fresh\\";
    if object.get(fresh).is_none() {
        let replaced = read(&edit::cut(text, &object, doomed, Some((fresh, &value))));
        let added_here = usize::from(kept.len() < before.len());
        assert_eq!(replaced.len(), kept.len() + added_here, "{text:?}");
        assert!(kept.iter().all(|member| replaced.contains(member)), "{text:?}");

        let added = edit::add(text, &object, fresh, &value);
        let mut expected: Map<String, Value> = before.into_iter().collect();
        expected.insert(fresh.to_owned(), value);
        assert_eq!(read(&added).into_iter().collect::<Map<_, _>>(), expected, "{text:?} became {added:?}");
        assert!(comment_marks(&added) > comment_marks(text));
    }
}
