//! A program that ends with its value, however that ends, and so does what it has started: distributions start browsers by
//! a script that waits for them.
//!
//! In: a command. Out: its process, which leads a group of its own (POSIX.1-2024, section 3.273). Left out: groups on
//! systems that are no Unix, where only the program itself ends.

use std::io;
use std::process::{Child, Command, Stdio};

/// A running program and its children.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    pub(crate) leader: Child,
}

impl ProcessGroup {
    /// Starts a program. What a terminal or `timeout` sends to its own group does not reach it.
    pub(crate) fn spawn(mut command: Command) -> io::Result<Self> {
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let leader = command.spawn()?;
        Ok(Self { leader })
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // Nothing is left to save. Every shell has this command, not every system.
        #[cfg(unix)]
        drop(
            Command::new("sh")
                .args(["-c", "kill -s KILL -- -$0", &self.leader.id().to_string()])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status(),
        );
        // It may have ended already.
        drop(self.leader.kill());
        drop(self.leader.wait());
    }
}

#[cfg(all(test, unix))]
mod tests {
    #[test]
    fn what_a_script_has_started_ends_with_it() {
        // In here, since the browser harness compiles this file without its tests.
        use std::io::Read as _;
        use std::process::{Command, Stdio};

        use super::ProcessGroup;

        let mut command = Command::new("sh");
        // The shell waits for its child, which holds the pipe for as long as it runs.
        command
            .args(["-c", "sleep 600 & echo started; wait"])
            .stdout(Stdio::piped());
        let mut group = ProcessGroup::spawn(command).expect("a shell");
        let mut stdout = group.leader.stdout.take().expect("a pipe");
        let mut said = [0; 8];
        stdout.read_exact(&mut said).expect("it starts");
        drop(group);
        let mut rest = Vec::new();
        stdout.read_to_end(&mut rest).expect("a pipe that ends");
        assert!(rest.is_empty());
    }
}
