//! Priority updates, and raised responses.

use super::*;

#[test]
fn a_priority_update_changes_the_order() {
    let responses = [(1, PLAIN, u(3), 32), (3, PLAIN, u(3), 32)];
    let mut playing = Playing::of(&responses);
    playing.step();
    playing.schedule.reprioritize(3, u(2));
    assert_eq!(playing.run(), [(3, 32), (1, 16)]);
}

#[test]
fn a_priority_update_of_a_push_holds_as_it_is() {
    let responses = [
        (1, page(KIB), u(0), 16),
        (2, pushed(1, 0), u(0), 16),
        (4, pushed(1, 1), u(0), 16),
        (3, PLAIN, u(1), 16),
    ];
    let mut playing = Playing::of(&responses);
    playing.schedule.reprioritize(2, u(2));
    let expected = [(1, 1), (4, 16), (1, 15), (3, 16), (2, 16)];
    assert_eq!(playing.run(), expected);
}

#[test]
fn a_priority_update_may_come_before_the_response() {
    let mut playing = Playing::default();
    playing.schedule.reprioritize(3, u(4));
    playing.schedule.reprioritize(3, u(1));
    playing.begin((1, PLAIN, u(2), 16));
    playing.begin((3, PLAIN, u(7), 16));
    assert_eq!(playing.run(), [(3, 16), (1, 16)]);
}

#[test]
fn a_limited_number_of_early_priority_updates_is_kept() {
    let mut playing = Playing::default();
    let streams = (0..1000).map(|count| 2 * count + 1);
    for stream in streams.clone() {
        playing.schedule.reprioritize(stream, u(1));
    }
    for stream in streams {
        playing.begin((stream, PLAIN, u(5), 1));
    }
    let sent = playing.run();
    let first: Vec<u32> = sent.iter().take(33).map(|(stream, _)| *stream).collect();
    let expected: Vec<u32> = (968..1000).map(|count| 2 * count + 1).chain([1]).collect();
    assert_eq!(first, expected);
}

/// The client's priority of a raised response, and what is sent before and after it.
type Raised<'a> = (&'a str, Priority, &'a [(u32, u64)]);

/// Stream 1 is an image, 3 the raised one, 5 a script, 7 has the urgency of what is raised.
fn with_raised(priority: Priority) -> Playing {
    let mut playing = Playing::of(&[
        (1, PLAIN, ui(3), 32),
        (3, PLAIN, priority, 32),
        (5, PLAIN, u(1), 16),
        (7, PLAIN, u(2), 16),
    ]);
    playing.schedule.raise(playing.place(3));
    playing
}

#[test]
fn what_is_raised_goes_behind_scripts_and_before_images() {
    let raised = &[(5, 16), (3, 32), (7, 16), (1, 32)];
    let table: &[Raised<'_>] = &[
        ("as an image", ui(3), raised),
        ("as nothing", Priority::DEFAULT, raised),
        ("as one out of sight", ui(5), raised),
        ("as much as it is raised", ui(2), raised),
        ("better", u(0), &[(3, 32), (5, 16), (7, 16), (1, 32)]),
        (
            "better, and incremental",
            ui(1),
            &[(5, 16), (3, 32), (7, 16), (1, 32)],
        ),
    ];
    for (what, priority, expected) in table {
        assert_eq!(with_raised(*priority).run(), *expected, "{what}");
    }
}

#[test]
fn what_is_raised_does_not_take_turns_with_its_equals() {
    let mut playing = Playing::of(&[(1, PLAIN, ui(2), 32), (3, PLAIN, ui(3), 48)]);
    playing.schedule.raise(playing.place(3));
    let (sent, incremental) = (playing.run(), playing.schedule.incremental);
    assert_eq!(sent, [(3, 16), (1, 16), (3, 16), (1, 16), (3, 16)]);
    assert_eq!(incremental, 0);
}

#[test]
fn an_update_of_what_is_raised_counts_only_if_it_is_better() {
    let raised = [(5, 16), (3, 32), (7, 16), (1, 32)];
    let first = [(3, 32), (5, 16), (7, 16), (1, 32)];
    for (update, expected) in [(u(0), first), (ui(3), raised), (u(7), raised)] {
        let mut playing = with_raised(ui(3));
        playing.schedule.reprioritize(3, update);
        assert_eq!(playing.run(), expected, "{update:?}");
    }
}

#[test]
fn an_early_update_of_what_is_raised_counts_only_if_it_is_better() {
    for (update, first) in [(u(0), 3), (u(7), 1)] {
        let mut playing = Playing::default();
        playing.schedule.reprioritize(3, update);
        playing.begin((1, PLAIN, u(1), 16));
        playing.begin((3, PLAIN, ui(3), 16));
        playing.begin((5, PLAIN, ui(3), 16));
        playing.schedule.raise(playing.place(3));
        let sent = playing.run();
        assert_eq!(sent[0].0, first);
        assert_eq!(sent[2].0, 5);
    }
}

#[test]
fn nothing_is_raised_where_the_client_gives_no_priorities() {
    let responses = [1, 3, 5].map(|stream| (stream, PLAIN, Priority::DEFAULT, 16));
    let in_order = [(1, 16), (3, 16), (5, 16)];
    let mut playing = Playing::of(&responses);
    playing.schedule.raise(playing.place(5));
    assert_eq!(playing.run(), in_order);
    // Of pushes the server gives the priority.
    let mut playing = Playing::of(&[(2, pushed(1, 0), u(0), 16)]);
    for response in responses {
        playing.begin(response);
    }
    playing.schedule.raise(playing.place(5));
    assert_eq!(playing.run()[1..], in_order);
    // It may give the first one later.
    let mut playing = Playing::of(&responses);
    playing.schedule.raise(playing.place(5));
    playing.schedule.reprioritize(5, u(4));
    assert_eq!(playing.run(), [(5, 16), (1, 16), (3, 16)]);
}
