//! Kleene's three-valued logic, in which Media Queries 4 §3.1 and CSS Conditional 3 §2 evaluate conditions.

/// What is known of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Truth {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Nothing can be said.
    Unknown,
}

/// The connectives of a condition.
pub(super) trait Logic: Copy {
    /// `not a`
    fn negate(self) -> Self;
    /// `a and b`
    fn and(self, other: Self) -> Self;
    /// `a or b`
    fn or(self, other: Self) -> Self;
}

impl Logic for Truth {
    fn negate(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    fn or(self, other: Self) -> Self {
        self.negate().and(other.negate()).negate()
    }
}

impl From<bool> for Truth {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}
