//! What one connection carried, for each authority that was asked for on it.
//!
//! In: the head of a request. Out: the [`Record`] of the authority that it names. Left out: the
//! scheme, of which a connection has one.

use std::sync::Arc;

use http::{header, request};

use crate::loaded_policy::LoadedPolicy;
use crate::record::Record;

/// The most authorities that are told apart. A browser puts several on one connection only if they
/// share a certificate (RFC 9113, section 9.1.1); a client that names more finds them together in
/// the last record, and is sent less ahead than it might be.
const MAX_AUTHORITIES: usize = 8;

/// The records of a connection.
#[derive(Debug, Default)]
pub(crate) struct Records(Vec<(Box<[u8]>, Record)>);

/// Where a record is; for as long as the connection lasts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(usize);

impl Records {
    /// Where the record of the request's authority is. It goes over to `policy`.
    pub(crate) fn find(&mut self, request: &request::Parts, policy: &Arc<LoadedPolicy>) -> Place {
        self.find_authority(authority(request), policy)
    }

    fn find_authority(&mut self, authority: &[u8], policy: &Arc<LoadedPolicy>) -> Place {
        let known = self.0.iter().position(|(known, _)| **known == *authority);
        let place = Place(known.unwrap_or_else(|| {
            if self.0.len() < MAX_AUTHORITIES {
                let record = Record::new(Arc::clone(policy));
                self.0.push((authority.into(), record));
            }
            self.0.len() - 1
        }));
        self.at(place).follow(policy);
        place
    }

    /// The record at a place.
    pub(crate) fn at(&mut self, place: Place) -> &mut Record {
        // Places are made above only, of records that stay.
        &mut self.0[place.0].1
    }
}

/// The authority as it is spelt. Another spelling has its own record, and loses only what that
/// knows.
fn authority(request: &request::Parts) -> &[u8] {
    match request.uri.authority() {
        Some(authority) => authority.as_str().as_bytes(),
        None => request
            .headers
            .get(header::HOST)
            .map_or(b"", |host| host.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loaded_policy::example;

    fn request(uri: &str, host: Option<&str>) -> request::Parts {
        let mut request = http::Request::get(uri);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn authorities_have_records_of_their_own() {
        let policy = example::policy(&[("/a", "a")], &[]);
        let mut records = Records::default();
        let mut carried = |uri: &str, host| {
            let place = records.find(&request(uri, host), &policy);
            let record = records.at(place);
            let had = record.has(0);
            record.mark_requested("/a");
            had
        };
        assert!(!carried("/", Some("one.example")));
        assert!(carried("/other", Some("one.example")));
        assert!(!carried("/", Some("two.example")));
        assert!(carried("https://two.example/", None));
        assert!(!carried("/", None));
        assert!(carried("/", None));
    }

    #[test]
    fn a_client_cannot_make_many() {
        let policy = example::policy(&[("/a", "a")], &[]);
        let mut records = Records::default();
        for host in 0..1000 {
            records.find_authority(host.to_string().as_bytes(), &policy);
        }
        assert_eq!(records.0.len(), MAX_AUTHORITIES);
    }

    #[test]
    fn records_follow_the_policy() {
        let old = example::policy(&[("/a", "a")], &[]);
        let new = example::policy(&[("/0", "0"), ("/a", "a")], &[]);
        let mut records = Records::default();
        let place = records.find_authority(b"example.com", &old);
        records.at(place).mark_requested("/a");
        let place = records.find_authority(b"example.com", &new);
        let record = records.at(place);
        assert!(Arc::ptr_eq(record.policy(), &new));
        assert!(record.has(1) && !record.has(0));
    }
}
