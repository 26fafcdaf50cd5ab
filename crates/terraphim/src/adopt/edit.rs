//! Changes to one object of a JSON text that leave every other byte as it is:
//! members are cut out, replaced or added in the indentation and with the line
//! ends that the text already has. Comments are never cut.

use std::ops::Range;

use serde::Serialize;
use serde_json::{Value, ser::PrettyFormatter};

use super::jsonc::{Member, Object, slice};

/// Cuts the members whose keys `doomed` names out of `object`. Where there is a
/// `successor`, it takes the place of the first of them.
pub(super) fn cut(
    text: &str,
    object: &Object,
    doomed: impl Fn(&str) -> bool,
    successor: Option<(&str, &Value)>,
) -> String {
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    let mut successor = successor;
    let mut last_kept: Option<&Member> = None;
    for member in &object.members {
        if !doomed(&member.key) {
            last_kept = Some(member);
        } else if let Some((key, value)) = successor.take() {
            let style = Style::of(text, object);
            let rendered = style.render(key, value, indentation(text, member.start));
            edits.push((member.start..member.value.end, rendered));
            last_kept = Some(member);
        } else {
            edits.extend(cuts_of(text, object, member).map(|span| (span, String::new())));
        }
    }
    // The comma of the last member that stays goes, unless the text ends its lists with commas.
    let dangling = last_kept.and_then(|member| member.comma);
    let (last, ends_with_comma) = match object.members.last() {
        Some(last) => (Some(last.start), last.comma.is_some()),
        None => (None, false),
    };
    if let Some(comma) = dangling.filter(|_| !ends_with_comma && last_kept.map(|member| member.start) != last)
    {
        edits.push((comma..comma + 1, String::new()));
    }
    splice(text, edits)
}

/// Adds a member at the end of `object`.
pub(super) fn add(text: &str, object: &Object, key: &str, value: &Value) -> String {
    let style = Style::of(text, object);
    let Some(last) = object.members.last() else {
        return add_first(text, object, &style, key, value);
    };
    let indent = indentation(text, last.start);
    let mut addition = style.render(key, value, indent);
    if let Some(indent) = indent {
        addition.insert_str(0, &format!("{}{indent}", style.line_end));
    }
    let at = match last.comma {
        Some(comma) => comma + 1,
        None => {
            addition.insert(0, ',');
            last.value.end
        }
    };
    splice(text, vec![(at..at, addition)])
}

fn add_first(text: &str, object: &Object, style: &Style, key: &str, value: &Value) -> String {
    let interior = object.open + 1..object.close;
    let outer = line_indentation(text, object.open);
    let inner = format!("{outer}{}", style.unit);
    let multi_line = text.contains('\n');
    if slice(text, interior.clone()).trim().is_empty() {
        let rendered = if multi_line {
            format!("{0}{inner}{1}{0}{outer}", style.line_end, style.render(key, value, Some(&inner)))
        } else {
            style.render(key, value, None)
        };
        return splice(text, vec![(interior, rendered)]);
    }
    // Only comments: the member follows them, on a line of its own.
    let rendered = format!("{0}{inner}{1}{0}{outer}", style.line_end, style.render(key, value, Some(&inner)));
    let blank = slice(text, interior.clone()).chars().rev().take_while(|c| matches!(c, ' ' | '\t')).count();
    splice(text, vec![(interior.end.saturating_sub(blank)..interior.end, rendered)])
}

/// What is cut for one member: its own bytes, its comma and, where nothing else
/// stands on its lines, the lines.
fn cuts_of(text: &str, object: &Object, member: &Member) -> impl Iterator<Item = Range<usize>> {
    let mut end = member.value.end;
    let mut apart = None;
    if let Some(comma) = member.comma {
        if slice(text, end..comma).trim().is_empty() {
            end = comma + 1;
        } else {
            apart = Some(comma..comma + 1);
        }
    }
    let after = slice(text, end..object.close);
    let spaces = after.len() - after.trim_start_matches([' ', '\t']).len();
    let line_ends =
        after.get(spaces..).is_some_and(|rest| rest.starts_with('\n') || rest.starts_with("\r\n"));
    let before = slice(text, object.open + 1..member.start);
    let blank = before.get(before.trim_end().len()..).unwrap_or_default();
    let (start, end) = match blank.rfind('\n') {
        Some(line_feed) if line_ends => {
            let line_end =
                if blank.get(..line_feed).is_some_and(|head| head.ends_with('\r')) { 1 } else { 0 };
            (member.start - (blank.len() - line_feed) - line_end, end + spaces)
        }
        None if !blank.is_empty() => (member.start - blank.len(), end),
        _ => (member.start, end + spaces),
    };
    [Some(start..end), apart].into_iter().flatten()
}

/// Replaces spans, the later ones giving way where two overlap.
fn splice(text: &str, mut edits: Vec<(Range<usize>, String)>) -> String {
    edits.sort_by_key(|(span, _)| (span.start, span.end));
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for (span, replacement) in edits {
        result.push_str(slice(text, at..span.start.max(at)));
        result.push_str(&replacement);
        at = at.max(span.end);
    }
    result.push_str(slice(text, at..text.len()));
    result
}

/// The white space before `offset` where nothing else precedes it on its line.
fn indentation(text: &str, offset: usize) -> Option<&str> {
    let line = slice(text, 0..offset).rsplit('\n').next()?;
    (line.len() < offset && line.chars().all(|c| matches!(c, ' ' | '\t'))).then_some(line)
}

/// The white space that opens the line of `offset`.
fn line_indentation(text: &str, offset: usize) -> &str {
    let line = slice(text, 0..offset).rsplit('\n').next().unwrap_or_default();
    line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default()
}

/// How a text writes its objects.
struct Style {
    line_end: &'static str,
    unit: String,
}

impl Style {
    fn of(text: &str, object: &Object) -> Self {
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let outer = line_indentation(text, object.open);
        let first = object.members.first().and_then(|member| indentation(text, member.start));
        let step = first.and_then(|inner| inner.strip_prefix(outer)).filter(|step| !step.is_empty());
        let unit = match step {
            Some(step) => step,
            None if !outer.is_empty() && outer.chars().all(|c| c == '\t') => "\t",
            None => "  ",
        };
        Self { line_end, unit: unit.to_owned() }
    }

    /// `"key": value`, over several lines where `indent` is that of its first one.
    fn render(&self, key: &str, value: &Value, indent: Option<&str>) -> String {
        let key = Value::from(key).to_string();
        let Some(indent) = indent else { return format!("{key}:{value}") };
        let mut lines = Vec::new();
        let mut serializer = serde_json::Serializer::with_formatter(
            &mut lines,
            PrettyFormatter::with_indent(self.unit.as_bytes()),
        );
        match value.serialize(&mut serializer).ok().and_then(|()| String::from_utf8(lines).ok()) {
            Some(lines) => format!("{key}: {}", lines.replace('\n', &format!("{}{indent}", self.line_end))),
            None => format!("{key}: {value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::jsonc, *};

    fn cut_names(text: &str, names: &[&str], successor: Option<&str>) -> String {
        let object = jsonc::document(text).expect("JSON");
        let value = json!({"command": "t", "args": ["mcp"]});
        let edited = cut(text, &object, |key| names.contains(&key), successor.map(|key| (key, &value)));
        let after = jsonc::document(&edited).expect("still JSON");
        assert!(names.iter().all(|name| after.get(name).is_none()), "{edited}");
        edited
    }

    #[test]
    fn lines_go_with_their_members() {
        let text = "{\n  \"a\": 1,\n  \"b\": {\n    \"x\": 2\n  },\n  \"c\": 3\n}\n";
        assert_eq!(cut_names(text, &["a"], None), "{\n  \"b\": {\n    \"x\": 2\n  },\n  \"c\": 3\n}\n");
        assert_eq!(cut_names(text, &["b"], None), "{\n  \"a\": 1,\n  \"c\": 3\n}\n");
        assert_eq!(cut_names(text, &["c"], None), "{\n  \"a\": 1,\n  \"b\": {\n    \"x\": 2\n  }\n}\n");
        assert_eq!(cut_names(text, &["b", "c"], None), "{\n  \"a\": 1\n}\n");
        assert_eq!(cut_names(text, &["a", "b", "c"], None), "{\n}\n");
        assert_eq!(
            cut_names(text, &["a", "c"], Some("t")),
            "{\n  \"t\": {\n    \"command\": \"t\",\n    \"args\": [\n      \"mcp\"\n    ]\n  },\n  \"b\": {\n    \"x\": 2\n  }\n}\n"
        );
    }

    #[test]
    fn one_line_stays_one_line() {
        let text = r#"{"a":1, "b":2,"c":3}"#;
        assert_eq!(cut_names(text, &["a"], None), r#"{"b":2,"c":3}"#);
        assert_eq!(cut_names(text, &["c"], None), r#"{"a":1, "b":2}"#);
        assert_eq!(cut_names(text, &["a", "b", "c"], Some("t")), r#"{"t":{"command":"t","args":["mcp"]}}"#);
    }

    #[test]
    fn comments_and_trailing_commas_stay() {
        let text = "{ // servers\n\t\"a\": 1, // first\n\t/* two */ \"b\": 2 /* x */, // second\n\t// off: \"z\": 0\n\t\"c\": 3,\n}";
        assert_eq!(
            cut_names(text, &["a", "b", "c"], None),
            "{ // servers\n\t// first\n\t/* two */ /* x */ // second\n\t// off: \"z\": 0\n}"
        );
        assert_eq!(cut_names("{\n  \"a\": 1,\n  \"b\": 2 }", &["b"], None), "{\n  \"a\": 1\n  }");
        assert_eq!(cut_names("{ // x\n  \"a\": 1 }", &["a"], None), "{ // x\n  }");
        // A carriage return alone ends no line, so it ends no comment either.
        assert_eq!(cut_names("{ // x\n\"a\": 1, \r}", &["a"], None), "{ // x\n\r}");
        assert_eq!(cut_names("{\r\n  \"a\": 1,\r\n  \"b\": 2\r\n}", &["a"], None), "{\r\n  \"b\": 2\r\n}");
    }

    #[test]
    fn members_are_added_in_the_style_of_the_text() {
        let added = |text: &str| {
            let object = jsonc::document(text).expect("JSON");
            let edited = add(text, &object, "k", &json!({"v": 1}));
            let after = jsonc::document(&edited).expect("still JSON");
            let span = after.get("k").expect("the addition").value.clone();
            assert_eq!(jsonc::value(&edited, &span).expect("a value"), json!({"v": 1}), "{edited}");
            edited
        };
        assert_eq!(added("{}"), r#"{"k":{"v":1}}"#);
        assert_eq!(added("{}\n"), "{\n  \"k\": {\n    \"v\": 1\n  }\n}\n");
        assert_eq!(added(r#"{"a":1}"#), r#"{"a":1,"k":{"v":1}}"#);
        assert_eq!(added("{\n\t\"a\": 1\n}"), "{\n\t\"a\": 1,\n\t\"k\": {\n\t\t\"v\": 1\n\t}\n}");
        assert_eq!(added("{\r\n \"a\": 1,\r\n}"), "{\r\n \"a\": 1,\r\n \"k\": {\r\n  \"v\": 1\r\n }\r\n}");
        added("{ // nothing yet\n}");
        added("{ /* nothing yet */ }");
        added("{\n  // \"a\": 1\n  }");
        added("{\"a\": 1 // last\n}");
    }
}
