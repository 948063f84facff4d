//! Lists that many pages have alike: pages from one template ask for the same files and have the same plan.

use std::collections::HashSet;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Each list is kept once.
#[derive(Debug)]
pub(super) struct SharedLists<T>(Mutex<HashSet<Arc<[T]>>>);

impl<T> Default for SharedLists<T> {
    fn default() -> Self {
        Self(Mutex::new(HashSet::new()))
    }
}

impl<T: Eq + Hash> SharedLists<T> {
    /// The list, or the one like it that is kept already.
    pub(super) fn shared(&self, list: impl Into<Arc<[T]>>) -> Arc<[T]> {
        let list = list.into();
        // Nothing can panic under the lock, so a poisoned one is whole.
        let mut lists = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lists.get(&list) {
            return Arc::clone(known);
        }
        lists.insert(Arc::clone(&list));
        list
    }
}
