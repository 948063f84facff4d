//! The push policy.
