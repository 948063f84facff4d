//! One graph of a page out of those for several viewports.
//!
//! In: the graph at each viewport. Out: their union. What is fetched before `load` at all of them is certain; what only
//! some of them fetch says which, and so does what is the largest paint of only some.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use pushgen_policy::Responsive;

use super::fetch::PageGraph;
use super::largest_paint::LcpImage;
use crate::css::{Applies, MediaQueryList};
use crate::reference::{When, confidence};
use crate::viewport::Viewport;

/// Merges the graphs of one page. `names` are those of the viewports, `layouts` what the page is laid out for at each,
/// in the same order; there is at least one.
pub(crate) fn merge(
    graphs: Vec<PageGraph>,
    names: &[Arc<str>],
    layouts: &[Viewport],
) -> Option<PageGraph> {
    let count = graphs.len();
    let mut graphs = (0..).zip(graphs);
    let (_, first) = graphs.next()?;
    if count == 1 {
        return Some(first);
    }
    let mut merged = PageGraph {
        page: Arc::clone(&first.page),
        file: Arc::clone(&first.file),
        fetches: Vec::with_capacity(first.fetches.len()),
        lcp: Vec::new(),
        foreign_blocker: None,
        foreign_stopper: None,
        is_read: true,
    };
    let mut by_path: HashMap<Arc<str>, usize> = HashMap::new();
    let mut at: Vec<Vec<(usize, When)>> = Vec::new();
    let mut largest: Vec<(usize, LcpImage)> = Vec::new();
    for (viewport, graph) in std::iter::once((0, first)).chain(graphs) {
        merged.foreign_blocker = merged.foreign_blocker.or(graph.foreign_blocker);
        merged.foreign_stopper = merged.foreign_stopper.or(graph.foreign_stopper);
        merged.is_read &= graph.is_read;
        largest.extend(graph.lcp.into_iter().map(|lcp| (viewport, lcp)));
        for fetch in graph.fetches {
            let seen = (viewport, fetch.when);
            match by_path.entry(Arc::clone(&fetch.path)) {
                Entry::Vacant(free) => {
                    free.insert(merged.fetches.len());
                    merged.fetches.push(fetch);
                    at.push(vec![seen]);
                }
                Entry::Occupied(known) => {
                    let known = *known.get();
                    merged.fetches[known].merge_viewport(fetch);
                    at[known].push(seen);
                }
            }
        }
    }
    for (fetch, at) in merged.fetches.iter_mut().zip(&at) {
        let agreeing = at.iter().filter(|(_, when)| *when == fetch.when);
        let agreeing: Vec<usize> = agreeing.map(|(viewport, _)| *viewport).collect();
        if agreeing.len() < count {
            fetch.confidence = fetch.confidence.min(confidence::VIEWPORT);
            fetch.viewports = agreeing
                .iter()
                .filter_map(|viewport| names.get(*viewport).cloned())
                .collect();
        } else if fetch.confidence >= confidence::VIEWPORT {
            fetch.confidence = confidence::CERTAIN;
        }
        let is_true = |responsive: &Arc<Responsive>| agrees(responsive, &agreeing, layouts);
        fetch.responsive = fetch.responsive.take().filter(is_true);
    }
    merged.lcp = merge_lcp(largest, count, names);
    merged
        .fetches
        .sort_by_key(|fetch| (fetch.depth, fetch.order));
    Some(merged)
}

/// One entry for each image, with the doubts of the viewport that is least sure of it.
fn merge_lcp(found: Vec<(usize, LcpImage)>, count: usize, names: &[Arc<str>]) -> Vec<LcpImage> {
    let mut merged: Vec<LcpImage> = Vec::new();
    for (viewport, lcp) in found {
        let name = names.get(viewport).cloned();
        match merged.iter_mut().find(|known| known.path == lcp.path) {
            None => merged.push(LcpImage {
                viewports: name.into_iter().collect(),
                ..lcp
            }),
            Some(known) => {
                let mut viewports = std::mem::take(&mut known.viewports);
                viewports.extend(name);
                if lcp.confidence < known.confidence {
                    *known = lcp;
                }
                known.viewports = viewports;
            }
        }
    }
    for lcp in &mut merged {
        if lcp.viewports.len() == count {
            lcp.viewports.clear();
        }
    }
    merged
}

/// Whether the words say of the viewports that were looked at what is so: other rules of the page may come between, so
/// that a condition holds where its image is not fetched. What is chosen by width or density may be another image there.
fn agrees(responsive: &Responsive, fetched_at: &[usize], layouts: &[Viewport]) -> bool {
    let Some(media) = &responsive.media else {
        return true;
    };
    let media = MediaQueryList::parse(media);
    layouts.iter().enumerate().all(|(at, layout)| {
        let holds = media.evaluate(layout) == Applies::Matches;
        let is_fetched = fetched_at.contains(&at);
        holds == is_fetched || (holds && responsive.imagesrcset.is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::super::fetch::{Fetch, Rank, Request};
    use super::*;
    use crate::reference::{Blocking, Reference};
    use pushgen_policy::{Class, Destination};

    /// A graph of `(path, when, confidence, render-blocking)`.
    fn graph(fetches: &[(&str, When, f64, bool)]) -> PageGraph {
        let page: Arc<str> = "/".into();
        let fetch = |(order, (path, when, confidence, render)): (u32, &(&str, When, f64, bool))| {
            let blocking = Blocking {
                render: *render,
                parser: false,
            };
            let reference = Reference {
                when: *when,
                confidence: *confidence,
                blocking,
                ..Reference::new("", Destination::Style, 1)
            };
            let request = Request::of(&reference, (*path).into(), None, "index.html:1".into());
            Fetch::new(request, &page, order)
        };
        PageGraph {
            page: Arc::clone(&page),
            file: "index.html".into(),
            fetches: (0..).zip(fetches).map(fetch).collect(),
            lcp: Vec::new(),
            foreign_blocker: None,
            foreign_stopper: None,
            is_read: true,
        }
    }

    fn merge_two(phone: PageGraph, desktop: PageGraph) -> Option<PageGraph> {
        let names = ["phone".into(), "desktop".into()];
        let layouts = [Viewport::PHONE, Viewport::DESKTOP];
        merge(vec![phone, desktop], &names, &layouts)
    }

    #[test]
    fn words_that_hold_elsewhere_too_are_dropped() {
        const WIDE: &str = "(min-width: 600px)";
        const ANY: &str = "(min-width: 1px)";
        let set = Some("/a 1x, /b 2x");
        // What is said at the phone and at the desktop, where it is fetched; whether it stays.
        type Said = Option<(Option<&'static str>, Option<&'static str>)>;
        let table: &[(Said, Said, bool)] = &[
            (None, Some((Some(WIDE), None)), true),
            (Some((Some(WIDE), None)), None, false),
            (None, Some((Some(ANY), None)), false),
            (None, Some((Some(ANY), set)), true),
            (None, Some((None, set)), true),
            (Some((Some(ANY), None)), Some((Some(ANY), None)), true),
            (Some((Some(ANY), None)), Some((Some(WIDE), None)), false),
            (Some((None, None)), Some((Some(ANY), None)), false),
        ];
        for (phone, desktop, stays) in table {
            let graph = |said: &Said| {
                let mut graph = graph(&[("/a", When::Load, 0.9, false)]);
                match said {
                    None => graph.fetches.clear(),
                    Some((media, imagesrcset)) => {
                        let said = Responsive {
                            media: media.map(str::to_owned),
                            imagesrcset: imagesrcset.map(str::to_owned),
                            imagesizes: None,
                        };
                        let said = Some(said).filter(|said| !said.is_empty());
                        graph.fetches[0].responsive = said.map(Arc::new);
                    }
                }
                graph
            };
            let merged = merge_two(graph(phone), graph(desktop)).expect("two graphs");
            let has_words = merged.fetches[0].responsive.is_some();
            assert_eq!(has_words, *stays, "{phone:?} {desktop:?}");
        }
    }

    #[test]
    fn what_all_viewports_fetch_is_certain_and_the_rest_says_where() {
        use When::{Late, Load};
        let phone = graph(&[
            ("/both", Load, 0.9, false),
            ("/phone", Load, 1.0, false),
            ("/font", Load, 0.7, false),
            ("/late-here", Late, 0.5, false),
            ("/late", Late, 0.5, false),
        ]);
        let desktop = graph(&[
            ("/both", Load, 0.9, true),
            ("/desktop", Load, 0.9, false),
            ("/font", Load, 0.7, false),
            ("/late-here", Load, 1.0, false),
            ("/late", Late, 0.5, false),
        ]);
        let merged = merge_two(phone, desktop);
        let merged = merged.expect("two graphs");
        let found: Vec<_> = merged
            .fetches
            .iter()
            .map(|fetch| {
                let viewports = fetch.viewports.join(" ");
                (&*fetch.path, fetch.when, fetch.confidence, viewports)
            })
            .collect();
        let row = |path, when, confidence, at: &str| (path, when, confidence, at.to_owned());
        assert_eq!(
            found,
            [
                row("/both", Load, 1.0, ""),
                row("/phone", Load, 0.9, "phone"),
                row("/desktop", Load, 0.9, "desktop"),
                row("/font", Load, 0.7, ""),
                row("/late-here", Load, 0.9, "desktop"),
                row("/late", Late, 0.5, ""),
            ]
        );
        let both = merged.fetches.first().expect("/both");
        assert!(both.render_blocking);
        assert_eq!(both.rank, Rank::RenderBlocking);
    }

    #[test]
    fn a_largest_paint_of_one_viewport_says_of_which_and_of_all_how_sure_it_is() {
        let with = |path: &str, confidence: f64| {
            let mut graph = graph(&[("/hero", When::Load, 1.0, false)]);
            let class = if confidence < 0.8 {
                Class::Image
            } else {
                Class::Lcp
            };
            for fetch in &mut graph.fetches {
                fetch.class = class;
            }
            graph.lcp.extend((confidence > 0.0).then(|| LcpImage {
                path: path.into(),
                element: "img".into(),
                confidence,
                reason: "".into(),
                viewports: Vec::new(),
            }));
            graph
        };
        for (phone, desktop, expected, class) in [
            (
                with("/hero", 0.9),
                with("/hero", 0.7),
                vec![("/hero", 0.7, "")],
                Class::Lcp,
            ),
            (
                with("", 0.0),
                with("/hero", 0.9),
                vec![("/hero", 0.9, "desktop")],
                Class::Lcp,
            ),
            (
                with("/other", 0.6),
                with("/hero", 0.5),
                vec![("/other", 0.6, "phone"), ("/hero", 0.5, "desktop")],
                Class::Image,
            ),
        ] {
            let names = ["phone".into(), "desktop".into()];
            let layouts = [Viewport::PHONE, Viewport::DESKTOP];
            let merged = merge(vec![phone, desktop], &names, &layouts).expect("two graphs");
            let found: Vec<_> = merged
                .lcp
                .iter()
                .map(|lcp| {
                    (
                        lcp.path.to_string(),
                        lcp.confidence,
                        lcp.viewports.join(" "),
                    )
                })
                .collect();
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(path, confidence, at)| (path.to_owned(), confidence, at.to_owned()))
                .collect();
            assert_eq!(found, expected);
            assert_eq!(merged.fetches.first().map(|fetch| fetch.class), Some(class));
        }
    }

    #[test]
    fn one_viewport_is_left_as_it_is() {
        let one = graph(&[("/a", When::Load, 0.9, false)]);
        let merged = merge(vec![one], &["desktop".into()], &[Viewport::DESKTOP]).expect("a graph");
        let fetch = merged.fetches.first().expect("/a");
        assert!(fetch.viewports.is_empty());
        assert!((fetch.confidence - 0.9).abs() < f64::EPSILON);
    }
}
