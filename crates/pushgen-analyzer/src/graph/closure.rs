//! What lies behind a style sheet or module: everything that it leads to, cycles included.
//!
//! In: a root and a function from a node to its edges. Out: every edge's request once, in depth-first
//! order, which is the order of evaluation seen from the document: each file is followed by what it
//! names. Depths are the smallest over all ways, counted from the root. Nothing recurses, so chains of
//! any length are fine.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;
use std::sync::Arc;

use pushgen_policy::{CrossOrigin, Destination};

use crate::reference::{Content, When};
use crate::resolve::SiteTarget;

/// One reference of a style sheet or module to a file of the site.
#[derive(Debug, Clone)]
pub(super) struct Edge<N> {
    pub(super) target: SiteTarget,
    pub(super) destination: Destination,
    pub(super) content: Content,
    pub(super) when: When,
    pub(super) confidence: f64,
    pub(super) crossorigin: Option<CrossOrigin>,
    /// The integrity that an import map asks for.
    pub(super) integrity: Option<Arc<str>>,
    /// Whether what waits for the root waits for this too (`@import`).
    pub(super) inherits_blocking: bool,
    /// File and line.
    pub(super) location: Arc<str>,
    pub(super) line: u32,
    /// The URL as it is written.
    pub(super) text: String,
    /// For [`When::Conditional`]: what uses it.
    pub(super) condition: Option<Arc<str>>,
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

/// A request behind a root.
#[derive(Debug, Clone)]
pub(super) struct Reached {
    pub(super) path: Arc<str>,
    pub(super) target: SiteTarget,
    pub(super) destination: Destination,
    pub(super) content: Content,
    pub(super) when: When,
    pub(super) confidence: f64,
    pub(super) crossorigin: Option<CrossOrigin>,
    pub(super) integrity: Option<Arc<str>>,
    pub(super) inherits_blocking: bool,
    /// Steps from the root: 1 for what the root itself names.
    pub(super) depth: u32,
    /// The request target of the file that names it; `None` is the root, which each page may ask for
    /// by a URL of its own (`a.css?v=2`).
    pub(super) initiator: Option<Arc<str>>,
    pub(super) location: Arc<str>,
    pub(super) condition: Option<Arc<str>>,
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
        let path: Arc<str> = edge.target.path.as_str().into();
        let depth = depths.get(node).copied().unwrap_or(0) + 1;
        match by_path.entry(Arc::clone(&path)) {
            Entry::Occupied(known) => {
                let known = &mut reached[*known.get()];
                if depth < known.depth {
                    known.depth = depth;
                    known.initiator.clone_from(initiator);
                    known.location = Arc::clone(&edge.location);
                }
                known.inherits_blocking |= edge.inherits_blocking;
                if edge.when < known.when {
                    (known.when, known.confidence) = (edge.when, edge.confidence);
                }
            }
            Entry::Vacant(free) => {
                free.insert(reached.len());
                reached.push(Reached {
                    path: Arc::clone(&path),
                    target: edge.target.clone(),
                    destination: edge.destination,
                    content: edge.content,
                    when: edge.when,
                    confidence: edge.confidence,
                    crossorigin: edge.crossorigin,
                    integrity: edge.integrity.clone(),
                    inherits_blocking: edge.inherits_blocking,
                    depth,
                    initiator: initiator.clone(),
                    location: Arc::clone(&edge.location),
                    condition: edge.condition.clone(),
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

    fn graph(edges: &'static [(u32, u32)]) -> impl Fn(u32) -> Vec<Edge<u32>> {
        move |node| {
            edges
                .iter()
                .filter(|(from, _)| *from == node)
                .map(|(_, to)| Edge {
                    target: SiteTarget {
                        path: format!("/{to}"),
                        file: None,
                    },
                    destination: Destination::Style,
                    content: Content::Opaque,
                    when: When::Load,
                    confidence: 1.0,
                    crossorigin: None,
                    integrity: None,
                    inherits_blocking: true,
                    location: "x:1".into(),
                    line: 1,
                    text: String::new(),
                    condition: None,
                    node: Some(*to),
                })
                .collect()
        }
    }

    fn found(root: u32, edges: &'static [(u32, u32)]) -> Vec<(String, u32)> {
        closure(root, graph(edges))
            .into_iter()
            .map(|r| (r.path.to_string(), r.depth))
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
            let edges = graph(&[(0, 1)])(0);
            edges
                .into_iter()
                .filter(|_| node < 100_000)
                .map(|edge| Edge {
                    target: SiteTarget {
                        path: format!("/{}", node + 1),
                        file: None,
                    },
                    node: Some(node + 1),
                    ..edge
                })
                .collect::<Vec<_>>()
        };
        let reached = closure(0, next);
        assert_eq!(reached.last().map(|r| r.depth), Some(100_000));
    }
}
