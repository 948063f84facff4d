//! Running `pushgen` and making little sites for it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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

/// `pushgen` in a folder, to be run.
pub(crate) fn command_in(folder: &Path, arguments: &[&str]) -> Command {
    command_of(env!("CARGO_BIN_EXE_pushgen").as_ref(), folder, arguments)
}

fn command_of(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE");
    command
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().expect("no signal ended it"),
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        }
    }
}

/// Runs `pushgen` in a folder.
pub(crate) fn pushgen_in(folder: &Path, arguments: &[&str]) -> Run {
    let output = command_in(folder, arguments).output();
    output.expect("the binary runs").into()
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

    /// Runs `pushgen` beside `dist/` with something on standard input.
    pub(crate) fn pushgen_reading(&self, input: &[u8], arguments: &[&str]) -> Run {
        let mut child = command_in(self.folder.path(), arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input).expect("it reads");
        drop(stdin);
        child.wait_with_output().expect("it ends").into()
    }

    /// Runs `pushgen` beside `dist/` as a user whom file permissions bind, which they do not the superuser.
    /// `None`, with the reason on standard error, where the superuser may not become somebody else.
    #[cfg(unix)]
    pub(crate) fn pushgen_bound_by_permissions(&self, arguments: &[&str]) -> Option<Run> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        use std::os::unix::process::CommandExt;
        /// `nobody` on most systems; that it owns nothing is all that counts.
        const NOBODY: u32 = 65534;
        let folder = self.folder.path();
        if fs::metadata(folder).expect("a folder").uid() != 0 {
            return Some(self.pushgen(arguments));
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).expect("permissions");
        // Nobody need not reach the build's folder. `cp` copies, since a file that this process has written may
        // still be open for writing in a child that another test has just forked.
        let elsewhere = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(elsewhere.path(), fs::Permissions::from_mode(0o755))
            .expect("permissions");
        let program = elsewhere.path().join("pushgen");
        let copied = Command::new("cp")
            .arg(env!("CARGO_BIN_EXE_pushgen"))
            .arg(&program)
            .status();
        assert!(copied.expect("cp runs").success());
        match command_of(&program, folder, arguments)
            .uid(NOBODY)
            .gid(NOBODY)
            .output()
        {
            Ok(output) => Some(output.into()),
            Err(error) => {
                eprintln!("skipped: pushgen cannot be run as another user: {error}");
                None
            }
        }
    }

    /// `analyze dist` with findings as JSON: exit status, and `(code, file)` of each finding.
    pub(crate) fn findings(&self) -> (i32, Vec<(String, String)>) {
        self.pushgen(&["analyze", "dist", "--format", "json"])
            .findings()
    }
}

impl Run {
    /// Of a run of `analyze --format json`: exit status, and `(code, file)` of each finding.
    #[track_caller]
    pub(crate) fn findings(&self) -> (i32, Vec<(String, String)>) {
        assert!(self.code < 2, "{}", self.stderr);
        let lines = self.json_lines();
        let findings = lines
            .iter()
            .filter(|line| line["type"] == "finding")
            .map(|line| {
                let word = |name: &str| line["data"][name].as_str().expect("a string").to_owned();
                (word("code"), word("file"))
            });
        (self.code, findings.collect())
    }
}
