//! The committed JSON Schema is the one that this version generates.

#![cfg(feature = "schema")]

#[test]
fn committed_schema_is_current() {
    let committed = include_str!("../schema/policy-1.json");
    assert!(
        committed.replace("\r\n", "\n") == pushgen_policy::policy_schema(),
        "write the output of policy_schema() to schema/policy-1.json"
    );
}

#[test]
fn schema_declares_its_draft_and_the_version() {
    let schema: serde_json::Value = serde_json::from_str(&pushgen_policy::policy_schema()).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    assert_eq!(schema["$id"], pushgen_policy::SCHEMA);
    assert_eq!(
        schema["properties"]["$schema"]["const"],
        pushgen_policy::SCHEMA
    );
    assert_eq!(
        schema["properties"]["version"]["const"],
        pushgen_policy::VERSION
    );
}
