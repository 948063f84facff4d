//! In which order the loads are made: interleaved, so that a machine that becomes slower is no one's disadvantage.
//!
//! In: how many rounds. Out: for each, which way of delivery is first. A round loads every page over every network in
//! both ways, one right after the other; what is first changes from round to round.

/// A way of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// As the policy says.
    With,
    /// Nothing ahead.
    Without,
}

/// The two ways in the order of a round.
pub(crate) fn order(round: u16) -> [Delivery; 2] {
    match round % 2 {
        0 => [Delivery::With, Delivery::Without],
        _ => [Delivery::Without, Delivery::With],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_first_as_often() {
        let firsts: Vec<Delivery> = (0..10).map(|round| order(round)[0]).collect();
        let with = firsts.iter().filter(|first| **first == Delivery::With);
        assert_eq!(with.count(), 5);
        for round in 0..10 {
            let [first, second] = order(round);
            assert_ne!(first, second);
        }
    }
}
