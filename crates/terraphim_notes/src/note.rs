//! Makes a note of a file: title, tags, URL, plain text, and what it is about.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};
use terraphim_kg::ConceptIndex;

use crate::{front_matter, knowledge::Knowledge};

/// How much one mention counts by where it stands.
const TITLE_WEIGHT: usize = 5;
const TAG_WEIGHT: usize = 3;
const BODY_WEIGHT: usize = 1;

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
    /// The concepts it mentions with their weights, weightiest first.
    pub(crate) concepts: Vec<(String, usize)>,
}

impl Note {
    /// Reads the text of the file at `path`, which decides whether it is Markdown.
    pub(crate) fn read(path: &str, text: &str, knowledge: &Knowledge) -> Self {
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
        let concepts = weigh(&title, &front.tags, &body, knowledge);
        Self { title, tags: front.tags, url: front.url, body, concepts }
    }

    /// The concept that the note is most about.
    pub(crate) fn topic(&self) -> Option<&str> {
        self.concepts.first().map(|(name, _)| name.as_str())
    }
}

/// Sums the mentions of each concept: five for one in the title, three for one
/// in the tags, one for one in the body. Of equal weights the concept that is
/// mentioned first comes first, the title being read before tags and body.
fn weigh(title: &str, tags: &[String], body: &str, knowledge: &Knowledge) -> Vec<(String, usize)> {
    let mut weights: Vec<(ConceptIndex, usize)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    let tagged = tags.join("\n\n");
    for (text, weight) in [(title, TITLE_WEIGHT), (&tagged, TAG_WEIGHT), (body, BODY_WEIGHT)] {
        for (concept, count) in knowledge.mentions(text) {
            let place = *places.entry(concept).or_insert_with(|| {
                weights.push((concept, 0));
                weights.len() - 1
            });
            if let Some((_, sum)) = weights.get_mut(place) {
                *sum += weight * count;
            }
        }
    }
    // A stable sort keeps the order of first mention among equals.
    weights.sort_by_key(|(_, weight)| std::cmp::Reverse(*weight));
    weights.into_iter().map(|(concept, weight)| (knowledge.name(concept).to_owned(), weight)).collect()
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
    use crate::config::Role;

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
        let knowledge = Knowledge::load(&role, None).expect("a knowledge graph");
        let note = Note::read(path, text, &knowledge);
        expected.assert_eq(&format!(
            "title {:?}\ntags {:?}\nurl {:?}\nbody {:?}\nconcepts {:?}\n",
            note.title, note.tags, note.url, note.body, note.concepts
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
                concepts [("rust-async", 5), ("zoo", 4), ("back-pressure", 4)]
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
                concepts [("back-pressure", 1)]
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
                concepts []
            "#]],
        );
    }
}
