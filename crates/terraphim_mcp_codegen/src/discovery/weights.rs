//! The numbers of the ranking, each with what it does.

/// How many fields a tool has.
pub(super) const FIELDS: usize = 6;

/// A part of a tool's definition that is searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name,
    Title,
    Description,
    Parameters,
    Server,
    ServerDescription,
}

impl Field {
    pub(super) const ALL: [Self; FIELDS] =
        [Self::Name, Self::Title, Self::Description, Self::Parameters, Self::Server, Self::ServerDescription];

    /// As an explanation calls it.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Title => "title",
            Self::Description => "description",
            Self::Parameters => "parameters",
            Self::Server => "server",
            Self::ServerDescription => "server description",
        }
    }
}

/// The weights of a ranking. The default is the median of what five parts of public
/// sets of queries choose (`cargo xtask eval discovery --cross-validate`); the formulas
/// and what the choice is worth stand in `SPECIFICATION.md`, "Tool search".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// BM25F's weight of each field: name, title, description, parameters, server, server description.
    pub fields: [f32; 6],
    /// BM25F's b, the share of length normalisation, 0 to 1; the same in each field.
    pub length: f32,
    /// BM25's k1: how slowly a term that stands more often stops to count.
    pub saturation: f32,
    /// What a synonym counts against the word itself, 0 to 1.
    pub synonym: f32,
    /// What is added, as a share of the score, where the query holds all words of a tool's name.
    pub name_coverage: f32,
    /// What a tool gains whose verb is of the kind that the query asks for, and loses where it is of another kind.
    pub action: f32,
    /// What a tool gains from the best tools of its server, as a share of the best score.
    pub server: f32,
    /// What the best tool of a single sentence gains, as a share of the best score.
    pub sentence: f32,
    /// What the tool gains that reads or writes a file which the query names, as a share of the best score.
    pub file: f32,
    /// What a completed or corrected word counts, for each edit.
    pub correction: f32,
    /// What the logarithm of a tool's past calls adds, as a share of the score.
    pub usage: f32,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            fields: [1.0, 1.0, 1.0, 1.0, 1.0, 0.5],
            length: 0.3,
            saturation: 1.2,
            synonym: 0.6,
            name_coverage: 1.0,
            action: 0.1,
            server: 0.2,
            sentence: 0.5,
            file: 0.75,
            correction: 0.6,
            usage: 0.04,
        }
    }
}
