//! A thesaurus from Markdown: one file for each concept.
//!
//! The file's stem is the concept. Lines `synonyms:: a, b` outside code blocks,
//! also as list items, name its synonyms.

use crate::{
    builder::Builder,
    thesaurus::{Thesaurus, ThesaurusError},
};

impl Thesaurus {
    /// Makes a thesaurus from (file stem, text) pairs. A term that two concepts
    /// claim goes to the one that is named so, else to the first.
    ///
    /// # Errors
    /// [`ThesaurusError::TooManyTerms`]. A term that cannot be used is no error:
    /// see [`Thesaurus::rejected`].
    pub fn from_markdown<'a>(
        name: &str,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, ThesaurusError> {
        let mut thesaurus = Builder::default();
        let mut texts = Vec::new();
        for (stem, text) in files {
            if let Some(concept) = thesaurus.declare(stem, None, None) {
                texts.push((concept, text));
            }
        }
        for concept in thesaurus.indices() {
            thesaurus.add_own_name(concept)?;
        }
        for (concept, text) in texts {
            for line in synonym_lines(text) {
                for synonym in line.split([',', '，', '、']).map(str::trim).filter(|term| !term.is_empty())
                {
                    thesaurus.add_term(synonym, concept)?;
                }
            }
        }
        thesaurus.finish(name)
    }
}

/// What follows `synonyms::` on each line that has it.
fn synonym_lines(text: &str) -> impl Iterator<Item = &str> {
    let mut fence: Option<&str> = None;
    text.lines().filter_map(move |line| {
        let line = line.trim_start_matches(['\u{feff}', ' ', '\t']);
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| line.starts_with(mark)) {
            match fence {
                None => fence = Some(mark),
                Some(open) if open == mark => fence = None,
                Some(_) => {}
            }
            return None;
        }
        let item =
            ["- ", "* ", "+ "].into_iter().find_map(|bullet| line.strip_prefix(bullet)).unwrap_or(line);
        let (key, synonyms) = item.split_once("::")?;
        (fence.is_none() && key.trim().eq_ignore_ascii_case("synonyms")).then_some(synonyms)
    })
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::RejectionReason;

    fn check(files: &[(&str, &str)], expected: Expect) {
        let thesaurus = Thesaurus::from_markdown("test", files.iter().copied()).expect("few terms");
        let lines: Vec<_> = thesaurus
            .terms()
            .map(|term| {
                let concept = thesaurus.concept(term.concept).expect("its own concept");
                format!("{} -> {} ({})\n", term.written, concept.name, concept.id)
            })
            .collect();
        expected.assert_eq(&lines.concat());
    }

    #[test]
    fn a_concept_is_its_own_synonym() {
        check(
            &[("back-pressure", "# Text\n\nsynonyms:: Bounded Queue,  flow control ,\n"), ("x_y", "")],
            expect![[r#"
                back pressure -> back-pressure (1)
                back-pressure -> back-pressure (1)
                Bounded Queue -> back-pressure (1)
                flow control -> back-pressure (1)
                x y -> x_y (2)
                x_y -> x_y (2)
            "#]],
        );
    }

    #[test]
    fn lists_and_case_are_read_and_code_is_not() {
        check(
            &[(
                "rust",
                "- Synonyms:: rustlang\n\tsynonyms::rust-lang\r\n```\nsynonyms:: no\n~~~\n```\n  synonyms :: 锈、铁锈\nsee synonyms:: never\n",
            )],
            expect![[r#"
                rust -> rust (1)
                rust-lang -> rust (1)
                rustlang -> rust (1)
                铁锈 -> rust (1)
                锈 -> rust (1)
            "#]],
        );
    }

    #[test]
    fn a_name_wins_over_a_synonym_and_the_loss_is_reported() {
        let files = [("alpha", "synonyms:: Beta, shared, ++"), ("beta", "synonyms:: shared")];
        let thesaurus = Thesaurus::from_markdown("test", files).expect("few terms");
        let beta = thesaurus.lookup("BETA").and_then(|index| thesaurus.concept(index)).expect("a concept");
        assert_eq!(beta.name, "beta");
        let shared =
            thesaurus.lookup(" shared ").and_then(|index| thesaurus.concept(index)).expect("a concept");
        assert_eq!(shared.name, "alpha");
        let reasons: Vec<_> = thesaurus.rejected().iter().map(|r| (r.term.as_str(), &r.reason)).collect();
        assert_eq!(
            reasons,
            [
                ("Beta", &RejectionReason::Taken { concept: "beta".into() }),
                ("++", &RejectionReason::NoLetter),
                ("shared", &RejectionReason::Taken { concept: "alpha".into() }),
            ]
        );
        assert_eq!(thesaurus.rejected_count(), 3);
    }
}
