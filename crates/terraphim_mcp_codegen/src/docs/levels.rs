//! Answers within a number of tokens: the first tools in full, the next in
//! brief, the rest by name, and how many had no room at all. No declaration is
//! cut within, and what is left out is said, with how to get it.

use serde::Serialize;

use super::{
    Asking, Beyond, DocsContext, DocsPage, DocsQuery, MAX_SERVER_TOOLS, ToolBrief, ToolDocs,
    tokens::tokens_at_most,
};
use crate::{
    bounded,
    discovery::{Detail, ToolHit, ToolPage},
};

/// Longest description of a brief answer, in characters.
pub(super) const MAX_BRIEF_CHARS: usize = 160;

/// Tokens that what is said of the rest, and what stands around the list, may take.
const NOTE: usize = 80;

/// Tokens between two items of a list.
const BETWEEN: usize = 2;

/// How many tools are told how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Levels {
    full: usize,
    brief: usize,
    name: usize,
}

/// What the tools cost at each level that may be used, the richest first.
fn divide(costs: &[[Option<usize>; 3]], budget: usize) -> Levels {
    let name = |cost: &[Option<usize>; 3]| cost[2].unwrap_or_default() + BETWEEN;
    let mut rest: usize = costs.iter().map(name).sum();
    let mut room = budget.saturating_sub(NOTE);
    let mut levels = Levels::default();
    let mut level = 0;
    for cost in costs {
        rest = rest.saturating_sub(name(cost));
        let fitting = (level..3).find(|level| {
            let own = cost.get(*level).copied().flatten().map(|own| own + BETWEEN);
            // While names fit at all, those of the rest keep their room.
            own.is_some_and(|own| if *level == 2 { own <= room } else { own + rest <= room })
        });
        let Some(fitting) = fitting else { break };
        level = fitting;
        room = room.saturating_sub(cost.get(level).copied().flatten().unwrap_or_default() + BETWEEN);
        match level {
            0 => levels.full += 1,
            1 => levels.brief += 1,
            _ => levels.name += 1,
        }
    }
    levels
}

pub(super) fn tokens_of(item: &impl Serialize) -> usize {
    serde_json::to_string(item).map_or(usize::MAX / 4, |json| tokens_at_most(&json))
}

impl ToolDocs {
    /// The same on two lines.
    pub(super) fn brief(&self) -> ToolBrief {
        let description = self.description.as_deref().map(|text| bounded::summary(text, MAX_BRIEF_CHARS));
        ToolBrief {
            name: self.name.clone(),
            import: self.import.clone(),
            description: description.filter(|text| !text.is_empty()),
            signature: self.signature.clone(),
            marks: self.marks.clone(),
        }
    }
}

impl DocsPage {
    /// Tells the tools at the level that is asked for or below it, within so many tokens of what is written out.
    pub(super) fn fit(&mut self, query: &DocsQuery, context: &DocsContext<'_>, beyond: Beyond) {
        let (detail, max_tokens, form) =
            (query.detail.unwrap_or(Detail::Full), query.max_tokens, context.form);
        let all = std::mem::take(&mut self.docs);
        let fulls = all.len();
        let mut briefs: Vec<_> = all.iter().map(ToolDocs::brief).collect();
        // Those of servers are brief from the start.
        briefs.append(&mut self.brief);
        let is_at_most = |level: Detail| (detail as u8) >= (level as u8);
        let costs: Vec<_> = briefs
            .iter()
            .enumerate()
            .map(|(at, brief)| {
                [
                    all.get(at).filter(|_| is_at_most(Detail::Full)).map(|full| form.of_docs(full)),
                    is_at_most(Detail::Brief).then(|| form.of_brief(brief)),
                    Some(form.of_name(&brief.name)),
                ]
            })
            .collect();
        let unknown: usize = self.unknown.iter().map(tokens_of).sum();
        let budget = max_tokens.map_or(usize::MAX / 4, |tokens| tokens as usize).saturating_sub(unknown);
        let levels = divide(&costs, budget);
        let (full, brief, told) =
            (levels.full, levels.full + levels.brief, levels.full + levels.brief + levels.name);
        let cut = briefs.len() - told;
        self.omitted += cut;
        let first_left = briefs.get(full.min(fulls)).filter(|_| briefs.len() > 1);
        let first_left = first_left.map(|brief| bounded::one_line(&brief.name, 120));
        self.names = briefs.iter().take(told).skip(brief).map(|brief| brief.name.clone()).collect();
        self.brief = briefs.into_iter().take(brief).skip(full).collect();
        self.docs = all.into_iter().take(full).collect();
        let is_reduced = match detail {
            Detail::Full => full < fulls || told > brief,
            Detail::Brief => told > brief,
            Detail::Name => false,
        };
        let mut notes = Vec::new();
        if is_reduced || cut > 0 {
            notes.push(self.left_out(first_left, cut, context.asking));
        }
        notes.extend(beyond.note(context.asking));
        self.note = (!notes.is_empty()).then(|| notes.join("; "));
    }

    fn left_out(&self, next: Option<String>, cut: usize, asking: Asking) -> String {
        let counts = [(self.brief.len(), "in brief"), (self.names.len(), "by name"), (cut, "left out")];
        let counts: Vec<_> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, how)| format!("{count} {how}"))
            .collect();
        let fewer = next.map(|next| format!("ask for fewer names at a time, such as {next}, or "));
        format!(
            "{} for want of room: {}give more {}",
            counts.join(", "),
            fewer.unwrap_or_default(),
            asking.max_tokens
        )
    }
}

impl Beyond {
    /// What was not looked at, and how to get it.
    fn note(self, asking: Asking) -> Option<String> {
        let mut parts = Vec::new();
        if self.names > 0 {
            parts.push(format!(
                "{} names were not looked at, as one answer takes {}: ask for them in another",
                self.names, asking.names
            ));
        }
        if self.tools > 0 {
            parts.push(format!(
                "{} tools are not told, as one answer tells {MAX_SERVER_TOOLS} where a server is named: ask for them by their names",
                self.tools
            ));
        }
        (!parts.is_empty()).then(|| parts.join("; "))
    }
}

impl ToolPage {
    /// Tells the tools within so many tokens, as `cost` counts what is written of each, and gives
    /// how many had no room.
    pub fn fit(&mut self, max_tokens: u32, cost: impl Fn(&ToolHit) -> usize) -> Fitted {
        let reduced = |hit: &ToolHit| [hit.clone(), to_brief(hit), to_name(hit)];
        let forms: Vec<_> = std::mem::take(&mut self.tools).iter().map(reduced).collect();
        let costs: Vec<_> = forms
            .iter()
            .map(|[full, brief, name]| [Some(cost(full)), Some(cost(brief)), Some(cost(name))])
            .collect();
        let facets = tokens_of(&self.categories) + tokens_of(&self.capabilities);
        let levels = divide(&costs, (max_tokens as usize).saturating_sub(facets));
        let (full, brief) = (levels.full, levels.full + levels.brief);
        let total = forms.len();
        let told = brief + levels.name;
        // What is brief already has lost nothing.
        let lost = forms.iter().take(told).enumerate().filter(|(place, [whole, _, name])| {
            *place >= full && if *place >= brief { whole != name } else { whole.parameters.is_some() }
        });
        let reduced = lost.count();
        self.tools = forms
            .into_iter()
            .take(told)
            .enumerate()
            .map(|(place, [whole, short, name])| match place {
                place if place < full => whole,
                place if place < brief => short,
                _ => name,
            })
            .collect();
        Fitted { reduced, omitted: total - told }
    }
}

/// What a budget did to a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fitted {
    /// Tools that are told in fewer words than was asked.
    pub reduced: usize,
    /// Tools of the page that are not there.
    pub omitted: usize,
}

impl Fitted {
    /// What was left out, and how to get it; `None` where nothing was.
    pub fn note(&self, asking: Asking) -> Option<String> {
        let mut parts = Vec::new();
        if self.reduced > 0 {
            parts.push(format!("{} are told in fewer words", self.reduced));
        }
        if self.omitted > 0 {
            parts.push(format!("{} more do not fit", self.omitted));
        }
        (!parts.is_empty()).then(|| {
            let room = asking.max_tokens;
            format!("{}: ask with less detail or a smaller limit, or give more {room}", parts.join(", "))
        })
    }
}

fn to_brief(hit: &ToolHit) -> ToolHit {
    ToolHit {
        description: hit.description.as_deref().map(|text| bounded::summary(text, MAX_BRIEF_CHARS)),
        category: None,
        capabilities: None,
        parameters: None,
        result: None,
        example: None,
        ..hit.clone()
    }
}

fn to_name(hit: &ToolHit) -> ToolHit {
    ToolHit { description: None, signature: None, ..to_brief(hit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_goes_to_the_first_and_names_keep_theirs() {
        let tool = [Some(100), Some(20), Some(3)];
        let told = |budget| divide(&[tool; 10], budget + NOTE);
        assert_eq!(told(0), Levels::default());
        assert_eq!(told(4), Levels::default());
        assert_eq!(told(25), Levels { full: 0, brief: 0, name: 5 });
        assert_eq!(told(50), Levels { full: 0, brief: 0, name: 10 });
        assert_eq!(told(84), Levels { full: 0, brief: 2, name: 8 });
        assert_eq!(told(147), Levels { full: 1, brief: 0, name: 9 });
        assert_eq!(told(164), Levels { full: 1, brief: 1, name: 8 });
        assert_eq!(told(1_020), Levels { full: 10, brief: 0, name: 0 });
        let only_names = [None, None, Some(3)];
        assert_eq!(divide(&[only_names; 2], usize::MAX / 4), Levels { full: 0, brief: 0, name: 2 });
    }
}
