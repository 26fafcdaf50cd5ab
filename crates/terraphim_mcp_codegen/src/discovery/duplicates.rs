//! Tools of several servers that do nearly the same, so that they need not fill
//! a page: `create_issue` of six servers is one entry with five others beside it.

use std::collections::HashMap;

use super::index::DiscoveryIndex;

/// Most kinds that are told apart among tools of one name.
const MAX_LEADERS: usize = 16;

/// For each tool the first one, in the order of numbers, that is nearly the same.
///
/// Two tools are nearly the same if they are of different servers, their names
/// have the same words, and their names, descriptions and parameters share a
/// quarter of their words (Jaccard's index), or half where the name is a single
/// word: `search` alone says little.
pub(super) fn leaders(index: &DiscoveryIndex) -> Vec<(u32, u32)> {
    let mut by_name: HashMap<&[u32], Vec<(u32, &[u32])>> = HashMap::with_capacity(index.docs.len());
    let mut found = Vec::new();
    for (id, item) in (0_u32..).zip(index.items()) {
        let kinds = by_name.entry(&item.name).or_default();
        let least = if item.name.len() > 1 { 25 } else { 50 };
        let server = index.docs.get(id as usize).map(|doc| doc.segment);
        let same = kinds.iter().find(|(leader, own)| {
            let other = index.docs.get(*leader as usize).map(|doc| doc.segment);
            other != server && !item.name.is_empty() && share_at_least(own, &item.own, least)
        });
        match same {
            Some((leader, _)) => found.push((id, *leader)),
            None if kinds.len() < MAX_LEADERS => kinds.push((id, &item.own)),
            None => {}
        }
    }
    found
}

/// Whether two ascending lists share at least so many hundredths of all that is in either.
fn share_at_least(a: &[u32], b: &[u32], hundredths: usize) -> bool {
    let (mut left, mut right, mut shared) = (a.iter().peekable(), b.iter().peekable(), 0_usize);
    while let (Some(x), Some(y)) = (left.peek(), right.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => drop(left.next()),
            std::cmp::Ordering::Greater => drop(right.next()),
            std::cmp::Ordering::Equal => {
                shared += 1;
                left.next();
                right.next();
            }
        }
    }
    shared * 100 >= hundredths * (a.len() + b.len() - shared).max(1)
}
