//! The JSON Schema of the policy (draft 2020-12): for editors, validators and programs that do not
//! use this crate.
//!
//! In: nothing. Out: the schema of [`wire::Policy`], committed as
//! `schema/policy-1.json`. It says what one value must look like. Left out is what it cannot say,
//! how values fit each other: order, indices, sums, hashes; [`Policy`](crate::Policy) checks those
//! too.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::fingerprint::Sha256;
use crate::version::SCHEMA;
use crate::wire;

/// A request target as [`UrlPath`](crate::UrlPath) takes it, but for dot segments that are encoded.
pub(crate) const PATH: &str =
    r#"^/(?![/\\])(?!([^?]*/)?\.\.?([/?;]|$))([!$&-;=?-\[\]_a-z~]|%[0-9A-Fa-f]{2})*$"#;
pub(crate) const BASE_PATH: &str = "^/([^?]*/)?$";
pub(crate) const ORIGIN: &str = r"^https?://([a-z0-9._-]+|\[[0-9a-f:]+\])(:[1-9][0-9]{0,4})?$";
pub(crate) const MEDIA_TYPE: &str =
    r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+/[!#$%&'*+.^_`|~0-9A-Za-z-]+[ \t]*(;[ -~]*)?$";
pub(crate) const ENTITY_TAG: &str = r#"^(W/)?"[!#-~]*"$"#;
pub(crate) const INTEGRITY: &str = r"^sha(256|384|512)-[A-Za-z0-9+/]+={0,2}(\?[!-~]*)?( sha(256|384|512)-[A-Za-z0-9+/]+={0,2}(\?[!-~]*)?)*$";

/// Printable ASCII without quotes and backslashes.
pub(crate) const LINK_TEXT: &str = r"^[ !#-\[\]-~]+$";

/// The JSON Schema of the policy, indented, with a newline at the end.
#[must_use]
pub fn policy_schema() -> String {
    let mut schema = SchemaGenerator::default().into_root_schema_for::<wire::Policy>();
    schema.insert("$id".to_owned(), SCHEMA.into());
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is a JSON value");
    text.push('\n');
    text
}

impl JsonSchema for Sha256 {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sha256".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A SHA-256 value in base64url without padding.",
            "type": "string",
            // The last character carries four bits.
            "pattern": "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"
        })
    }
}

impl JsonSchema for crate::analysis::Viewport {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Viewport".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[1-9][0-9]{0,4}x[1-9][0-9]{0,4}(@[0-9]+([.][0-9]+)?)?$" })
    }
}

pub(crate) fn sizes(_: &mut SchemaGenerator) -> Schema {
    let bytes = json_schema!({ "type": "integer", "minimum": 0 });
    json_schema!({
        "type": "object",
        "properties": { "br": bytes, "gzip": bytes, "identity": bytes, "zstd": bytes },
        "required": ["identity"],
        "additionalProperties": false
    })
}

pub(crate) fn head(_: &mut SchemaGenerator) -> Schema {
    let bytes = json_schema!({ "type": "integer", "minimum": 1, "maximum": crate::Head::MAX });
    json_schema!({
        "description": "Bytes of the document that go before the pushes, per content-coding; only with a plan that pushes.",
        "type": "object",
        "properties": { "br": bytes, "gzip": bytes, "identity": bytes, "zstd": bytes },
        "additionalProperties": false
    })
}

pub(crate) fn means(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "enum": [["push"], ["hint"], ["push", "hint"], ["link"]] })
}

pub(crate) fn pages(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "propertyNames": { "pattern": PATH, "not": { "pattern": "[?]" }, "maxLength": crate::UrlPath::MAX_LEN },
        "additionalProperties": generator.subschema_for::<wire::Page>(),
        "maxProperties": crate::MAX_MEMBERS
    })
}

/// A policy without viewports is read only to say what is wrong with it.
pub(crate) fn require_viewports(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    if let Some(required) = object.get_mut("required").and_then(|it| it.as_array_mut()) {
        required.insert(0, "viewports".into());
    }
    let viewports = object
        .get_mut("properties")
        .and_then(|it| it.get_mut("viewports"))
        .and_then(|it| it.as_object_mut());
    if let Some(viewports) = viewports {
        viewports.remove("default");
    }
}
