//! The layer on services that are no server's.

use std::cell::Cell;
use std::future::{Ready, ready};
use std::rc::Rc;
use std::task::Waker;

use http::StatusCode;
use http::header::LINK;

use super::*;
use crate::loaded_policy::example;

const A: &str = "</a.css>; rel=preload; as=style";
const B: &str = "</b.css>; rel=preload; as=style";

fn layer() -> LinkLayer {
    LinkLayer::new(PolicyHandle::of(example::policy(
        &[("/a.css", "a"), ("/b.css", "b")],
        &[("/", &[(0, "both"), (1, "hint")])],
    )))
}

/// Answers with its own kind of body, fails with its own kind of error, and is neither `Send` nor
/// `Clone`.
struct Inner {
    polled: Rc<Cell<u32>>,
}

#[derive(Debug, PartialEq)]
struct Failure;

impl Service<Request<&'static str>> for Inner {
    type Response = Response<u8>;
    type Error = Failure;
    type Future = Ready<Result<Response<u8>, Failure>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.polled.set(self.polled.get() + 1);
        match self.polled.get() {
            1 => Poll::Pending,
            2 => Poll::Ready(Ok(())),
            _ => Poll::Ready(Err(Failure)),
        }
    }

    fn call(&mut self, request: Request<&'static str>) -> Self::Future {
        let (head, body) = request.into_parts();
        ready(match body {
            "fail" => Err(Failure),
            status => {
                let mut response = Response::new(7);
                *response.status_mut() = status.parse().unwrap_or(StatusCode::OK);
                if let Some(link) = head.headers.get(LINK) {
                    response.headers_mut().insert(LINK, link.clone());
                }
                Ok(response)
            }
        })
    }
}

fn ask(layer: &LinkLayer, request: Request<&'static str>) -> Result<Response<u8>, Failure> {
    let mut service = layer.layer(Inner {
        polled: Rc::default(),
    });
    let mut response = Box::pin(service.call(request));
    match response
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
    {
        Poll::Ready(response) => response,
        Poll::Pending => unreachable!("the inner service is ready"),
    }
}

fn links(layer: &LinkLayer, request: Request<&'static str>) -> Vec<String> {
    let response = ask(layer, request).unwrap();
    let links = response.headers().get_all(LINK).iter();
    links
        .map(|link| link.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn only_pages_have_links_and_only_with_a_200() {
    let cases: [(&str, &str, &str, &[&str]); 9] = [
        ("GET", "/", "", &[A, B]),
        ("GET", "/?a=b", "", &[A, B]),
        ("GET", "https://example.com/", "", &[A, B]),
        ("HEAD", "/", "", &[A, B]),
        ("POST", "/", "", &[]),
        ("GET", "/a.css", "", &[]),
        ("GET", "/other", "", &[]),
        ("GET", "/", "404", &[]),
        ("GET", "/", "304", &[]),
    ];
    for (method, uri, status, expected) in cases {
        let request = Request::builder().method(method).uri(uri);
        let request = request.body(status).unwrap();
        assert_eq!(
            links(&layer(), request),
            expected,
            "{method} {uri} {status}"
        );
    }
}

#[test]
fn what_only_some_viewports_ask_for_says_so() {
    let files = [("/a.css", "a"), ("/b.css", "b")];
    let policy = example::policy(&files, &[("/", &[(0, "link"), (1, "hint")])]);
    let layer = LinkLayer::new(PolicyHandle::of(policy));
    let wide = format!("{A}; media=\"(min-width: 600px)\"");
    let request = Request::get("/").body("").unwrap();
    assert_eq!(links(&layer, request), [&*wide, B]);
}

#[test]
fn the_protocol_does_not_matter() {
    for version in [
        http::Version::HTTP_10,
        http::Version::HTTP_11,
        http::Version::HTTP_2,
        http::Version::HTTP_3,
    ] {
        let request = Request::get("/").version(version).body("").unwrap();
        assert_eq!(links(&layer(), request), [A, B], "{version:?}");
    }
}

#[test]
fn the_services_own_links_stay_first() {
    let own = "</b.css>; rel=preload; as=style; nopush";
    let request = Request::get("/").header(LINK, own).body("").unwrap();
    assert_eq!(links(&layer(), request), [own, A]);
}

#[test]
fn rules_hold() {
    let off = Rules {
        links: false,
        ..Rules::default()
    };
    let strict = Rules {
        any_authority: false,
        ..Rules::default()
    };
    let cases = [
        (layer().rules(off), "example.com", 0),
        // The policy is for https://example.com.
        (layer().rules(strict.clone()), "example.com", 0),
        (layer().rules(strict.clone()).secure(true), "example.com", 2),
        (layer().rules(strict).secure(true), "example.org", 0),
    ];
    for (layer, host, expected) in cases {
        let request = Request::get("/").header("host", host).body("").unwrap();
        assert_eq!(links(&layer, request).len(), expected, "{host} {layer:?}");
    }
}

#[test]
fn a_new_policy_holds_at_once() {
    let layer = layer();
    let request = || Request::get("/new").body("").unwrap();
    assert!(links(&layer, request()).is_empty());
    let new = example::policy(&[("/a.css", "a")], &[("/new", &[(0, "hint")])]);
    layer.policy.replace(new.policy().clone());
    assert_eq!(links(&layer, request()), [A]);
}

#[test]
fn everything_else_is_the_services_own() {
    let response = ask(&layer(), Request::get("/").body("").unwrap()).unwrap();
    assert_eq!(*response.body(), 7);
    let failed = ask(&layer(), Request::get("/").body("fail").unwrap());
    assert_eq!(failed.unwrap_err(), Failure);

    let mut service = layer().layer(Inner {
        polled: Rc::default(),
    });
    let mut context = Context::from_waker(Waker::noop());
    let mut poll = || Service::<Request<&str>>::poll_ready(&mut service, &mut context);
    assert_eq!(poll(), Poll::Pending);
    assert_eq!(poll(), Poll::Ready(Ok(())));
    assert_eq!(poll(), Poll::Ready(Err(Failure)));
}
