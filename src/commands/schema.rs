//! `pushgen schema`: the JSON Schema of the policy on standard output.

use std::io::Write;
use std::process::ExitCode;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    std::io::stdout()
        .lock()
        .write_all(pushgen_policy::policy_schema().as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
