//! Whether one path of the graph passes through some concepts.
//!
//! A path visits no concept twice and may pass through others. Whether there is
//! one is a hard question (with all concepts asked for it is Hamilton's), so the
//! answer is exact where a bounded search settles it, and otherwise says that
//! it is not known. Concepts in different components, and those that hang on
//! the rest of the graph in more than two places, need no search.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, VecDeque},
    hash::Hash,
};

use crate::{cuts, graph::ConceptGraph, thesaurus::ConceptIndex};

/// How many edges one question may look at while it searches.
const MAX_WORK: usize = 4_000_000;

/// What is known of a path through all concepts asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// There is one.
    Connected,
    /// There is none.
    NotConnected,
    /// The search was ended before it found one or had tried all.
    Unknown,
}

/// How some concepts are connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Whether one path passes through all of them.
    pub verdict: Verdict,
    /// That path; empty if none is known. Both its ends are among the concepts.
    pub path: Vec<ConceptIndex>,
    /// The concepts by component of the graph; one that no document mentions is alone.
    pub groups: Vec<Vec<ConceptIndex>>,
    /// Edges with which there would be a path; none if there is one.
    pub missing: Vec<(ConceptIndex, ConceptIndex)>,
}

impl<D: Clone + Eq + Hash + Ord> ConceptGraph<D> {
    /// Whether one path passes through all of some concepts. The time is bounded
    /// by the size of their components and a fixed amount of search. No concept,
    /// and one alone, are connected.
    pub fn connect(&self, concepts: &[ConceptIndex]) -> Connection {
        self.connect_within(concepts, MAX_WORK)
    }

    /// As [`ConceptGraph::connect`], with the number of edges that the search may look at.
    pub fn connect_within(&self, concepts: &[ConceptIndex], work: usize) -> Connection {
        let local = Local::new(self, concepts);
        let groups = local.groups();
        let (verdict, pieces) = match groups.as_slice() {
            [] => (Verdict::Connected, Vec::new()),
            [terms] => local.one_group(terms, work),
            _ => (Verdict::NotConnected, groups.iter().flat_map(|terms| local.cover(terms)).collect()),
        };
        let name = |place: &usize| local.concepts.get(*place).copied();
        let joints = pieces.iter().zip(pieces.iter().skip(1));
        let missing = joints.filter_map(|(one, next)| name(one.last()?).zip(name(next.first()?))).collect();
        let connected = verdict == Verdict::Connected;
        let path = pieces.iter().take(usize::from(connected)).flatten().filter_map(name).collect();
        let groups = groups.iter().map(|terms| terms.iter().filter_map(name).collect()).collect();
        Connection { verdict, path, groups, missing }
    }
}

enum Search {
    Found(Vec<usize>),
    Exhausted,
    Ended,
}

/// The components of the concepts asked for, with their nodes numbered.
struct Local {
    concepts: Vec<ConceptIndex>,
    /// Concepts asked for first, then the stronger edge.
    edges: Vec<Vec<usize>>,
    components: Vec<usize>,
    wanted: Vec<bool>,
    /// The concepts asked for, each once, in their order.
    terms: Vec<usize>,
}

impl Local {
    fn new<D: Clone + Eq + Hash + Ord>(graph: &ConceptGraph<D>, asked: &[ConceptIndex]) -> Self {
        let mut made = Self {
            concepts: Vec::new(),
            edges: Vec::new(),
            components: Vec::new(),
            wanted: Vec::new(),
            terms: Vec::new(),
        };
        let mut places: HashMap<ConceptIndex, usize> = HashMap::new();
        for (component, concept) in asked.iter().enumerate() {
            let first = made.place(*concept, component, &mut places);
            let seen = made.wanted.get_mut(first).is_none_or(|wanted| std::mem::replace(wanted, true));
            if seen {
                continue;
            }
            made.terms.push(first);
            let mut open = VecDeque::from([first]);
            while let Some(place) = open.pop_front() {
                let Some(concept) = made.concepts.get(place).copied() else { continue };
                if made.edges.get(place).is_none_or(|edges| !edges.is_empty()) {
                    continue;
                }
                let mut neighbours: Vec<(Reverse<u64>, ConceptIndex)> =
                    graph.neighbours(concept).map(|(to, weight)| (Reverse(weight), to)).collect();
                neighbours.sort_unstable();
                let component = made.components.get(place).copied().unwrap_or(component);
                let mut edges = Vec::with_capacity(neighbours.len());
                for (_, to) in neighbours {
                    let known = made.concepts.len();
                    let to = made.place(to, component, &mut places);
                    if to == known {
                        open.push_back(to);
                    }
                    edges.push(to);
                }
                if let Some(place) = made.edges.get_mut(place) {
                    *place = edges;
                }
            }
        }
        let wanted = &made.wanted;
        for edges in &mut made.edges {
            edges.sort_by_key(|to| !wanted.get(*to).copied().unwrap_or_default());
        }
        made
    }

    fn place(
        &mut self,
        concept: ConceptIndex,
        component: usize,
        places: &mut HashMap<ConceptIndex, usize>,
    ) -> usize {
        *places.entry(concept).or_insert_with(|| {
            self.concepts.push(concept);
            self.edges.push(Vec::new());
            self.components.push(component);
            self.wanted.push(false);
            self.concepts.len() - 1
        })
    }

    /// The concepts asked for by component, in the order of their first.
    fn groups(&self) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for term in &self.terms {
            let component = self.components.get(*term).copied().unwrap_or(*term);
            groups.entry(component).or_default().push(*term);
        }
        groups.into_values().collect()
    }

    /// A path through all terms of one component, or several that pass through all.
    fn one_group(&self, terms: &[usize], work: usize) -> (Verdict, Vec<Vec<usize>>) {
        let pieces = self.cover(terms);
        if pieces.len() == 1 {
            return (Verdict::Connected, pieces);
        }
        if terms.first().is_some_and(|root| cuts::rule_out(&self.edges, &self.wanted, *root)) {
            return (Verdict::NotConnected, pieces);
        }
        match self.path(terms, work) {
            Search::Found(path) => (Verdict::Connected, vec![path]),
            Search::Exhausted => (Verdict::NotConnected, pieces),
            Search::Ended => (Verdict::Unknown, pieces),
        }
    }

    /// A path through all terms of one component. It is extended node by node
    /// and taken back where a term is cut off; it begins and ends with a term,
    /// since one that does not could be shortened.
    fn path(&self, terms: &[usize], work: usize) -> Search {
        let mut walk = Walk::new(self, work);
        for start in terms {
            if walk.push(*start, terms.len()) {
                return Search::Found(walk.nodes());
            }
            while let Some(next) = walk.next() {
                if walk.ended() {
                    return Search::Ended;
                }
                if walk.push(next, terms.len()) {
                    return Search::Found(walk.nodes());
                }
            }
            if walk.ended() {
                return Search::Ended;
            }
        }
        Search::Exhausted
    }

    /// Paths that share no node and pass through all terms of one component,
    /// made by going to the nearest term as long as one can be reached.
    fn cover(&self, terms: &[usize]) -> Vec<Vec<usize>> {
        let mut used = vec![false; self.concepts.len()];
        let mut pieces = Vec::new();
        let mut work = MAX_WORK;
        for start in terms {
            if mark(&mut used, *start) {
                continue;
            }
            let mut piece = VecDeque::from([*start]);
            while let Some(way) = piece.back().and_then(|end| self.nearest(*end, &used, &mut work)) {
                for node in way {
                    mark(&mut used, node);
                    piece.push_back(node);
                }
            }
            while let Some(way) = piece.front().and_then(|end| self.nearest(*end, &used, &mut work)) {
                for node in way {
                    mark(&mut used, node);
                    piece.push_front(node);
                }
            }
            pieces.push(piece.into());
        }
        pieces
    }

    /// The way from a node to the nearest term that is not used, without its start.
    fn nearest(&self, from: usize, used: &[bool], work: &mut usize) -> Option<Vec<usize>> {
        let mut before: HashMap<usize, usize> = HashMap::new();
        let mut open = VecDeque::from([from]);
        while let Some(node) = open.pop_front() {
            for to in self.edges.get(node).into_iter().flatten() {
                *work = work.checked_sub(1)?;
                if is_set(used, *to) || *to == from || before.contains_key(to) {
                    continue;
                }
                before.insert(*to, node);
                if is_set(&self.wanted, *to) {
                    let back = std::iter::successors(Some(*to), |at| before.get(at).copied());
                    let mut way: Vec<usize> = back.take_while(|at| *at != from).collect();
                    way.reverse();
                    return Some(way);
                }
                open.push_back(*to);
            }
        }
        None
    }
}

/// A path in the making.
struct Walk<'l> {
    local: &'l Local,
    steps: Vec<Step>,
    used: Vec<bool>,
    /// How many terms are on the path.
    terms: usize,
    work: usize,
    /// When each node was seen last by a look around.
    seen: Vec<usize>,
    looks: usize,
}

struct Step {
    node: usize,
    /// The neighbour towards the nearest term, which is tried before all others.
    towards: Option<usize>,
    tried: usize,
}

impl<'l> Walk<'l> {
    fn new(local: &'l Local, work: usize) -> Self {
        let (used, seen) = (vec![false; local.concepts.len()], vec![0; local.concepts.len()]);
        Self { local, steps: Vec::new(), used, terms: 0, work, seen, looks: 0 }
    }

    fn ended(&self) -> bool {
        self.work == 0
    }

    fn nodes(&self) -> Vec<usize> {
        self.steps.iter().map(|step| step.node).collect()
    }

    /// Extends the path; true if it then has all terms.
    fn push(&mut self, node: usize, all: usize) -> bool {
        mark(&mut self.used, node);
        self.terms += usize::from(is_set(&self.local.wanted, node));
        let left = all - self.terms;
        let towards = if left == 0 { None } else { self.look_around(node, left) };
        // Where a term cannot be reached any more no neighbour is worth a try.
        let tried = if towards.is_none() { usize::MAX } else { 0 };
        self.steps.push(Step { node, towards, tried });
        left == 0
    }

    /// The neighbour that leads to the nearest term; none if not all can be reached.
    fn look_around(&mut self, from: usize, mut left: usize) -> Option<usize> {
        self.looks += 1;
        let mut open = VecDeque::from([(from, None)]);
        let mut nearest = None;
        while let Some((node, first)) = open.pop_front() {
            for to in self.local.edges.get(node).into_iter().flatten() {
                self.work = self.work.saturating_sub(1);
                if self.work == 0 {
                    return None;
                }
                let seen = self
                    .seen
                    .get_mut(*to)
                    .is_none_or(|seen| std::mem::replace(seen, self.looks) == self.looks);
                if seen || is_set(&self.used, *to) {
                    continue;
                }
                let first = first.or(Some(*to));
                if is_set(&self.local.wanted, *to) {
                    nearest = nearest.or(first);
                    left -= 1;
                    if left == 0 {
                        return nearest;
                    }
                }
                open.push_back((*to, first));
            }
        }
        None
    }

    /// The next node to try; the path is taken back as far as there is none.
    fn next(&mut self) -> Option<usize> {
        while let Some(step) = self.steps.last_mut() {
            if let Some(towards) = step.towards.filter(|_| step.tried == 0) {
                step.tried = 1;
                return Some(towards);
            }
            let edges = self.local.edges.get(step.node).map(Vec::as_slice).unwrap_or_default();
            while let Some(to) = step.tried.checked_sub(1).and_then(|at| edges.get(at)) {
                step.tried += 1;
                self.work = self.work.saturating_sub(1);
                if !is_set(&self.used, *to) && Some(*to) != step.towards {
                    return Some(*to);
                }
            }
            let node = step.node;
            self.steps.pop();
            self.terms -= usize::from(is_set(&self.local.wanted, node));
            if let Some(used) = self.used.get_mut(node) {
                *used = false;
            }
        }
        None
    }
}

fn is_set(marks: &[bool], place: usize) -> bool {
    marks.get(place).copied().unwrap_or_default()
}

/// Sets a mark; whether it was set.
fn mark(marks: &mut [bool], place: usize) -> bool {
    marks.get_mut(place).is_some_and(|mark| std::mem::replace(mark, true))
}
