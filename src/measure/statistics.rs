//! Medians of few numbers, and how far they can be trusted.
//!
//! In: measured times. Out: their median, and for paired differences the interval of order statistics that holds the
//! true median in at least 95 of 100 experiments, whatever the distribution: with n differences, the r-th smallest to
//! the r-th largest, where fewer than r of n fair coins fall one way with a chance of at most 2.5 % (the sign test
//! turned round). Fewer than six have none.

/// What an interval misses at each end, at most.
const TAIL: f64 = 0.025;

/// The fewest differences that have an interval.
pub(crate) const FEWEST: u16 = 6;

/// The median; none of nothing.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let sorted = sorted(values);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some((sorted.get(middle.checked_sub(1)?)? + upper) / 2.0)
}

/// The 95 % confidence interval of the median.
pub(crate) fn interval(values: &[f64]) -> Option<(f64, f64)> {
    let sorted = sorted(values);
    let rank = rank(sorted.len());
    let low = *sorted.get(rank.checked_sub(1)?)?;
    let high = *sorted.get(sorted.len() - rank)?;
    Some((low, high))
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

/// The greatest r such that fewer than r of n fair coins fall one way with a chance of at most [`TAIL`].
fn rank(n: usize) -> usize {
    // The chance that exactly k do, from k to k: n over k, divided by two to the n.
    let mut exactly = 0.5_f64.powi(i32::try_from(n).unwrap_or(i32::MAX));
    let mut fewer = 0.0;
    for k in 0..n {
        fewer += exactly;
        if fewer > TAIL {
            return k;
        }
        exactly *= (n - k) as f64 / (k + 1) as f64;
    }
    // Nothing but zero gets here.
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one_or_between_the_middle_two() {
        for (values, expected) in [
            (&[][..], None),
            (&[3.0], Some(3.0)),
            (&[3.0, 1.0], Some(2.0)),
            (&[9.0, 1.0, 2.0], Some(2.0)),
            (&[4.0, 1.0, 9.0, 2.0], Some(3.0)),
        ] {
            assert_eq!(median(values), expected, "{values:?}");
        }
    }

    #[test]
    fn ranks_are_those_of_the_tables() {
        // The critical values of the two-sided sign test at 5 %, plus one.
        for (n, expected) in [
            (0, 0),
            (1, 0),
            (5, 0),
            (6, 1),
            (8, 1),
            (9, 2),
            (12, 3),
            (15, 4),
            (20, 6),
            (25, 8),
            (30, 10),
            (50, 18),
            (100, 40),
            (999, 469),
        ] {
            assert_eq!(rank(n), expected, "{n}");
        }
        assert_eq!(rank(usize::from(FEWEST)), 1);
        assert_eq!(rank(usize::from(FEWEST) - 1), 0);
    }

    #[test]
    fn the_interval_lies_between_order_statistics() {
        let values: Vec<f64> = (1..=15).rev().map(f64::from).collect();
        assert_eq!(interval(&values), Some((4.0, 12.0)));
        assert_eq!(interval(&[1.0; 5]), None);
        assert_eq!(
            interval(&[1.0, 2.0, 3.0, 4.0, 5.0, -6.0]),
            Some((-6.0, 5.0))
        );
    }

    #[test]
    fn the_interval_holds_the_median_as_often_as_it_says() {
        // A skewed distribution with the median ln 2, by a generator with a fixed seed.
        let mut state = 1_u64;
        let mut uniform = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            ((state >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
        };
        let holds = (0..4_000).filter(|_| {
            let values: Vec<f64> = (0..15).map(|_| -uniform().ln()).collect();
            interval(&values).is_some_and(|(low, high)| low <= 2_f64.ln() && 2_f64.ln() <= high)
        });
        let share = holds.count() as f64 / 4_000.0;
        // Exactly 96.5 %.
        assert!((0.955..0.975).contains(&share), "{share}");
    }
}
