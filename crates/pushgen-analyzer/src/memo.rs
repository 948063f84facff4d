//! A table of things that are worked out once, by whoever asks first, and then shared by all threads.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Values by key, each made at most once.
#[derive(Debug)]
pub(crate) struct Memo<K, V> {
    slots: Mutex<HashMap<K, Slot<V>>>,
}

type Slot<V> = Arc<OnceLock<Arc<V>>>;

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self {
            slots: Mutex::default(),
        }
    }
}

impl<K: Clone + Eq + Hash, V> Memo<K, V> {
    /// The value for `key`. While it is made only those who want the same one wait; `make` must not ask
    /// for its own key.
    pub(crate) fn get(&self, key: &K, make: impl FnOnce() -> V) -> Arc<V> {
        let slot = {
            // Nothing can panic under the lock, so a poisoned one is whole.
            let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
            match slots.get(key) {
                Some(slot) => Arc::clone(slot),
                None => Arc::clone(slots.entry(key.clone()).or_default()),
            }
        };
        Arc::clone(slot.get_or_init(|| Arc::new(make())))
    }

    /// Every value that was made so far, in no particular order.
    pub(crate) fn values(&self) -> Vec<Arc<V>> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots
            .values()
            .filter_map(|slot| slot.get().cloned())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn each_value_is_made_once_however_many_threads_ask() {
        let memo: Memo<u32, u32> = Memo::default();
        let made = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for key in 0..100 {
                        let value = memo.get(&key, || {
                            made.fetch_add(1, Ordering::Relaxed);
                            key * 2
                        });
                        assert_eq!(*value, key * 2);
                    }
                });
            }
        });
        assert_eq!(made.into_inner(), 100);
        assert_eq!(memo.values().len(), 100);
    }
}
