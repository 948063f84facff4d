//! The custom properties that a page registers with `@property`.
//!
//! In: the rules in force. Out: what a custom property is where nothing is declared. Follows CSS Properties and Values 1
//! §2-3. That a declared value does not fit the syntax, and so counts as not declared, is left out.

use std::collections::HashMap;
use std::sync::Arc;

use super::custom_property::{CustomProperties, Needed};
use crate::css::RegisteredProperty;

/// The registrations in force.
#[derive(Debug, Default)]
pub(crate) struct Registered {
    initial: HashMap<Arc<str>, Arc<str>>,
    /// What the root starts with.
    root: CustomProperties,
}

impl Registered {
    /// Of rules in the order of the cascade, of which the last for a name counts. What nobody needs is passed over.
    pub(super) fn of<'r>(
        rules: impl IntoIterator<Item = &'r RegisteredProperty>,
        needed: &Needed,
    ) -> Self {
        let mut last: HashMap<&Arc<str>, &RegisteredProperty> = HashMap::new();
        for rule in rules {
            if needed.contains(&rule.name) {
                last.insert(&rule.name, rule);
            }
        }
        let mut registered = Self::default();
        for (name, rule) in last {
            if rule.inherits {
                registered.root.set(name, rule.initial.clone());
            } else {
                registered.root.add_own(name, rule.initial.clone());
            }
            if let Some(initial) = &rule.initial {
                let initial = Arc::clone(initial);
                registered.initial.insert(Arc::clone(name), initial);
            }
        }
        registered
    }

    pub(super) fn initial(&self, name: &str) -> Option<&Arc<str>> {
        self.initial.get(name)
    }

    /// What the root inherits.
    pub(super) fn of_root(&self) -> CustomProperties {
        self.root.clone()
    }

    /// What an element has before its own declarations.
    pub(super) fn inherited(&self, parent: &CustomProperties) -> CustomProperties {
        parent.inherited(&self.root)
    }
}
