//! What kind of script a `script` element holds (HTML Standard §4.12.1, "prepare the script element").
//!
//! Where Chromium and the standard part, what neither of them fetches wins: `" module "` with spaces is
//! a module by the standard and an unknown type in Chromium.

use super::dom::Node;

/// The kinds of scripts that a browser's loader knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScriptType {
    Classic,
    Module,
    ImportMap,
}

/// MIME Sniffing Standard §4.6: JavaScript MIME type essences.
const JAVASCRIPT: [&str; 16] = [
    "application/ecmascript",
    "application/javascript",
    "application/x-ecmascript",
    "application/x-javascript",
    "text/ecmascript",
    "text/javascript",
    "text/javascript1.0",
    "text/javascript1.1",
    "text/javascript1.2",
    "text/javascript1.3",
    "text/javascript1.4",
    "text/javascript1.5",
    "text/jscript",
    "text/livescript",
    "text/x-ecmascript",
    "text/x-javascript",
];

/// The type of a script; `None` for data blocks and unknown types, which are not run.
pub(super) fn of(element: Node<'_>) -> Option<ScriptType> {
    let type_ = match (element.attribute("type"), element.attribute("language")) {
        (Some(""), _) | (None, None | Some("")) => return Some(ScriptType::Classic),
        (Some(type_), _) => type_.to_ascii_lowercase(),
        (None, Some(language)) => format!("text/{}", language.to_ascii_lowercase()),
    };
    of_name(&type_)
}

/// The type of an SVG `script`, which has no `language`.
pub(super) fn of_svg(element: Node<'_>) -> Option<ScriptType> {
    match element.attribute("type") {
        None | Some("") => Some(ScriptType::Classic),
        Some(type_) => of_name(&type_.to_ascii_lowercase()),
    }
}

fn of_name(type_: &str) -> Option<ScriptType> {
    match type_ {
        "module" => Some(ScriptType::Module),
        "importmap" => Some(ScriptType::ImportMap),
        other => JAVASCRIPT
            .contains(&other.trim_ascii())
            .then_some(ScriptType::Classic),
    }
}

/// Scripts `for` something else than the window's `onload` do not run.
pub(super) fn waits_for_other_event(element: Node<'_>) -> bool {
    let (Some(for_), Some(event)) = (element.attribute("for"), element.attribute("event")) else {
        return false;
    };
    let event = event.trim_ascii().to_ascii_lowercase();
    !(for_.trim_ascii().eq_ignore_ascii_case("window")
        && matches!(event.as_str(), "onload" | "onload()"))
}
