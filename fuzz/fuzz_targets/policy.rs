//! Any bytes as a policy. One that loads can be written, loads again as the same, and its text is a fixed point.
#![no_main]

use pushgen_policy::{Policy, wire};

libfuzzer_sys::fuzz_target!(|json: &[u8]| {
    let unknown = Policy::unknown_fields(json);
    let policy = match Policy::from_json(json) {
        Ok(policy) => policy,
        Err(error) => {
            assert!(!error.to_string().contains(['\n', '\r']), "{error}");
            return;
        }
    };
    assert!(unknown.is_ok(), "{unknown:?}");

    let text = policy.to_json();
    let again = Policy::from_json(text.as_bytes());
    assert_eq!(again.as_ref(), Ok(&policy));
    assert_eq!(again.map(|policy| policy.to_json()).as_ref(), Ok(&text));
    assert_eq!(Policy::unknown_fields(text.as_bytes()), Ok(Vec::new()));
    assert_eq!(
        Policy::try_from(wire::Policy::from(&policy)).as_ref(),
        Ok(&policy)
    );

    for page in policy.pages() {
        assert_eq!(policy.page(page.path.as_str()), Some(page));
        assert_eq!(policy.page(&format!("{}?q", page.path)), Some(page));
        assert!(page.plan < policy.plans().len());
    }
    for (index, asset) in policy.assets().iter().enumerate() {
        assert!(policy.assets_at(asset.path.as_str()).contains(&index));
        if let Some(link) = asset.link() {
            let value = link.to_string();
            let is_visible = |byte: u8| (b' '..=b'~').contains(&byte);
            assert!(value.bytes().all(is_visible), "{value:?}");
        }
    }
    for entry in policy.plans().iter().flat_map(|plan| &plan.entries) {
        assert!(entry.asset < policy.assets().len());
    }
});
