//! What lies behind a style sheet or module: everything that it leads to, cycles included.
//!
//! In: a root and a function from a node to its edges. Out: every edge's request once, in depth-first
//! order, which is the order of evaluation seen from the document: each file is followed by what it
//! names. Depths are the smallest over all ways, counted from the root. Nothing recurses, so chains of
//! any length are fine.

use std::cmp::Ordering;
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;

use super::fetch::Request;

/// One reference of a style sheet or module to a file of the site.
#[derive(Debug, Clone)]
pub(super) struct Edge<N> {
    /// The request that it causes, one step from its file.
    pub(super) request: Request,
    /// Whether what waits for the root waits for this too (`@import`, static imports).
    pub(super) inherits_blocking: bool,
    pub(super) line: u32,
    /// The URL as it is written.
    pub(super) text: String,
    /// The node behind it, if it leads further.
    pub(super) node: Option<N>,
}

/// The edges of a node, owned or shared.
pub(super) trait Edges<N> {
    fn edges(&self) -> &[Edge<N>];
}

impl<N> Edges<N> for Vec<Edge<N>> {
    fn edges(&self) -> &[Edge<N>] {
        self
    }
}

/// A request behind a root, its depth counted from there.
#[derive(Debug, Clone)]
pub(super) struct Reached {
    pub(super) request: Request,
    pub(super) inherits_blocking: bool,
}

/// Everything behind `root`.
pub(super) fn closure<N, E, F>(root: N, edges: F) -> Vec<Reached>
where
    N: Copy + Eq + Hash,
    E: Edges<N>,
    F: Fn(N) -> E,
{
    let depths = depths(root, &edges);
    let mut reached: Vec<Reached> = Vec::new();
    let mut by_path: HashMap<Arc<str>, usize> = HashMap::new();
    let mut entered = HashSet::from([root]);
    let mut stack: Vec<(N, Option<Arc<str>>, E, usize)> = vec![(root, None, edges(root), 0)];
    while let Some((node, initiator, list, next)) = stack.last_mut() {
        let Some(edge) = list.edges().get(*next) else {
            stack.pop();
            continue;
        };
        *next += 1;
        let path = Arc::clone(&edge.request.path);
        let depth = depths.get(node).copied().unwrap_or(0) + 1;
        match by_path.entry(Arc::clone(&path)) {
            Entry::Occupied(known) => {
                let known = &mut reached[*known.get()];
                known.inherits_blocking |= edge.inherits_blocking;
                let known = &mut known.request;
                let is_nearer = match edge.request.when.cmp(&known.when) {
                    Ordering::Less => {
                        (known.when, known.confidence) =
                            (edge.request.when, edge.request.confidence);
                        true
                    }
                    Ordering::Equal => {
                        known.confidence = known.confidence.max(edge.request.confidence);
                        depth < known.depth
                    }
                    Ordering::Greater => false,
                };
                if is_nearer {
                    known.depth = depth;
                    known.initiator.clone_from(initiator);
                    known.location = Arc::clone(&edge.request.location);
                }
            }
            Entry::Vacant(free) => {
                free.insert(reached.len());
                reached.push(Reached {
                    request: Request {
                        depth,
                        initiator: initiator.clone(),
                        ..edge.request.clone()
                    },
                    inherits_blocking: edge.inherits_blocking,
                });
            }
        }
        if let Some(child) = edge.node
            && entered.insert(child)
        {
            stack.push((child, Some(path), edges(child), 0));
        }
    }
    reached
}

/// The smallest number of steps from the root to every node.
fn depths<N, E, F>(root: N, edges: &F) -> HashMap<N, u32>
where
    N: Copy + Eq + Hash,
    E: Edges<N>,
    F: Fn(N) -> E,
{
    let mut depths = HashMap::from([(root, 0)]);
    let mut queue = VecDeque::from([root]);
    while let Some(node) = queue.pop_front() {
        let depth = depths[&node];
        for child in edges(node).edges().iter().filter_map(|edge| edge.node) {
            if let Entry::Vacant(unseen) = depths.entry(child) {
                unseen.insert(depth + 1);
                queue.push_back(child);
            }
        }
    }
    depths
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;

    fn edge(to: u32) -> Edge<u32> {
        let reference = Reference::new("", pushgen_policy::Destination::Style, 1);
        Edge {
            request: Request::of(&reference, format!("/{to}").into(), None, "x:1".into()),
            inherits_blocking: true,
            line: 1,
            text: String::new(),
            node: Some(to),
        }
    }

    fn found(root: u32, edges: &[(u32, u32)]) -> Vec<(String, u32)> {
        let of = |node: u32| {
            edges
                .iter()
                .filter(|(from, _)| *from == node)
                .map(|(_, to)| edge(*to))
                .collect::<Vec<_>>()
        };
        closure(root, of)
            .into_iter()
            .map(|r| (r.request.path.to_string(), r.request.depth))
            .collect()
    }

    #[test]
    fn each_file_is_followed_by_what_it_names_and_depths_are_the_smallest() {
        let owned = |list: &[(&str, u32)]| {
            list.iter()
                .map(|(p, d)| ((*p).to_owned(), *d))
                .collect::<Vec<_>>()
        };
        // A chain, a diamond with a short cut, a cycle, a self-reference.
        assert_eq!(
            found(0, &[(0, 1), (1, 2), (0, 3)]),
            owned(&[("/1", 1), ("/2", 2), ("/3", 1)])
        );
        assert_eq!(
            found(0, &[(0, 1), (1, 2), (2, 3), (0, 3)]),
            owned(&[("/1", 1), ("/2", 2), ("/3", 1)])
        );
        assert_eq!(
            found(0, &[(0, 1), (1, 2), (2, 0)]),
            owned(&[("/1", 1), ("/2", 2), ("/0", 3)])
        );
        assert_eq!(found(0, &[(0, 0)]), owned(&[("/0", 1)]));
        assert_eq!(found(0, &[]), owned(&[]));
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_files_does_not_exhaust_the_stack() {
        let next = |node: u32| {
            if node < 100_000 {
                vec![edge(node + 1)]
            } else {
                Vec::new()
            }
        };
        let reached = closure(0, next);
        assert_eq!(reached.last().map(|r| r.request.depth), Some(100_000));
    }
}
