//! Why a tool was found.

use serde::{Deserialize, Serialize};

use super::{rank::Ranking, terms::How};

/// Most reasons that are told of one tool.
const MAX_REASONS: usize = 24;

/// A word of the query that a tool meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The word, as it was written.
    pub word: String,
    /// The word of the tool that stands for it, without its ending.
    pub by: String,
    /// How the one came to stand for the other.
    pub found: Found,
    /// Where it stands: `name`, `title`, `description`, `parameters`, `server`, `server description`.
    pub fields: Vec<String>,
}

/// How a word of a tool came to stand for a word of the query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Found {
    /// It is the same word, in whatever form.
    Word,
    /// It means the same.
    Synonym,
    /// It is a part of a compound.
    Part,
    /// It is two words of the query in one.
    Compound,
    /// The query's word is its beginning or its end.
    Completion,
    /// The query's word has a typing error.
    Correction,
}

impl From<How> for Found {
    fn from(how: How) -> Self {
        match how {
            How::Itself => Self::Word,
            How::Synonym => Self::Synonym,
            How::Part => Self::Part,
            How::Joined => Self::Compound,
            How::Completion => Self::Completion,
            How::Correction => Self::Correction,
        }
    }
}

/// The words by which a ranking found a tool, in the order of the query.
pub(super) fn reasons(ranking: &Ranking<'_>, id: u32) -> Vec<Reason> {
    let reasons = ranking.reasons(id).into_iter().take(MAX_REASONS);
    let told = reasons.map(|(concept, by, how, fields)| Reason {
        word: concept.written.clone(),
        by: by.to_owned(),
        found: how.into(),
        fields: fields.into_iter().map(str::to_owned).collect(),
    });
    told.collect()
}
