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

/// The weights of a ranking. The default was set by hand over public sets of
/// queries, beside a cross-validation that leaves one set out; the formulas and
/// what that says stand in `SPECIFICATION.md`, "Tool search".
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weights {
    /// BM25F's weight of each field: name, title, description, parameters, server, server description.
    pub fields: [f32; 6],
    /// BM25F's share of length normalisation in each field, 0 to 1.
    pub lengths: [f32; 6],
    /// BM25's k1: how slowly a term that stands more often stops to count.
    pub saturation: f32,
    /// What a synonym counts against the word itself, 0 to 1.
    pub synonym: f32,
    /// What is added, as a share of the score, where the query holds all words of a tool's name.
    pub name_coverage: f32,
    /// The power to which the covered share of a name is raised.
    pub name_power: f32,
    /// What a tool gains whose verb is of the kind that the query asks for, and loses where it is of another kind.
    pub action: f32,
    /// What a tool gains from the average of its server's tools, as a share of the best score.
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
            fields: [2.0, 1.5, 1.0, 0.8, 1.6, 0.8],
            lengths: [0.4, 0.5, 0.4, 0.6, 0.3, 0.6],
            saturation: 1.5,
            synonym: 0.4,
            name_coverage: 1.0,
            name_power: 2.0,
            action: 0.1,
            server: 0.1,
            sentence: 0.5,
            file: 0.6,
            correction: 0.6,
            usage: 0.04,
        }
    }
}
