//! The graph against one that is made anew, and paths against trying them all.

use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection::vec, prelude::*};
use terraphim_kg::{ConceptGraph, ConceptIndex, Connection, Thesaurus, Verdict};

fn concepts(count: usize) -> Vec<ConceptIndex> {
    let names: Vec<String> = (0..count).map(|at| format!("c{at}")).collect();
    let files = names.iter().map(|name| (name.as_str(), ""));
    Thesaurus::from_markdown("test", files).expect("few").indices().collect()
}

/// A graph with just these edges.
fn graph(all: &[ConceptIndex], edges: &[(usize, usize)]) -> ConceptGraph<usize> {
    let mut graph = ConceptGraph::new();
    for (document, (a, b)) in edges.iter().enumerate() {
        graph.insert(document, &[all[*a], all[*b]]);
    }
    graph
}

/// Whether a path through all wanted exists, by trying every one.
fn has_path(count: usize, edges: &BTreeSet<(usize, usize)>, wanted: &BTreeSet<usize>) -> bool {
    fn extend(
        at: usize,
        used: &mut Vec<usize>,
        count: usize,
        edges: &BTreeSet<(usize, usize)>,
        wanted: &BTreeSet<usize>,
    ) -> bool {
        used.push(at);
        let found = wanted.iter().all(|one| used.contains(one))
            || (0..count).any(|to| {
                edges.contains(&(at.min(to), at.max(to)))
                    && !used.contains(&to)
                    && extend(to, used, count, edges, wanted)
            });
        used.pop();
        found
    }
    wanted.is_empty() || (0..count).any(|start| extend(start, &mut Vec::new(), count, edges, wanted))
}

/// Whether an answer holds what it says.
fn consistent(
    graph: &ConceptGraph<usize>,
    asked: &[ConceptIndex],
    answer: &Connection,
) -> Result<(), TestCaseError> {
    let wanted: BTreeSet<_> = asked.iter().copied().collect();
    let grouped: Vec<_> = answer.groups.iter().flatten().copied().collect();
    prop_assert_eq!(grouped.len(), wanted.len());
    prop_assert_eq!(grouped.into_iter().collect::<BTreeSet<_>>(), wanted.clone());
    prop_assert!(answer.groups.len() <= 1 || answer.verdict == Verdict::NotConnected);
    if answer.verdict != Verdict::Connected {
        prop_assert!(answer.path.is_empty() && !answer.missing.is_empty());
        return Ok(());
    }
    prop_assert!(answer.missing.is_empty());
    let visited: BTreeSet<_> = answer.path.iter().copied().collect();
    prop_assert_eq!(visited.len(), answer.path.len(), "a concept stands twice");
    prop_assert!(wanted.is_subset(&visited));
    for (one, next) in answer.path.iter().zip(answer.path.iter().skip(1)) {
        prop_assert!(graph.edges(*one).iter().any(|edge| edge.to == *next));
    }
    for end in [answer.path.first(), answer.path.last()].into_iter().flatten() {
        prop_assert!(wanted.contains(end));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn paths_are_found_if_there_are_any(
        edges in vec((0_usize..7, 0_usize..7), 0..14),
        asked in vec(0_usize..7, 0..6),
    ) {
        let all = concepts(7);
        let edges: BTreeSet<_> = edges.into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b))).collect();
        let mut graph = graph(&all, &edges.iter().copied().collect::<Vec<_>>());
        let named: Vec<_> = asked.iter().map(|at| all[*at]).collect();
        let answer = graph.connect(&named);
        consistent(&graph, &named, &answer)?;
        let expected = if has_path(7, &edges, &asked.iter().copied().collect()) { Verdict::Connected } else { Verdict::NotConnected };
        prop_assert_eq!(answer.verdict, expected);
        let limited = graph.connect_within(&named, 1);
        consistent(&graph, &named, &limited)?;
        prop_assert!(limited.verdict == expected || limited.verdict == Verdict::Unknown);
        // With the missing edges there is a path.
        for (number, (a, b)) in answer.missing.iter().enumerate() {
            graph.insert(1_000 + number, &[*a, *b]);
        }
        prop_assert_eq!(graph.connect(&named).verdict, Verdict::Connected);
    }

    #[test]
    fn a_graph_that_was_changed_is_like_a_new_one(
        changes in vec((0_u8..6, proptest::option::of(vec(0_usize..6, 0..14))), 0..24),
    ) {
        let all = concepts(6);
        let mut changed = ConceptGraph::new();
        let mut documents = BTreeMap::new();
        for (key, mentions) in changes {
            match mentions {
                Some(mentions) => {
                    let mentions: Vec<_> = mentions.into_iter().map(|at| all[at]).collect();
                    changed.insert(key, &mentions);
                    documents.insert(key, mentions);
                }
                None => prop_assert_eq!(changed.remove(&key), documents.remove(&key).is_some()),
            }
        }
        let mut made = ConceptGraph::new();
        for (key, mentions) in documents.iter().rev() {
            made.insert(*key, mentions);
        }
        prop_assert_eq!(changed.nodes(), made.nodes());
        prop_assert_eq!(changed.document_count(), documents.len());
        let mut ends = 0;
        for concept in &all {
            prop_assert_eq!(changed.edges(*concept), made.edges(*concept));
            ends += changed.edges(*concept).len();
            for edge in changed.edges(*concept) {
                // The weight by its definition.
                let weight = |mentions: &Vec<ConceptIndex>| {
                    let mut sum = 0;
                    for (at, one) in mentions.iter().enumerate() {
                        for (step, other) in mentions.iter().enumerate().skip(at + 1).take(8) {
                            let pair = (*one == *concept && *other == edge.to) || (*one == edge.to && *other == *concept);
                            sum += if pair { 9 - (step - at) as u64 } else { 0 };
                        }
                    }
                    sum
                };
                let weights: Vec<u64> = documents.values().map(weight).filter(|weight| *weight > 0).collect();
                prop_assert_eq!(edge.weight, weights.iter().sum::<u64>());
                prop_assert_eq!(edge.documents as usize, weights.len());
            }
        }
        prop_assert_eq!(changed.edge_count() * 2, ends);
        let ranked = |graph: &ConceptGraph<u8>| -> Vec<(u8, i64)> {
            graph.rank(&all[..2], 10).iter().map(|one| (*one.document, (one.score * 1e9) as i64)).collect()
        };
        prop_assert_eq!(ranked(&changed), ranked(&made));
    }
}

#[test]
fn documents_rank_by_what_they_and_their_neighbours_mention() {
    let all = concepts(4);
    let [asked, near, far, other] = [all[0], all[1], all[2], all[3]];
    let mut graph = ConceptGraph::new();
    graph.insert("both", &[asked, near]);
    graph.insert("often", &[asked, asked, asked, near]);
    graph.insert("near", &[near, other]);
    graph.insert("far", &[far]);
    let ranked: Vec<_> = graph.rank(&[asked], 10).iter().map(|one| *one.document).collect();
    assert_eq!(ranked, ["often", "both", "near"]);
    assert_eq!(graph.rank(&[asked], 1).len(), 1);
    assert!(graph.rank(&[], 10).is_empty());
}

/// Five nodes that are each tied to the same three: a path would have to pass
/// through a fourth between two of them. No node cuts the graph, so only trying tells.
#[test]
fn a_search_that_is_ended_says_so() {
    let all = concepts(8);
    let edges: Vec<_> = (0..3).flat_map(|hub| (3..8).map(move |leaf| (hub, leaf))).collect();
    let graph = graph(&all, &edges);
    assert_eq!(graph.connect_within(&all, 100).verdict, Verdict::Unknown);
    assert_eq!(graph.connect(&all).verdict, Verdict::NotConnected);
    assert_eq!(graph.connect_within(&all[..7], 100).verdict, Verdict::Connected);
}

/// Everything is connected with everything: trying all orders would never end.
#[test]
fn a_complete_graph_of_a_thousand_is_answered() {
    let all = concepts(1_001);
    let mut graph = ConceptGraph::new();
    for (at, one) in all[..1_000].iter().enumerate() {
        for (document, other) in all[at + 1..1_000].iter().enumerate() {
            graph.insert(at * 1_000 + document, &[*one, *other]);
        }
    }
    let start = std::time::Instant::now();
    let answer = graph.connect(&all[..1_000]);
    assert_eq!((answer.verdict, answer.path.len()), (Verdict::Connected, 1_000));
    let answer = graph.connect(&all);
    assert_eq!((answer.verdict, answer.groups.len(), answer.missing.len()), (Verdict::NotConnected, 2, 1));
    // The rest hangs on one node: two ends, and three things to visit.
    for (number, leaf) in concepts(1_004)[1_001..].iter().enumerate() {
        graph.insert(2_000_000 + number, &[*leaf, all[0]]);
    }
    let mut asked = concepts(1_004)[1_001..].to_vec();
    asked.push(all[500]);
    let answer = graph.connect(&asked);
    assert_eq!(answer.verdict, Verdict::NotConnected);
    assert_eq!(answer.groups.len(), 1);
    // A debug build on a busy machine; all orders would take longer than there is time.
    assert!(start.elapsed().as_secs() < 120, "{:?}", start.elapsed());
}
