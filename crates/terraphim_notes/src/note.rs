//! Makes a note of a file: title, tags, URL and plain text.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use crate::front_matter;

const MAX_TITLE_CHARS: usize = 300;

/// A note, ready to be indexed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) title: String,
    pub(crate) tags: Vec<String>,
    /// The front matter's, where it has one.
    pub(crate) url: Option<String>,
    /// The text without its markup.
    pub(crate) body: String,
}

impl Note {
    /// Reads the text of the file at `path`, which decides whether it is Markdown.
    pub(crate) fn read(path: &str, text: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path);
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
        let (front, rest) = front_matter::split(text);
        let (heading, body) = match extension.to_ascii_lowercase().as_str() {
            "md" | "markdown" => plain_text(rest),
            _ => (None, rest.to_owned()),
        };
        let title = front.title.or(heading).unwrap_or_else(|| stem.to_owned());
        // A heading that repeats the title would count twice, and open every snippet.
        let body = body.strip_prefix(&format!("{title}\n\n")).map(str::to_owned).unwrap_or(body);
        Self { title, tags: front.tags, url: front.url, body }
    }
}

/// The first heading, and the text without its markup.
fn plain_text(markdown: &str) -> (Option<String>, String) {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let mut text = String::with_capacity(markdown.len());
    let mut heading: Option<String> = None;
    let mut heading_from = None;
    for event in Parser::new_ext(markdown, options) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::SoftBreak | Event::HardBreak => text.push('\n'),
            Event::Start(Tag::Heading {
                level: HeadingLevel::H1 | HeadingLevel::H2 | HeadingLevel::H3,
                ..
            }) => {
                heading_from = Some(text.len());
            }
            Event::End(TagEnd::Heading(_)) => {
                let written = heading_from.take().and_then(|from| text.get(from..));
                if heading.is_none() {
                    heading = written.and_then(as_title);
                }
                text.push_str("\n\n");
            }
            Event::End(TagEnd::TableCell) => text.push_str("  "),
            Event::End(TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead) => text.push('\n'),
            Event::End(TagEnd::Paragraph | TagEnd::CodeBlock | TagEnd::Table | TagEnd::List(_)) => {
                text.push_str("\n\n");
            }
            _ => {}
        }
    }
    (heading, text.trim().to_owned())
}

fn as_title(heading: &str) -> Option<String> {
    let words = heading.split_whitespace().collect::<Vec<_>>().join(" ");
    let title: String = words.chars().filter(|c| !c.is_control()).take(MAX_TITLE_CHARS).collect();
    (!title.trim().is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use expect_test::{Expect, expect};

    use super::*;
    use crate::{concepts::Mentions, config::Role, knowledge::Configured};

    fn check(path: &str, text: &str, expected: Expect) {
        let folder = tempfile::tempdir().expect("a folder");
        for (stem, synonyms) in
            [("rust-async", "async rust"), ("back-pressure", "bounded queue"), ("zoo", "")]
        {
            let file = folder.path().join(format!("{stem}.md"));
            fs::write(file, format!("synonyms:: {synonyms}\n")).expect("written");
        }
        let toml = "name = 'N'\nshort_name = 'n'\nrelevance = 'bm25'\nhaystacks = []";
        let mut role: Role = toml::from_str(toml).expect("a role");
        role.knowledge_graph = Some(folder.path().to_owned());
        let knowledge = Configured::load(&role, None).expect("a knowledge graph").knowledge;
        let note = Note::read(path, text);
        let mentions = Mentions::find(&note, &knowledge);
        assert_eq!(
            Mentions::from_bytes(&mentions.to_bytes(&knowledge), &knowledge).as_ref(),
            Some(&mentions)
        );
        let topic = mentions.topic.map(|concept| knowledge.name(concept));
        let mentioned: Vec<_> = mentions.sequence.iter().map(|concept| knowledge.name(*concept)).collect();
        expected.assert_eq(&format!(
            "title {:?}\ntags {:?}\nurl {:?}\nbody {:?}\ntopic {topic:?}\nmentions {mentioned:?}\n",
            note.title, note.tags, note.url, note.body
        ));
    }

    #[test]
    fn markup_is_taken_off_and_mentions_are_weighed() {
        check(
            "a/b.md",
            "---\ntags: [zoo, Back-Pressure]\n---\n\n## On *async* Rust\n\nA **bounded queue**\nand [link](https://x.org/zoo).\n\n```rust\nlet zoo = 1;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n- two\n<b>x</b>\n",
            expect![[r#"
                title "On async Rust"
                tags ["zoo", "Back-Pressure"]
                url None
                body "A bounded queue\nand link.\n\nlet zoo = 1;\n\n\na  b  \n1  2  \n\n\none\ntwo\nx"
                topic Some("rust-async")
                mentions ["rust-async", "zoo", "back-pressure", "back-pressure", "zoo"]
            "#]],
        );
    }

    #[test]
    fn without_title_or_heading_the_stem_is_the_title() {
        check(
            "plain.txt",
            "no heading here, a bounded queue\n",
            expect![[r#"
                title "plain"
                tags []
                url None
                body "no heading here, a bounded queue\n"
                topic Some("back-pressure")
                mentions ["back-pressure"]
            "#]],
        );
        check(
            "x/empty.md",
            "",
            expect![[r#"
                title "empty"
                tags []
                url None
                body ""
                topic None
                mentions []
            "#]],
        );
    }
}
