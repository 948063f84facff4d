//! A page with pushes on the wire: its head as the policy has it for the coding, the pushes, its rest. What the server
//! compresses by itself is divided behind the head that the policy has of the file.
//!
//! In: a site made here, whose files are larger than a frame and together smaller than the window that Node gives. Out:
//! the order of the DATA that Node gets.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::Command;

use flate2::read::GzDecoder;
use pushgen_analyzer::gzip;
use serde_json::json;

use super::node::connect_with;
use super::output;
use super::site::Site;

/// Where the document is divided: by coding.
const HEAD: [(&str, u64); 2] = [("br", 3000), ("identity", 5000)];

/// Text that no coding makes much smaller.
fn noise(length: usize) -> String {
    let mut state = 1_u64;
    let mut text = String::with_capacity(length);
    while text.len() < length {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        text.push(char::from(
            b'a' + u8::try_from(state >> 60).expect("four bits"),
        ));
    }
    text
}

#[track_caller]
fn write_site(folder: &Path) {
    let write = |name: &str, text: String| fs::write(folder.join(name), text).expect("a file");
    let head = r#"<!DOCTYPE html><title>t</title><link rel="stylesheet" href="/a.css"><script src="/b.js"></script>"#;
    write("index.html", format!("{head}<p>{}", noise(13_000)));
    write("a.css", format!("p{{--a:{}}}", noise(20_000)));
    write("b.js", format!("//{}", noise(9000)));
    let script = "const fs = require('fs'), file = process.argv[1];\
                  fs.writeFileSync(file + '.br', require('zlib').brotliCompressSync(fs.readFileSync(file)));";
    let page = folder.join("index.html");
    let made = output(Command::new("node").args(["-e", script]).arg(page));
    assert!(made.status.success(), "{made:?}");
}

/// The site, whose page sends both of its files by any means and is divided there.
#[track_caller]
fn site(dist: &Path) -> Site {
    fs::create_dir(dist).expect("a folder");
    write_site(dist);
    let site = Site::with_policy(dist.to_owned(), |policy| {
        let entries = policy["plans"][0]["entries"].as_array_mut();
        for entry in entries.expect("entries") {
            entry["means"] = json!(["push", "hint"]);
        }
        for (coding, bytes) in HEAD {
            policy["pages"]["/"]["head"][coding] = json!(bytes);
        }
    });
    assert_eq!(site.sent_with("/"), ["/a.css", "/b.js"]);
    site
}

#[test]
fn the_pushes_of_a_page_come_after_its_head_and_before_its_rest() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let site = site(&folder.path().join("dist"));
    let length = |path: &str| site.file(path).len() as u64;
    for (coding, head) in HEAD {
        let (file, accepts) = match coding {
            "br" => ("/index.html.br", "br"),
            _ => ("/index.html", "identity"),
        };
        let rest = length(file).checked_sub(head).filter(|rest| *rest > 0);
        let rest = rest.expect("more than the head");
        // The order is not left to chance.
        for _ in 0..10 {
            let server = site.serve();
            let request = json!({":path": "/", "accept-encoding": accepts});
            let steps = json!([{"requests": [request]}]);
            let connection = connect_with(&site, &server, json!({"steps": steps, "wire": true}));
            assert_eq!(connection.pushed(), ["/a.css", "/b.js"]);
            let expected = [
                (1, head),
                (2, length("/a.css")),
                (4, length("/b.js")),
                (1, rest),
            ];
            assert_eq!(connection.data(), expected, "{coding}");
            server.stop();
        }
    }
}

#[test]
fn a_page_that_is_compressed_by_the_server_is_divided_where_its_head_can_be_read() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let site = site(&folder.path().join("dist"));
    let file = site.file("/");
    let at = HEAD.iter().find(|(coding, _)| *coding == "identity");
    let at = usize::try_from(at.expect("a head").1).expect("a length");
    let compressed = |path: &str| {
        gzip::compress(&site.file(path), None)
            .expect("memory")
            .bytes
    };
    let page = gzip::compress(&file, Some(at)).expect("memory");
    let head = page.head.expect("a head");
    let mut readable = vec![0; at];
    let mut decoder = GzDecoder::new(&page.bytes[..head]);
    decoder.read_exact(&mut readable).expect("the whole head");
    assert_eq!(readable, file[..at]);
    for _ in 0..10 {
        let server = site.serve();
        let request = json!({":path": "/", "accept-encoding": "gzip"});
        let steps = json!([{"requests": [request]}]);
        let connection = connect_with(&site, &server, json!({"steps": steps, "wire": true}));
        assert_eq!(connection.pushed(), ["/a.css", "/b.js"]);
        let expected = [
            (1, head),
            (2, compressed("/a.css").len()),
            (4, compressed("/b.js").len()),
            (1, page.bytes.len() - head),
        ];
        let expected = expected.map(|(stream, bytes)| (stream, bytes as u64));
        assert_eq!(connection.data(), expected);
        for (stream, path) in [(1, "/"), (2, "/a.css"), (4, "/b.js")] {
            connection.assert_inflated_body(&json!(stream), &site.file(path));
        }
        server.stop();
    }
}
