//! Site in, policy out.
