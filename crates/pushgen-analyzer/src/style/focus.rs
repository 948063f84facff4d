//! The element that has the focus when its page has loaded: the first that `autofocus` asks for and that can have it
//! (HTML §6.6.2 and §6.6.7).
//!
//! Only markup is looked at: that a style sheet hides an element is not seen, but for its own `style` attribute. A
//! fragment in the address, which takes the focus away, is never there.

use super::tree::{Element, Tree};

impl Tree<'_> {
    /// The element with the focus and the elements around it, by index.
    fn find_focus(&self) -> Vec<u32> {
        let mut candidates = self
            .elements()
            .take_while(|element| element.tree.take(1))
            .filter(|element| element.has("autofocus"));
        let Some(focused) = candidates.find(|element| element.is_focusable()) else {
            return Vec::new();
        };
        let inside = std::iter::once(focused).chain(focused.ancestors());
        inside.map(Element::index).collect()
    }
}

impl Element<'_> {
    /// `:focus`, and `:focus-visible`, which always goes with it here.
    pub(super) fn has_focus(self) -> bool {
        let focus = self.tree.focus.get_or_init(|| self.tree.find_focus());
        focus.first() == Some(&self.index())
    }

    /// `:focus-within`
    pub(super) fn contains_focus(self) -> bool {
        let focus = self.tree.focus.get_or_init(|| self.tree.find_focus());
        focus.contains(&self.index())
    }

    fn is_focusable(self) -> bool {
        let is_kind = match self.node().name() {
            "input" => !self
                .attribute("type")
                .is_some_and(|type_| type_.eq_ignore_ascii_case("hidden")),
            "button" | "select" | "textarea" => true,
            "a" => self.is_hyperlink(),
            "summary" => self.parent().is_some_and(|parent| parent.is("details")),
            "video" | "audio" => self.has("controls"),
            _ => false,
        };
        let has_tab_index = || {
            let index = self.attribute("tabindex");
            index.is_some_and(|index| index.trim_ascii().parse::<i32>().is_ok())
        };
        let is_editable = || {
            let value = self.attribute("contenteditable");
            value.is_some_and(|value| !value.eq_ignore_ascii_case("false"))
        };
        (is_kind || has_tab_index() || is_editable())
            && !(self.is_disableable() && self.is_disabled())
            && std::iter::once(self)
                .chain(self.ancestors())
                .all(|element| !element.is_hidden(self))
    }

    /// Whether this element, or one in it, is not shown or takes no part.
    fn is_hidden(self, inner: Self) -> bool {
        let style = self.attribute("style").unwrap_or_default();
        let says = |property: &str, value: &str| style.contains(property) && style.contains(value);
        self.has("hidden")
            || self.has("inert")
            || self.has("popover")
            || (self.is("dialog") && !self.has("open"))
            || (self.is("details") && !self.has("open") && !inner.is("summary"))
            || says("display", "none")
            || says("visibility", "hidden")
            || (self != inner && says("content-visibility", "hidden"))
    }
}
