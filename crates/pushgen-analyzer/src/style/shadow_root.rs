//! Shadow roots that are declared in markup.
//!
//! In: a `template` element. Out: whether the parser makes its content the shadow tree of its parent (HTML §13.2.6.4.4,
//! DOM §4.8). The content stays in the arena, with the `template` as the parent of what is directly in the root. That a
//! host has one shadow root, the first, is for those who go over the document in order.

use crate::html::Node;

/// Whether an element declares a shadow root that its parent can have.
pub(crate) fn is_shadow_root(element: Node<'_>) -> bool {
    const HOSTS: [&str; 18] = [
        "article",
        "aside",
        "blockquote",
        "body",
        "div",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "main",
        "nav",
        "p",
        "section",
        "span",
    ];
    let declares = element.is("template")
        && element.attribute("shadowrootmode").is_some_and(|mode| {
            mode.eq_ignore_ascii_case("open") || mode.eq_ignore_ascii_case("closed")
        });
    declares
        && element.parent().is_some_and(|host| {
            let name = host.name();
            host.is(name) && (HOSTS.contains(&name) || name.contains('-'))
        })
}

/// The shadow root that an element is in, as its `template`; the element itself counts.
pub(super) fn shadow_root_around(element: Node<'_>) -> Option<Node<'_>> {
    std::iter::successors(Some(element), |element| element.parent())
        .find(|element| is_shadow_root(*element))
}
