//! The image of the largest paint goes before other images, whatever the client says.

use super::frame::*;
use super::raw_client::RawClient;
use super::site::{File, Site, painted};
use crate::http2::observer::tests::wire::*;

type Fields<'a> = &'a [(&'a str, &'a str)];

const SIZE: usize = 2_000_000;

/// How much of another image is sent between the beginning and the end of one.
async fn between(fields: Fields<'_>) -> usize {
    let site = Site::of(|_| File::of(vec![b'x'; SIZE]));
    let own = [(INITIAL_WINDOW_SIZE, 1 << 24)];
    let mut client = RawClient::connect_through(20_000, &site, painted(), &own).await;
    client.send_at_once(window_update(0, 1 << 24)).await;
    // What the other has sent while it was alone is under way.
    let other = request(1, "GET", "/other.jpg", &[("priority", "i")]);
    client.send(other).await;
    client.send(request(3, "GET", "/hero.jpg", fields)).await;
    let frames = client.quiet().await;
    let data: Vec<&Frame> = frames.iter().filter(|frame| frame.kind == DATA).collect();
    let begun = data.iter().position(|frame| frame.stream == 3).unwrap();
    let ended = data
        .iter()
        .position(|frame| frame.stream == 3 && frame.ends_stream());
    let between = &data[begun..ended.unwrap()];
    let of_other = between.iter().filter(|frame| frame.stream == 1);
    of_other.map(|frame| frame.payload.len()).sum()
}

#[tokio::test(start_paused = true)]
async fn the_largest_paint_does_not_take_turns_with_other_images() {
    let as_image = ("priority", "i");
    let table: &[(&str, Fields<'_>, bool)] = &[
        ("as any image", &[as_image], true),
        ("without a word", &[], true),
        ("as one out of sight", &[("priority", "u=5, i")], true),
        ("for later", &[as_image, ("sec-purpose", "prefetch")], false),
    ];
    for (what, fields, is_raised) in table {
        let between = between(fields).await;
        let (least, most) = if *is_raised {
            (0, 450_000)
        } else {
            (1_500_000, SIZE)
        };
        assert!((least..=most).contains(&between), "{what}: {between}");
    }
}
