//! The states of form controls as their markup leaves them (HTML §4.10, §4.16.3).
//!
//! `pattern` and `step` are not checked; a control counts as owned by the form around it or the one it names.

use super::tree::Element;

/// The state of an `input`'s `type`, lower case; unknown ones are text.
fn input_type(input: Element<'_>) -> &'static str {
    const TYPES: [&str; 22] = [
        "hidden",
        "text",
        "search",
        "tel",
        "url",
        "email",
        "password",
        "date",
        "month",
        "week",
        "time",
        "datetime-local",
        "number",
        "range",
        "color",
        "checkbox",
        "radio",
        "file",
        "submit",
        "image",
        "reset",
        "button",
    ];
    let given = input.attribute("type").unwrap_or_default();
    TYPES
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(given))
        .unwrap_or("text")
}

fn is_temporal(type_: &str) -> bool {
    matches!(type_, "date" | "month" | "week" | "time" | "datetime-local")
}

/// Whether a type holds text that is typed in.
fn is_textual(type_: &str) -> bool {
    matches!(
        type_,
        "text" | "search" | "tel" | "url" | "email" | "password" | "number"
    )
}

impl<'t> Element<'t> {
    fn input_type(self) -> Option<&'static str> {
        self.is("input").then(|| input_type(self))
    }

    pub(super) fn is_disableable(self) -> bool {
        self.is_html()
            && matches!(
                self.node().name(),
                "button" | "input" | "select" | "textarea" | "optgroup" | "option" | "fieldset"
            )
    }

    pub(super) fn is_disabled(self) -> bool {
        if self.has("disabled") {
            return true;
        }
        match self.node().name() {
            "option" => self.parent().is_some_and(|group| {
                (group.is("optgroup") || group.is("select")) && group.has("disabled")
            }),
            "optgroup" => false,
            _ => {
                let mut inside = self;
                self.ancestors().any(|ancestor| {
                    let disables = ancestor.is("fieldset")
                        && ancestor.has("disabled")
                        && !(inside.is("legend")
                            && ancestor.children().find(|child| child.is("legend"))
                                == Some(inside));
                    inside = ancestor;
                    disables
                })
            }
        }
    }

    /// Whether it must be filled in; `None` where that is no question.
    pub(super) fn is_required(self) -> Option<bool> {
        let may_be = match self.input_type() {
            Some(type_) => {
                is_textual(type_)
                    || is_temporal(type_)
                    || matches!(type_, "checkbox" | "radio" | "file")
            }
            None => self.is("select") || self.is("textarea"),
        };
        if may_be {
            Some(self.has("required"))
        } else {
            (self.is("input") || self.is("button")).then_some(false)
        }
    }

    /// Whether the user can change its text.
    pub(super) fn is_mutable(self) -> bool {
        let is_control = match self.input_type() {
            Some(type_) => is_textual(type_) || is_temporal(type_),
            None => self.is("textarea"),
        };
        if is_control {
            return !self.has("readonly") && !self.is_disabled();
        }
        if self.is("input") {
            return false;
        }
        let editable = std::iter::successors(Some(self), |element| element.parent())
            .filter(|element| element.is_html())
            .find_map(|element| {
                let value = element.attribute("contenteditable")?;
                if ["", "true", "plaintext-only"]
                    .iter()
                    .any(|on| value.eq_ignore_ascii_case(on))
                {
                    Some(true)
                } else {
                    value.eq_ignore_ascii_case("false").then_some(false)
                }
            });
        editable == Some(true)
    }

    pub(super) fn shows_placeholder(self) -> bool {
        let can = self.is("textarea") || self.input_type().is_some_and(is_textual);
        can && self.has("placeholder") && self.is_blank()
    }

    /// Whether a control has no value.
    fn is_blank(self) -> bool {
        if self.is("textarea") {
            !self.node().has_text()
        } else {
            let value = self.attribute("value").unwrap_or_default();
            match input_type(self) {
                "number" => value.parse::<f64>().is_err(),
                _ => value.is_empty(),
            }
        }
    }

    pub(super) fn is_checked(self) -> bool {
        match self.input_type() {
            Some("checkbox") => self.has("checked"),
            Some("radio") => {
                // The last one of a group that is checked stays so.
                self.has("checked")
                    && !self
                        .following()
                        .any(|other| other.has("checked") && self.is_in_group_with(other))
            }
            Some(_) => false,
            None => self.is("option") && self.is_selected(),
        }
    }

    fn is_in_group_with(self, other: Self) -> bool {
        let name = self.attribute("name").unwrap_or_default();
        !name.is_empty()
            && other.input_type() == Some("radio")
            && other.attribute("name") == Some(name)
            && self.form() == other.form()
    }

    fn is_selected(self) -> bool {
        let Some(select) = self.ancestors().find(|ancestor| ancestor.is("select")) else {
            return self.has("selected");
        };
        if select.has("multiple") {
            return self.has("selected");
        }
        // The last of several that are selected stays so; a list that drops down begins with its first option.
        if self.has("selected") {
            let mut behind = self
                .following()
                .take_while(|other| other.is_inside(select))
                .filter(|other| other.is("option"));
            return !behind.any(|other| other.has("selected"));
        }
        let options = || select.descendants().filter(|inner| inner.is("option"));
        let size = select.attribute("size").unwrap_or_default();
        size.trim_ascii().parse().unwrap_or(1) <= 1
            && options().find(|option| !option.is_disabled()) == Some(self)
            && !options().any(|option| option.has("selected"))
    }

    fn is_inside(self, outer: Self) -> bool {
        self.ancestors().any(|ancestor| ancestor == outer)
    }

    pub(super) fn is_default(self) -> bool {
        match self.input_type() {
            Some("checkbox" | "radio") => self.has("checked"),
            None if self.is("option") => self.has("selected"),
            _ => {
                self.is_submit_button()
                    && self.form().is_some_and(|form| {
                        self.document()
                            .find(|button| button.is_submit_button() && button.form() == Some(form))
                            == Some(self)
                    })
            }
        }
    }

    fn is_submit_button(self) -> bool {
        match self.input_type() {
            Some(type_) => matches!(type_, "submit" | "image"),
            None => {
                self.is("button")
                    && !self.attribute("type").is_some_and(|type_| {
                        type_.eq_ignore_ascii_case("button") || type_.eq_ignore_ascii_case("reset")
                    })
            }
        }
    }

    pub(super) fn is_indeterminate(self) -> bool {
        match self.input_type() {
            Some("radio") => {
                !self.has("checked")
                    && !self
                        .document()
                        .any(|other| other.has("checked") && self.is_in_group_with(other))
            }
            Some(_) => false,
            None => self.is("progress") && !self.has("value"),
        }
    }

    fn form(self) -> Option<Self> {
        match self.attribute("form") {
            Some(id) => self
                .document()
                .find(|form| form.attribute("id") == Some(id))
                .filter(|form| form.is("form")),
            None => self.ancestors().find(|ancestor| ancestor.is("form")),
        }
    }

    /// Whether its value lies between `min` and `max`; `None` where that is no question.
    pub(super) fn is_in_range(self) -> Option<bool> {
        let type_ = self
            .input_type()
            .filter(|type_| matches!(*type_, "number" | "range") || is_temporal(type_))?;
        let (min, max) = (self.attribute("min"), self.attribute("max"));
        if type_ == "range" {
            // Its value is brought into the range.
            return self.is_candidate().then_some(true);
        }
        if (min.is_none() && max.is_none()) || !self.is_candidate() {
            return None;
        }
        let value = self.attribute("value").unwrap_or_default();
        let (below, above) = if type_ == "number" {
            let number = |text: &str| text.parse::<f64>().ok();
            let value = number(value);
            let compare = |limit: Option<&str>, fails: fn(f64, f64) -> bool| {
                let limit = limit.and_then(number);
                value
                    .zip(limit)
                    .is_some_and(|(value, limit)| fails(value, limit))
            };
            (
                compare(min, |value, min| value < min),
                compare(max, |value, max| value > max),
            )
        } else {
            // The formats of dates and times sort as text.
            let compare = |limit: Option<&str>, fails: fn(&str, &str) -> bool| {
                limit.is_some_and(|limit| {
                    !value.is_empty() && value.len() == limit.len() && fails(value, limit)
                })
            };
            (
                compare(min, |value, min| value < min),
                compare(max, |value, max| value > max),
            )
        };
        Some(!(below || above))
    }

    /// Whether a control's value is checked before its form is sent.
    fn is_candidate(self) -> bool {
        let has_value = match self.input_type() {
            Some("hidden" | "reset" | "button" | "image") => false,
            Some(type_) => {
                !(self.has("readonly")
                    && (is_textual(type_) || is_temporal(type_) || type_ == "range"))
            }
            None if self.is("textarea") => !self.has("readonly"),
            None => self.is("select") || (self.is("button") && self.is_submit_button()),
        };
        has_value
            && !self.is_disabled()
            && !self.ancestors().any(|ancestor| ancestor.is("datalist"))
    }

    /// Whether it can be sent, or all that is in it; `None` where that is no question.
    pub(super) fn is_valid(self) -> Option<bool> {
        if self.is("form") {
            return Some(!self.document().any(|control| {
                control.is_disableable()
                    && control.form() == Some(self)
                    && control.is_valid_control() == Some(false)
            }));
        }
        if self.is("fieldset") {
            return Some(
                !self
                    .descendants()
                    .any(|inner| inner.is_valid_control() == Some(false)),
            );
        }
        self.is_valid_control()
    }

    fn is_valid_control(self) -> Option<bool> {
        if !self.is_disableable() || !self.is_candidate() {
            return None;
        }
        let is_missing = self.is_required() == Some(true)
            && match self.input_type() {
                Some("checkbox") => !self.has("checked"),
                Some("radio") => {
                    !self.has("checked")
                        && !self
                            .document()
                            .any(|other| other.has("checked") && self.is_in_group_with(other))
                }
                Some("file") => true,
                None if self.is("select") => self.has_no_choice(),
                _ => self.is_blank(),
            };
        let is_mistyped = match self.input_type() {
            Some("email") => {
                let value = self.attribute("value").unwrap_or_default();
                !value.is_empty() && !self.has("multiple") && !looks_like_email(value)
            }
            Some("url") => {
                let value = self.attribute("value").unwrap_or_default();
                !value.is_empty() && url::Url::parse(value).is_err()
            }
            _ => false,
        };
        Some(!is_missing && !is_mistyped && self.is_in_range() != Some(false))
    }

    /// Whether nothing with a value is selected.
    fn has_no_choice(self) -> bool {
        !self
            .descendants()
            .filter(|inner| inner.is("option") && inner.is_checked())
            .any(|option| match option.attribute("value") {
                Some(value) => !value.is_empty(),
                None => option.node().has_text(),
            })
    }
}

fn looks_like_email(value: &str) -> bool {
    value.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !host.is_empty() && !value.contains([' ', ',']) && !host.contains('@')
    })
}
