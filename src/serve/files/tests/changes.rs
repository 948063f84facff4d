//! What is kept, and files that change while they are served.

use super::super::store::lock;
use super::*;

#[test]
fn a_change_on_disk_shows_at_once() {
    let fixture = Fixture::new(&[("a.css", b"one"), ("page.html", b"<p>")]);
    let body = |target: &str| {
        let answer = fixture.get(target, &[("accept-encoding", "gzip")]);
        (
            answer.status,
            String::from_utf8_lossy(&answer.body).into_owned(),
        )
    };
    let ok = |text: &str| (200, text.to_owned());
    let none = (404, "not found\n".to_owned());
    assert_eq!(body("/a.css"), ok("one"));
    // The same length, and perhaps the same tick of the clock.
    fixture.write("a.css", b"two");
    assert_eq!(body("/a.css"), ok("two"));
    fixture.write("new.css", b"three");
    fs::rename(fixture.path("new.css"), fixture.path("a.css")).expect("a file in its place");
    assert_eq!(body("/a.css"), ok("three"));
    fixture.write("a.css.gz", b"g");
    assert_eq!(body("/a.css"), ok("g"));
    fixture.write("a.css.gz", b"h");
    assert_eq!(body("/a.css"), ok("h"));
    fs::remove_file(fixture.path("a.css.gz")).expect("no file");
    assert_eq!(body("/a.css"), ok("three"));
    fs::remove_file(fixture.path("a.css")).expect("no file");
    assert_eq!(body("/a.css"), none);
    fixture.write("a.css/index.html", b"now a folder");
    assert_eq!(body("/a.css/"), ok("now a folder"));
    assert_eq!(body("/a.css").0, 308);
    let html = |fixture: &Fixture| fixture.get("/page.html", &[]).headers["content-type"].clone();
    assert_eq!(html(&fixture), "text/html; charset=utf-8");
    fixture.write("page.html", b"<meta charset=koi8-r>");
    assert_eq!(html(&fixture), "text/html");
    fs::remove_dir_all(fixture.folder.path()).expect("no folder");
    assert_eq!(body("/page.html"), none);
    fixture.write("page.html", b"built anew");
    assert_eq!(body("/page.html"), ok("built anew"));
}

#[cfg(unix)]
#[test]
fn a_link_to_the_next_release_is_followed() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let current = folder.path().join("current");
    write(&folder.path().join("1/index.html"), b"one");
    write(&folder.path().join("2/index.html"), b"two");
    symlink("1", &current).expect("a link");
    let options = FilesOptions {
        recheck: Duration::ZERO,
        ..FilesOptions::default()
    };
    let fixture = Fixture {
        files: Files::new(&current, options).expect("a folder"),
        ..Fixture::of_folder(folder, |_| {})
    };
    assert_eq!(fixture.get("/", &[]).body, "one");
    symlink("2", fixture.path("next")).expect("a link");
    fs::rename(fixture.path("next"), &current).expect("the next release");
    assert_eq!(fixture.get("/", &[]).body, "two");
}

#[test]
fn what_is_known_answers_without_waiting_and_without_the_disk() {
    let fixture = Fixture::with_options(&[("a.css", b"one")], |options| {
        options.recheck = Duration::from_secs(3600);
    });
    assert_eq!(fixture.get("/a.css", &[]).body, "one");
    fs::remove_file(fixture.path("a.css")).expect("no file");
    let mut answering = fixture.files.clone().call(request("GET", "/a.css", &[]));
    let mut context = Context::from_waker(std::task::Waker::noop());
    let Poll::Ready(Ok(response)) = Pin::new(&mut answering).poll(&mut context) else {
        panic!("it waits");
    };
    assert_eq!(response.status(), 200);
    let body = fixture.runtime.block_on(collected(response.into_body()));
    assert_eq!(body.expect("a body"), "one");
}

#[test]
fn what_is_known_is_looked_at_again_when_it_is_old() {
    let fixture = Fixture::with_options(&[("a.css", b"one")], |options| {
        options.recheck = Duration::from_millis(30);
    });
    assert_eq!(fixture.get("/a.css", &[]).body, "one");
    fixture.write("a.css", b"another");
    let written = std::time::Instant::now();
    while fixture.get("/a.css", &[]).body != "another" {
        assert!(
            written.elapsed() < Duration::from_secs(20),
            "it is never looked at again"
        );
    }
}

#[test]
fn without_memory_everything_is_still_served() {
    let large = large();
    let fixture = Fixture::with_options(&[("a.css", b"one"), ("b.bin", &large)], |options| {
        options.memory = 0;
    });
    for _ in 0..2 {
        assert_eq!(fixture.get("/a.css", &[]).body, "one");
        assert_eq!(fixture.get("/b.bin", &[]).body, large);
    }
}

#[test]
fn many_who_ask_at_once_all_get_the_whole_file() {
    let large = large();
    let fixture = Fixture::new(&[("a.css", b"one"), ("b.bin", &large)]);
    fixture.runtime.block_on(async {
        let ask = |target: &'static str| {
            let files = fixture.files.clone();
            async move { answer(&files, request("GET", target, &[])).await }
        };
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            tasks.spawn(ask("/a.css"));
            tasks.spawn(ask("/b.bin"));
        }
        while let Some(answer) = tasks.join_next().await {
            let answer = answer.expect("an answer");
            assert_eq!(answer.status, 200);
            assert!(answer.body == "one" || answer.body == large);
        }
    });
    assert!(lock(&fixture.files.0.readings).is_empty());
}

#[test]
fn a_request_that_is_given_up_leaves_nothing_behind() {
    let large = large();
    let fixture = Fixture::new(&[("b.bin", &large)]);
    fixture.runtime.block_on(async {
        for _ in 0..5 {
            let mut asked = fixture.files.clone().call(request("GET", "/b.bin", &[]));
            let polled = poll_fn(|context| Poll::Ready(Pin::new(&mut asked).poll(context))).await;
            assert!(polled.is_pending());
        }
    });
    assert_eq!(fixture.get("/b.bin", &[]).body, large);
    assert!(lock(&fixture.files.0.readings).is_empty());
}

#[test]
fn a_large_file_that_changes_while_it_is_sent_ends_with_an_error() {
    let large = large();
    type Change = fn(&Fixture);
    let cases: [(&str, Change, bool); 4] = [
        ("shrinks", |fixture| fixture.write("b.bin", b"short"), false),
        (
            "grows",
            |fixture| {
                let mut file = fs::File::options()
                    .append(true)
                    .open(fixture.path("b.bin"))
                    .expect("a file");
                io::Write::write_all(&mut file, b"more").expect("more");
            },
            false,
        ),
        (
            "is replaced",
            |fixture| {
                fixture.write("new.bin", b"other");
                fs::rename(fixture.path("new.bin"), fixture.path("b.bin"))
                    .expect("a file in its place");
            },
            true,
        ),
        (
            "is removed",
            |fixture| fs::remove_file(fixture.path("b.bin")).expect("no file"),
            true,
        ),
    ];
    for (name, change, is_whole) in cases {
        let fixture = Fixture::new(&[("b.bin", &large)]);
        let body = fixture.runtime.block_on(async {
            let Ok(response) = fixture
                .files
                .clone()
                .call(request("GET", "/b.bin", &[]))
                .await;
            let mut body = response.into_body();
            let first = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
            assert!(matches!(first, Some(Ok(_))), "{name}");
            change(&fixture);
            collected(body).await
        });
        assert_eq!(body.is_ok(), is_whole, "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_read_is_an_error_of_the_server_and_is_named() {
    // The memory of this process is a regular file that has nothing at its beginning.
    let process = Path::new("/proc/self");
    let fixture = Fixture {
        files: Files::new(process, FilesOptions::default()).expect("a folder"),
        ..Fixture::new(&[])
    };
    let answer = fixture.get("/mem", &[]);
    assert_eq!(
        (answer.status, &*answer.body),
        (500, b"the file cannot be read\n".as_slice())
    );
    let unreadable = answer.unreadable.expect("a reason");
    assert!(unreadable.path.ends_with("mem"), "{unreadable:?}");
}

#[test]
fn a_file_is_no_root() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("a");
    fs::write(&file, "").expect("a file");
    for root in [&file, &folder.path().join("nowhere")] {
        assert!(Files::new(root, FilesOptions::default()).is_err());
    }
}
