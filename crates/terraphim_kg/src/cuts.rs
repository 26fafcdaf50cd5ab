//! Whether the cut vertices of a graph rule out a path.
//!
//! A path enters and leaves what hangs on a cut vertex once. So the wanted nodes
//! must lie in blocks that form a chain: a cut vertex with wanted nodes in three
//! of the parts that it holds together rules a path out, and so does a block
//! with wanted nodes behind three of its cut vertices. Both are found in one
//! walk in depth (Hopcroft and Tarjan, Efficient Algorithms for Graph
//! Manipulation, 1973).

/// Whether no path can pass through all wanted nodes of a connected graph; if
/// not ruled out, there may still be none. `root` is one of the wanted.
pub(crate) fn rule_out(edges: &[Vec<usize>], wanted: &[bool], root: usize) -> bool {
    let all = wanted.iter().filter(|wanted| **wanted).count();
    let mut walk =
        Walk { nodes: vec![Node::default(); edges.len()], path: Vec::new(), block: Vec::new(), time: 0 };
    walk.enter(root, wanted);
    while let Some((node, next)) = walk.path.last().copied() {
        let to = edges.get(node).and_then(|edges| edges.get(next)).copied();
        if let Some((_, next)) = walk.path.last_mut() {
            *next += 1;
        }
        match to {
            Some(to) if walk.get(to).entered == 0 => walk.enter(to, wanted),
            Some(to) => {
                let parent = walk.path.iter().rev().nth(1).map(|(parent, _)| *parent);
                let entered = walk.get(to).entered;
                if let Some(here) = walk.nodes.get_mut(node).filter(|_| Some(to) != parent) {
                    here.lowest = here.lowest.min(entered);
                }
            }
            None => {
                walk.path.pop();
                if walk.leave(node, all) {
                    return true;
                }
            }
        }
    }
    false
}

#[derive(Debug, Clone, Copy, Default)]
struct Node {
    /// When it was entered, from 1.
    entered: usize,
    /// The first node that it or a node below leads back to.
    lowest: usize,
    is_wanted: bool,
    /// The wanted nodes below it, itself included.
    below: usize,
    /// The parts below that it alone holds, of those with wanted nodes, and how many these have.
    parts: usize,
    in_parts: usize,
}

struct Walk {
    nodes: Vec<Node>,
    /// The nodes from the root to the current one, each with its next edge.
    path: Vec<(usize, usize)>,
    /// Nodes that are not yet in a block.
    block: Vec<usize>,
    time: usize,
}

impl Walk {
    fn get(&self, place: usize) -> Node {
        self.nodes.get(place).copied().unwrap_or_default()
    }

    fn enter(&mut self, place: usize, wanted: &[bool]) {
        self.time += 1;
        let is_wanted = wanted.get(place).copied().unwrap_or_default();
        if let Some(node) = self.nodes.get_mut(place) {
            *node = Node {
                entered: self.time,
                lowest: self.time,
                is_wanted,
                below: usize::from(is_wanted),
                ..Node::default()
            };
        }
        self.path.push((place, 0));
        self.block.push(place);
    }

    /// Settles a node that was walked; whether it, or the block that ends with it, rules a path out.
    fn leave(&mut self, place: usize, all: usize) -> bool {
        let node = self.get(place);
        let elsewhere = all.saturating_sub(node.in_parts + usize::from(node.is_wanted));
        if node.parts + usize::from(elsewhere > 0) > 2 {
            return true;
        }
        let Some(parent) = self.path.last().and_then(|(parent, _)| self.nodes.get_mut(*parent)) else {
            return false;
        };
        parent.lowest = parent.lowest.min(node.lowest);
        parent.below += node.below;
        if node.lowest < parent.entered {
            return false;
        }
        if node.below > 0 {
            parent.parts += 1;
            parent.in_parts += node.below;
        }
        let behind = all.saturating_sub(node.below + usize::from(parent.is_wanted));
        let mut exits = usize::from(behind > 0);
        while let Some(member) = self.block.pop() {
            exits += usize::from(self.get(member).parts > 0);
            if member == place {
                break;
            }
        }
        exits > 2
    }
}
