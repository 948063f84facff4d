//! The policy of a running server, replaced without a pause.
//!
//! In: a policy, or the file that has it. Out: [`PolicyHandle`], of which every connection has a
//! clone. A page is delivered by the policy that held when it was asked for. A file that cannot be
//! read, or is no valid policy, changes nothing. Left out: noticing that the file has changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use pushgen_policy::{Origin, Policy, PolicyError};

use crate::loaded_policy::LoadedPolicy;

/// The policy of a running server. Clones share it.
#[derive(Debug, Clone)]
pub struct PolicyHandle {
    current: Arc<ArcSwap<LoadedPolicy>>,
    origins: Arc<[Origin]>,
}

/// Why a policy could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read.
    #[error("cannot read the policy {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no policy.
    #[error("{} is no valid policy", path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: PolicyError,
    },
}

impl PolicyHandle {
    /// Begins with `policy`, for a server that answers for `origins` and for the policy's own; see
    /// [`LoadedPolicy::new`].
    #[must_use]
    pub fn new(policy: Policy, origins: impl IntoIterator<Item = Origin>) -> Self {
        let origins: Arc<[Origin]> = origins.into_iter().collect();
        let loaded = LoadedPolicy::new(policy, origins.iter().cloned());
        Self {
            current: Arc::new(ArcSwap::from_pointee(loaded)),
            origins,
        }
    }

    #[cfg(test)]
    pub(crate) fn of(policy: Arc<LoadedPolicy>) -> Self {
        Self {
            current: Arc::new(ArcSwap::new(policy)),
            origins: [].into(),
        }
    }

    /// Begins with the policy in a file. It blocks while it reads.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is no valid policy.
    pub fn load(
        path: impl AsRef<Path>,
        origins: impl IntoIterator<Item = Origin>,
    ) -> Result<Self, LoadError> {
        Ok(Self::new(read(path.as_ref())?, origins))
    }

    /// Goes over to the policy in a file. It blocks while it reads.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is no valid policy; the policy from before then stays.
    pub fn reload(&self, path: impl AsRef<Path>) -> Result<(), LoadError> {
        self.replace(read(path.as_ref())?);
        Ok(())
    }

    /// Goes over to another policy.
    pub fn replace(&self, policy: Policy) {
        let loaded = LoadedPolicy::new(policy, self.origins.iter().cloned());
        self.current.store(Arc::new(loaded));
    }

    /// The policy that holds now.
    #[must_use]
    pub fn current(&self) -> Arc<LoadedPolicy> {
        self.current.load_full()
    }
}

fn read(path: &Path) -> Result<Policy, LoadError> {
    let json = std::fs::read(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })?;
    Policy::from_json(&json).map_err(|source| LoadError::Policy {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::loaded_policy::example;

    const EXAMPLE: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../pushgen-policy/schema/example.json"
    );

    /// A file that is gone with the test.
    struct File(PathBuf);

    impl File {
        fn of(name: &str, json: &str) -> Self {
            let name = format!("pushgen-{}-{name}.json", std::process::id());
            let path = std::env::temp_dir().join(name);
            std::fs::write(&path, json).unwrap();
            Self(path)
        }
    }

    impl Drop for File {
        fn drop(&mut self) {
            let _ = std::fs::remove_file(&self.0);
        }
    }

    /// An error with its causes, as a program prints it.
    fn written(error: &LoadError) -> String {
        let source = error.source().unwrap();
        format!("{error}: {source}")
    }

    #[test]
    fn goes_over_to_another_file() {
        let handle = PolicyHandle::of(example::policy(&[("/a", "a")], &[]));
        let clone = handle.clone();
        let before = clone.current();
        handle.reload(EXAMPLE).unwrap();
        assert!(clone.current().policy().plan_for("/about/").is_some());
        // Who has the old one keeps it.
        assert!(before.policy().plan_for("/about/").is_none());
    }

    #[test]
    fn keeps_the_policy_that_it_has_when_a_file_is_none() {
        let example = std::fs::read_to_string(EXAMPLE).unwrap();
        let cases = [
            ("empty", String::new(), "line 1, column 0"),
            ("half", example[..200].to_owned(), "line 6"),
            (
                "version",
                example.replace("\"version\": 1", "\"version\": 2"),
                "version",
            ),
            (
                "plan",
                example.replace("\"/about/\": {\"plan\": 0}", "\"/about/\": {\"plan\": 9}"),
                "/pages/~1about~1/plan",
            ),
        ];
        let handle = PolicyHandle::load(EXAMPLE, []).unwrap();
        let before = handle.current();
        for (name, json, place) in cases {
            let file = File::of(name, &json);
            let error = handle.reload(&file.0).unwrap_err();
            assert!(matches!(error, LoadError::Policy { .. }), "{error:?}");
            let written = written(&error);
            assert!(written.contains(&*file.0.to_string_lossy()), "{written}");
            assert!(written.contains(place), "{written}");
            assert!(Arc::ptr_eq(&handle.current(), &before), "{name}");
        }
    }

    #[test]
    fn keeps_the_policy_that_it_has_when_there_is_no_file() {
        let handle = PolicyHandle::load(EXAMPLE, []).unwrap();
        let before = handle.current();
        let error = handle.reload("/nowhere/policy.json").unwrap_err();
        assert!(matches!(error, LoadError::Read { .. }), "{error:?}");
        assert!(written(&error).starts_with("cannot read the policy /nowhere/policy.json: "));
        assert!(Arc::ptr_eq(&handle.current(), &before));
    }

    #[test]
    fn keeps_the_origins() {
        let origin = Origin::parse("http://localhost:8080").unwrap();
        let handle = PolicyHandle::load(EXAMPLE, [origin.clone()]).unwrap();
        assert!(handle.current().is_for(&origin));
        handle.reload(EXAMPLE).unwrap();
        assert!(handle.current().is_for(&origin));
    }
}
