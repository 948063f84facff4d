//! A set of assets: a bit for each, by its place in the policy's table.
//!
//! In: places. Out: whether one is in the set. It allocates nothing while it is empty, and grows as bits
//! are set. Left out: taking assets out again, which nobody does.

/// A set of assets of one policy.
#[derive(Debug, Clone, Default)]
pub(crate) struct AssetSet(Vec<u64>);

impl AssetSet {
    /// Adds an asset. `place` is its index into an asset table, so the set stays smaller than the table.
    pub(crate) fn set(&mut self, place: usize) {
        let word = place / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (place % 64);
        }
    }

    /// Whether the asset is in it.
    pub(crate) fn has(&self, place: usize) -> bool {
        self.0
            .get(place / 64)
            .is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    /// The assets, in the order of the table.
    pub(crate) fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().enumerate().flat_map(|(index, &word)| {
            (0..64)
                .filter(move |bit| word >> bit & 1 == 1)
                .map(move |bit| index * 64 + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_is_a_set(places in prop::collection::btree_set(0_usize..1000, 0..40)) {
            let mut set = AssetSet::default();
            for &place in &places {
                set.set(place);
                set.set(place);
            }
            prop_assert!(set.iter().eq(places.iter().copied()));
            for place in 0..1100 {
                prop_assert_eq!(set.has(place), places.contains(&place));
            }
        }
    }
}
