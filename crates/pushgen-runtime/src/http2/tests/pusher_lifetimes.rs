//! When handlers can push by themselves, in what order things happen, and when they no longer can.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderValue, Request};

use super::client::Client;
use super::frame::*;
use super::pusher::{Outcomes, bare, outcomes, plain_pushes, pushing};
use super::raw_client::RawClient;
use super::site::{File, Piece, Pieces, Site};
use crate::body::Body;
use crate::http2::observer::tests::wire::*;
use crate::{PushError, PushOptions, Pusher};

/// A handler that waits for a second before it pushes.
async fn push_after_what_the_client_sends(
    sent: &[u8],
) -> (Vec<String>, Vec<Result<(), PushError>>) {
    let outcomes = Outcomes::default();
    let told = Arc::clone(&outcomes);
    let site = Site::handling(move |request: Request<Body>| {
        let told = Arc::clone(&told);
        async move {
            if let Some(pusher) = request.extensions().get::<Pusher>().cloned()
                && request.uri().path() == "/"
            {
                // In a task of its own, which nobody ends.
                let pushing = tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    let outcome = pusher.push("/x").await;
                    told.lock().unwrap().push(outcome);
                });
                let _ = pushing.await;
            }
            File::html().answer().await
        }
    });
    let mut client = RawClient::connect(&site, bare(), &[]).await;
    client.send(get(1, "/")).await;
    client.send(sent).await;
    let frames = client.quiet_for(Duration::from_secs(2)).await;
    let outcomes = outcomes.lock().unwrap().clone();
    (names(&frames), outcomes)
}

#[tokio::test(start_paused = true)]
async fn pushes_are_refused_when_the_client_no_longer_takes_them() {
    let answered: &[&str] = &["HEADERS 1", "DATA 1 END"];
    let table = [
        (enable_push(0), PushError::NotSupported, answered),
        (goaway(0, 0), PushError::NotSupported, answered),
        (limit(0), PushError::LimitReached, answered),
        (rst_stream(1, CANCEL), PushError::StreamClosed, &[]),
    ];
    for (sent, error, frames) in table {
        let outcome = push_after_what_the_client_sends(&sent).await;
        assert_eq!(
            outcome,
            (
                frames.iter().map(ToString::to_string).collect(),
                vec![Err(error)]
            )
        );
    }
}

#[tokio::test(start_paused = true)]
async fn pushes_are_refused_when_the_response_has_begun() {
    let outcomes = Outcomes::default();
    let told = Arc::clone(&outcomes);
    let site = Site::handling(move |request: Request<Body>| {
        let told = Arc::clone(&told);
        async move {
            let pusher = request.extensions().get::<Pusher>().unwrap().clone();
            if request.uri().path() == "/" {
                tokio::spawn(async move {
                    for seconds in [1, 2] {
                        tokio::time::sleep(Duration::from_secs(seconds)).await;
                        let outcome = pusher.push("/x").await;
                        told.lock().unwrap().push(outcome);
                    }
                });
            }
            let body = [
                Piece::Data("<html>".into()),
                Piece::Wait(Duration::from_secs(2)),
            ];
            File::in_pieces(Pieces::new(body)).answer().await
        }
    });
    let mut client = RawClient::connect(&site, bare(), &[]).await;
    client.send(get(1, "/")).await;
    // Once while the body is sent, once when the stream is closed.
    let frames = client.quiet_for(Duration::from_secs(3)).await;
    assert_eq!(promised(&frames), [0u32; 0]);
    assert_eq!(
        *outcomes.lock().unwrap(),
        [Err(PushError::StreamClosed), Err(PushError::StreamClosed)]
    );
    assert_eq!(site.targets(), ["/"]);
}

#[tokio::test(start_paused = true)]
async fn pushes_beyond_the_limit_are_refused_and_counted_back() {
    let targets = ["/a", "/b", "/c"];
    let (site, told) = pushing(plain_pushes(&targets));
    let own = [(MAX_CONCURRENT_STREAMS, 2), (INITIAL_WINDOW_SIZE, 0)];
    let mut client = RawClient::connect(&site, bare(), &own).await;
    let full = || Err(PushError::LimitReached);
    client.send(get(1, "/")).await;
    assert_eq!(promised(&client.quiet().await), [2, 4]);
    assert_eq!(outcomes(&told), [Ok(()), Ok(()), full()]);
    // One ends, and once more.
    for (push, stream) in [(2, 3), (4, 5), (6, 7)] {
        client
            .send([rst_stream(push, CANCEL), rst_stream(push, CANCEL)].concat())
            .await;
        client.send(get(stream, "/")).await;
        let next = promised(&client.quiet().await);
        let refused = outcomes(&told);
        if stream < 7 {
            assert_eq!(
                (next.len(), &refused[..]),
                (1, &[Ok(()), full(), full()][..])
            );
        } else {
            // Too many were cancelled.
            let tired = || Err(PushError::NotSupported);
            assert_eq!(
                (next.len(), &refused[..]),
                (0, &[tired(), tired(), tired()][..])
            );
        }
    }
    assert!(client.is_served());
}

#[tokio::test(start_paused = true)]
async fn a_connections_budget_is_kept_and_nothing_is_asked_beyond_it() {
    let (site, told) = pushing(plain_pushes(&["/a", "/b"]));
    let mut settings = bare();
    settings.rules.max_promises = 3;
    let mut client = RawClient::connect(&site, settings, &[]).await;
    for stream in [1, 3, 5] {
        client.send(get(stream, "/")).await;
        client.quiet().await;
    }
    let full = || Err(PushError::LimitReached);
    assert_eq!(
        outcomes(&told),
        [Ok(()), Ok(()), Ok(()), full(), full(), full()]
    );
    assert_eq!(site.targets(), ["/", "/a", "/b", "/", "/a", "/"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_after_push_returns_comes_after_the_promise() {
    let site = Site::handling(|request: Request<Body>| async move {
        if let Some(pusher) = request.extensions().get::<Pusher>()
            && request.uri().path() == "/"
        {
            pusher.push("/x").await?;
            let hints = request.extensions().get::<crate::EarlyHints>().unwrap();
            hints.send_links([HeaderValue::from_static("</x>; rel=preload; as=style")])?;
        }
        File::css().answer().await
    });
    let mut client = RawClient::connect(&site, bare(), &[]).await;
    client.send(get(1, "/")).await;
    let frames = client.quiet().await;
    let of_page: Vec<_> = frames
        .into_iter()
        .filter(|frame| frame.stream == 1)
        .collect();
    // The 103, then the response.
    assert_eq!(
        names(&of_page),
        ["PROMISE 2 ON 1", "HEADERS 1", "HEADERS 1", "DATA 1 END"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_pushed_handler_runs_beside_the_page_and_may_change_its_request() {
    let site = Site::handling(|mut request: Request<Body>| async move {
        if request.uri().path() != "/" {
            request.headers_mut().clear();
            request
                .headers_mut()
                .insert("x-one", HeaderValue::from_static("2"));
            let body = [
                Piece::Wait(Duration::from_secs(5)),
                Piece::Data("late".into()),
            ];
            let file = File::in_pieces(Pieces::new(body)).header("content-length", "4");
            return file.answer().await;
        }
        let mut fields = HeaderMap::new();
        fields.insert("x-one", HeaderValue::from_static("1"));
        let options = PushOptions::new().headers(fields);
        let pusher = request.extensions().get::<Pusher>().unwrap();
        pusher.push_with("/x", options).await?;
        File::html().answer().await
    });
    let mut client = Client::connect(&site, bare()).await;
    let begun = tokio::time::Instant::now();
    let page = client.get("/").await;
    assert_eq!(page.pushes[0].request.headers["x-one"], "1");
    assert_eq!(&*page.pushes[0].body, b"late");
    assert!(begun.elapsed() >= Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_push_is_asked_for_no_longer_than_its_page_is_answered() {
    // The handler answers without waiting for its push, fails, or is reset.
    for (ending, frames) in [
        ("/answers", &["HEADERS 1", "DATA 1 END"][..]),
        ("/fails", &["RST 1 CODE 2"]),
        ("/waits", &[]),
    ] {
        let site = Site::handling(|request: Request<Body>| async move {
            let path = request.uri().path().to_owned();
            if path == "/slow" {
                return File::css().after(Duration::from_secs(100)).answer().await;
            }
            let pusher = request.extensions().get::<Pusher>().unwrap().clone();
            tokio::spawn(async move { pusher.push("/slow").await });
            tokio::time::sleep(Duration::from_secs(1)).await;
            match &*path {
                "/answers" => File::html().answer().await,
                "/fails" => Err("the handler fails".into()),
                _ => std::future::pending().await,
            }
        });
        let mut client = RawClient::connect(&site, bare(), &[]).await;
        client.send(get(1, ending)).await;
        assert_eq!(site.alive(), 2);
        tokio::time::sleep(Duration::from_secs(2)).await;
        if ending == "/waits" {
            client.send(rst_stream(1, CANCEL)).await;
        }
        assert_eq!(names(&client.quiet().await), frames);
        assert_eq!(site.alive(), 0, "{ending}");
    }
}

/// h2 keeps one waker of a stream. Whoever looks whether a page is closed must not take its place.
#[tokio::test(start_paused = true)]
async fn a_push_from_another_task_does_not_hide_the_reset_from_the_handler() {
    let site = Site::handling(|request: Request<Body>| async move {
        if request.uri().path() != "/" {
            return File::css().answer().await;
        }
        let pusher = request.extensions().get::<Pusher>().unwrap().clone();
        tokio::spawn(async move { pusher.push("/x").await });
        std::future::pending().await
    });
    let mut client = RawClient::connect(&site, bare(), &[]).await;
    client.send(get(1, "/")).await;
    assert_eq!(promised(&client.quiet().await), [2]);
    assert_eq!(site.alive(), 1);
    client.send(rst_stream(1, CANCEL)).await;
    assert_eq!(site.alive(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_pushes_of_a_handler_that_fails_stop_with_it() {
    let site = Site::handling(|request: Request<Body>| async move {
        if request.uri().path() != "/" {
            return File::of(vec![b'x'; 100_000]).answer().await;
        }
        let pusher = request.extensions().get::<Pusher>().unwrap();
        pusher.push("/x").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Err("the handler fails".into())
    });
    let mut client = RawClient::connect(&site, bare(), &[]).await;
    client.send(get(1, "/")).await;
    assert_eq!(promised(&client.quiet().await), [2]);
    let mut frames = names(&client.quiet_for(Duration::from_secs(2)).await);
    frames.sort();
    assert_eq!(frames, ["RST 1 CODE 2", "RST 2 CODE 8"]);
}

/// With the reset, h2 would drop the promise and keep its stream for ever.
#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_before_its_promise_is_written_is_reset_after_it() {
    let site = Site::handling(|request: Request<Body>| async move {
        match request.uri().path() {
            "/large" => File::of(vec![b'x'; 30_000]).answer().await,
            "/fails" => {
                let pusher = request.extensions().get::<Pusher>().unwrap().clone();
                // It ends when the promise is written, for which the handler does not wait.
                tokio::spawn(async move { pusher.push("/x").await });
                tokio::time::sleep(Duration::from_secs(1)).await;
                Err("the handler fails".into())
            }
            _ => File::css().answer().await,
        }
    });
    let mut client = RawClient::connect_through(1 << 10, &site, bare(), &[]).await;
    client.send(get(1, "/large")).await;
    client.send(get(3, "/fails")).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(site.alive(), 0);
    let frames = names(&client.quiet().await);
    let place = |name: &str| frames.iter().position(|other| other == name);
    assert!(place("PROMISE 2 ON 3").unwrap() < place("RST 3 CODE 2").unwrap());
    assert_eq!(client.unfinished(), [0u32; 0]);
    let held = client.held().await;
    assert_eq!((held.slots, held.waiting, held.has_turns), (0, 0, false));
}

#[tokio::test(start_paused = true)]
async fn a_push_that_waits_for_others_is_not_made_once_its_page_is_over() {
    let outcomes = Outcomes::default();
    let told = Arc::clone(&outcomes);
    let site = Site::handling(move |request: Request<Body>| {
        let told = Arc::clone(&told);
        async move {
            let path = request.uri().path().to_owned();
            let pusher = request.extensions().get::<Pusher>().unwrap().clone();
            match &*path {
                "/large" => File::of(vec![b'x'; 30_000]).answer().await,
                "/first" => {
                    pusher.push("/1").await?;
                    File::html().answer().await
                }
                "/second" => {
                    tokio::spawn(async move {
                        let outcome = pusher.push("/2").await;
                        told.lock().unwrap().push(outcome);
                    });
                    // The push waits until the first one is written, which it is not.
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    Err("the handler fails".into())
                }
                _ => File::css().answer().await,
            }
        }
    });
    let mut client = RawClient::connect_through(1 << 10, &site, bare(), &[]).await;
    client.send(get(1, "/large")).await;
    client
        .send([get(3, "/first"), get(5, "/second")].concat())
        .await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(*outcomes.lock().unwrap(), []);
    let frames = client.quiet().await;
    assert_eq!(promised(&frames), [2]);
    assert_eq!(*outcomes.lock().unwrap(), [Err(PushError::StreamClosed)]);
    assert_eq!(client.unfinished(), [0u32; 0]);
}

#[tokio::test(start_paused = true)]
async fn push_returns_when_the_promise_is_written() {
    let outcomes = Outcomes::default();
    let told = Arc::clone(&outcomes);
    let site = Site::handling(move |request: Request<Body>| {
        let told = Arc::clone(&told);
        async move {
            match request.uri().path() {
                "/large" => File::of(vec![b'x'; 30_000]).answer().await,
                "/page" => {
                    let pusher = request.extensions().get::<Pusher>().unwrap();
                    let outcome = pusher.push("/x").await;
                    told.lock().unwrap().push(outcome);
                    File::html().answer().await
                }
                _ => File::css().answer().await,
            }
        }
    });
    let mut client = RawClient::connect_through(1 << 10, &site, bare(), &[]).await;
    client.send(get(1, "/large")).await;
    client.send(get(3, "/page")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(outcomes.lock().unwrap().len(), 0);
    let frames = client.quiet().await;
    assert_eq!((promised(&frames), has_ended(&frames, 3)), (vec![2], true));
    assert_eq!(*outcomes.lock().unwrap(), [Ok(())]);
}
