//! Delivers a push policy from a hyper-based server. The delivery itself is not written yet; this
//! crate holds its place in the workspace and re-exports the policy that it will load.

pub use pushgen_policy as policy;
