//! Cache digests: any bytes as fields and as octets, and sets made of the bytes, which have what was put in.
#![no_main]

use pushgen_policy::Sha256;
use pushgen_policy::cache_digest::{
    CacheDigest, Cached, CuckooFilter, Flags, GolombSet, MAX_BYTES, MAX_VALUES,
};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    fields(bytes);
    octets(bytes);
    members(bytes);
});

/// Fields with line feeds between them.
fn fields(bytes: &[u8]) {
    let values = || bytes.split(|&byte| byte == b'\n');
    let digest = CacheDigest::from_fields(values());
    let key = Sha256::of(bytes);
    let answer = digest.lookup(&key, None);
    assert!(!digest.is_empty() || answer == Cached::Unknown);

    let mut again = CacheDigest::default();
    again.update(values());
    assert_eq!(again, digest);
    again.update([&b"; reset"[..]]);
    assert!(again.is_empty());
}

/// A set that was decoded encodes to octets that decode to it.
fn octets(bytes: &[u8]) {
    if let Ok(filter) = CuckooFilter::decode(bytes) {
        let _ = filter.contains(&Sha256::of(bytes));
    }
    let Ok(set) = GolombSet::decode(bytes) else {
        return;
    };
    assert!(set.values().len() <= MAX_VALUES);
    assert!(set.values().is_sorted_by(|a, b| a < b));
    let (log2_n, log2_p) = set.parameters();
    for &value in set.values() {
        let mut hash = [0; 32];
        let (high, _) = hash.split_at_mut(8);
        high.copy_from_slice(&(value << (64 - log2_n - log2_p)).to_be_bytes());
        assert!(set.contains(&Sha256(hash)));
    }
    let encoded = set.encode();
    assert!(encoded.len() <= bytes.len());
    assert_eq!(GolombSet::decode(&encoded).as_ref(), Ok(&set));
}

/// The first two bytes are log2 P and the flags, each four more make a key.
fn members(bytes: &[u8]) {
    let Some((&[log2_p, flags], rest)) = bytes.split_first_chunk() else {
        return;
    };
    let keys: Vec<_> = rest.chunks(4).map(Sha256::of).collect();
    let Ok(set) = GolombSet::new(&keys, log2_p.into()) else {
        return;
    };
    assert!(keys.iter().all(|key| set.contains(key)));
    let encoded = set.encode();
    if encoded.len() > MAX_BYTES {
        return;
    }
    assert_eq!(GolombSet::decode(&encoded).as_ref(), Ok(&set));

    let flags = Flags {
        reset: flags & 1 != 0,
        validators: flags & 2 != 0,
        stale: flags & 4 != 0,
        complete: flags & 8 != 0,
    };
    let field = set.to_field_value(flags);
    // Nothing in a field says which form it has, so some sets pass for a cuckoo filter.
    if field.len() > MAX_BYTES || CuckooFilter::decode(&encoded).is_ok() {
        return;
    }
    let digest = CacheDigest::from_fields([field.as_bytes()]);
    let expected = if flags.stale {
        Cached::Stale
    } else {
        Cached::Fresh
    };
    for key in &keys {
        let other = Sha256::of(&key.0);
        let answer = if flags.validators {
            digest.lookup(&other, Some(key))
        } else {
            digest.lookup(key, None)
        };
        assert_eq!(answer, expected);
    }
}
