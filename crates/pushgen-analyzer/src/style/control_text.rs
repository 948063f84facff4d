//! The text that a form control shows before anybody uses it (HTML §15.5, in English).

use crate::html::Node;

/// What is shown in a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ControlText<'d> {
    /// In the control's own font.
    Value(&'d str),
    Placeholder(&'d str),
    /// A button with this label, then the words in the control's own font.
    FileSelector {
        button: &'d str,
        words: &'d str,
    },
}

impl<'d> ControlText<'d> {
    /// None for elements that show no text of their own, such as check boxes.
    pub(super) fn of(element: Node<'d>) -> Option<Self> {
        let value = element.attribute("value");
        let or_placeholder = |value: &'d str| match element.attribute("placeholder") {
            Some(placeholder) if value.is_empty() && !placeholder.is_empty() => {
                Self::Placeholder(placeholder)
            }
            _ => Self::Value(value),
        };
        match element.name() {
            "textarea" => Some(or_placeholder(element.text())),
            // Its options come by later.
            "select" => Some(Self::Value("")),
            "img" if !element.has("src") && !element.has("srcset") => {
                let text = element.attribute("alt").filter(|text| !text.is_empty());
                text.map(Self::Value)
            }
            "input" if is_image_without_file(element) => {
                Some(Self::Value(element.attribute("alt").unwrap_or("Submit")))
            }
            "input" => {
                let type_ = element.attribute("type").unwrap_or_default();
                Some(match type_.to_ascii_lowercase().as_str() {
                    "checkbox" | "radio" | "range" | "color" | "hidden" | "image" => return None,
                    "submit" => Self::Value(value.unwrap_or("Submit")),
                    "reset" => Self::Value(value.unwrap_or("Reset")),
                    "button" => Self::Value(value.unwrap_or_default()),
                    "file" => Self::FileSelector {
                        button: "Choose File",
                        words: "No file chosen",
                    },
                    "password" if value.is_some_and(|value| !value.is_empty()) => {
                        Self::Value("\u{2022}")
                    }
                    "date" | "datetime-local" | "month" | "time" | "week" => {
                        Self::Value("0123456789/-:, adhmnpwyADMPW")
                    }
                    _ => or_placeholder(value.unwrap_or_default()),
                })
            }
            _ => None,
        }
    }
}

/// An image button without an image shows its text.
fn is_image_without_file(input: Node<'_>) -> bool {
    let type_ = input.attribute("type").unwrap_or_default();
    type_.eq_ignore_ascii_case("image") && !input.has("src")
}
