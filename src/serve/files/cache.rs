//! A bounded store in memory: the clock algorithm (Corbató 1968).
//!
//! In: keys, values and what they weigh. Out: the values that were used of late. Each use leaves a mark; when room
//! is needed a hand goes round, takes marks away and removes what has none. That is close to least recently used,
//! and a use costs no more than a look-up.

use std::collections::HashMap;
use std::sync::Arc;

/// Values of a bounded total weight.
#[derive(Debug)]
pub(super) struct Cache<V> {
    places: HashMap<Arc<[u8]>, usize>,
    slots: Vec<Slot<V>>,
    hand: usize,
    weight: usize,
    most: usize,
}

#[derive(Debug)]
struct Slot<V> {
    key: Arc<[u8]>,
    value: V,
    weight: usize,
    is_used: bool,
}

impl<V: Clone> Cache<V> {
    /// A store for values of `most` bytes in all.
    pub(super) fn of_bytes(most: usize) -> Self {
        Self {
            places: HashMap::new(),
            slots: Vec::new(),
            hand: 0,
            weight: 0,
            most,
        }
    }

    /// The value of a key, marked as used.
    pub(super) fn value(&mut self, key: &[u8]) -> Option<V> {
        let slot = self.slots.get_mut(*self.places.get(key)?)?;
        slot.is_used = true;
        Some(slot.value.clone())
    }

    /// Keeps a value, in place of the one that the key had. What is heavier than the whole store is not kept.
    pub(super) fn insert(&mut self, key: Arc<[u8]>, value: V, weight: usize) {
        self.remove(&key);
        if weight > self.most {
            return;
        }
        while self.weight + weight > self.most {
            self.evict();
        }
        self.weight += weight;
        self.places.insert(Arc::clone(&key), self.slots.len());
        self.slots.push(Slot {
            key,
            value,
            weight,
            is_used: false,
        });
    }

    /// Forgets a key.
    pub(super) fn remove(&mut self, key: &[u8]) {
        if let Some(place) = self.places.remove(key) {
            let removed = self.slots.swap_remove(place);
            self.weight -= removed.weight;
            if let Some(moved) = self.slots.get(place) {
                self.places.insert(Arc::clone(&moved.key), place);
            }
        }
    }

    /// Removes the first value that the hand finds without a mark. After one round there is one.
    fn evict(&mut self) {
        loop {
            if self.hand >= self.slots.len() {
                self.hand = 0;
            }
            let Some(slot) = self.slots.get_mut(self.hand) else {
                return;
            };
            if slot.is_used {
                slot.is_used = false;
                self.hand += 1;
            } else {
                let key = Arc::clone(&slot.key);
                self.remove(&key);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_used_stays_and_what_was_not_goes() {
        let mut cache = Cache::of_bytes(3);
        for key in ["a", "b", "c"] {
            cache.insert(key.as_bytes().into(), key, 1);
        }
        assert_eq!(cache.value(b"a"), Some("a"));
        assert_eq!(cache.value(b"c"), Some("c"));
        cache.insert((*b"d").into(), "d", 1);
        let kept = [b"a", b"b", b"c", b"d"].map(|key| cache.value(key).is_some());
        assert_eq!(kept, [true, false, true, true]);
    }

    #[test]
    fn what_is_too_heavy_is_not_kept_and_its_old_value_is_forgotten() {
        let mut cache = Cache::of_bytes(3);
        cache.insert((*b"a").into(), 1, 1);
        cache.insert((*b"a").into(), 2, 4);
        assert_eq!(cache.value(b"a"), None);
        assert_eq!(cache.weight, 0);
    }

    proptest! {
        #[test]
        fn it_never_holds_more_than_its_bound_nor_another_keys_value(
            steps in prop::collection::vec((0u8..12, 0usize..8, 0u8..3), 0..200)
        ) {
            let mut cache = Cache::of_bytes(20);
            for (key, weight, action) in steps {
                match action {
                    0 => cache.insert([key].into(), (key, weight), weight),
                    1 => cache.remove(&[key]),
                    _ => prop_assert!(cache.value(&[key]).is_none_or(|(of, _)| of == key)),
                }
                let sum: usize = cache.slots.iter().map(|slot| slot.weight).sum();
                prop_assert_eq!(sum, cache.weight);
                prop_assert!(cache.weight <= 20);
                prop_assert_eq!(cache.slots.len(), cache.places.len());
            }
        }
    }
}
