//! Running `pushgen` and making little sites for it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// The repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A `dist/` of the fixtures.
pub(crate) fn fixture(name: &str) -> PathBuf {
    root().join("fixtures").join(name).join("dist")
}

/// What a run left.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The run must have ended well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }

    /// The run must have ended with this status and said this.
    #[track_caller]
    pub(crate) fn fails(self, code: i32, says: &str) -> Self {
        assert_eq!(self.code, code, "stderr: {}", self.stderr);
        assert!(
            self.stderr.contains(says),
            "{says:?} is not in: {}",
            self.stderr
        );
        self
    }

    /// Every line of standard output as JSON.
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"))
        };
        self.stdout.lines().map(parse).collect()
    }
}

/// Runs `pushgen` in a folder.
pub(crate) fn pushgen_in(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pushgen"));
    let output: Output = command
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .expect("the binary runs");
    Run {
        code: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
    }
}

/// Runs `pushgen` in the repository.
pub(crate) fn pushgen(arguments: &[&str]) -> Run {
    pushgen_in(root(), arguments)
}

/// A site in a temporary folder.
pub(crate) struct TestSite {
    pub(crate) folder: TempDir,
}

impl TestSite {
    /// A site of these files, in `dist/` of the folder.
    pub(crate) fn new(files: &[(&str, &[u8])]) -> Self {
        let site = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        fs::create_dir(site.dist()).expect("a folder");
        for (path, content) in files {
            site.write(path, content);
        }
        site
    }

    /// Adds or replaces a file.
    pub(crate) fn write(&self, path: &str, content: &[u8]) {
        let path = self.dist().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, content).expect("a file");
    }

    pub(crate) fn dist(&self) -> PathBuf {
        self.folder.path().join("dist")
    }

    /// Runs `pushgen` beside `dist/`.
    pub(crate) fn pushgen(&self, arguments: &[&str]) -> Run {
        pushgen_in(self.folder.path(), arguments)
    }

    /// `analyze dist` with findings as JSON: exit status, and `(code, file)` of each finding.
    pub(crate) fn findings(&self) -> (i32, Vec<(String, String)>) {
        let run = self.pushgen(&["analyze", "dist", "--format", "json"]);
        assert!(run.code < 2, "{}", run.stderr);
        let lines = run.json_lines();
        let findings = lines
            .iter()
            .filter(|line| line["type"] == "finding")
            .map(|line| {
                let word = |name: &str| line["data"][name].as_str().expect("a string").to_owned();
                (word("code"), word("file"))
            });
        (run.code, findings.collect())
    }
}
