//! `pushgen schema`: the JSON Schema of the policy on standard output.

use std::process::ExitCode;

use crate::output::stdout;

pub(crate) fn run() -> anyhow::Result<ExitCode> {
    let schema = pushgen_policy::policy_schema();
    stdout::data(|out| out.write_all(schema.as_bytes()))?;
    Ok(ExitCode::SUCCESS)
}
