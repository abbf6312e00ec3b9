use super::*;

const SECOND: usize = 8_000;

fn at(ms: u64) -> Instant {
    Instant::from_ms(ms)
}

fn mark(number: u64) -> Mark {
    Mark {
        generation: 0,
        number,
    }
}

fn clip(byte: u8, samples: usize) -> Clip {
    Clip::from(vec![byte; samples])
}

/// Queues a second of this sound with a mark in its middle and one at its end.
fn say(queue: &mut Queue, now: u64, byte: u8) {
    let n = u64::from(byte);
    for number in [10 * n, 10 * n + 1] {
        queue.play(at(now), &clip(byte, SECOND / 2));
        queue.mark(mark(number));
    }
}

/// What is asked for now, which must be a file.
fn file(queue: &mut Queue) -> (u64, Vec<u8>) {
    let ask = queue.ask().expect("something is asked for");
    let play = ask.play.expect("a file");
    assert_eq!(play.number, ask.id);
    (ask.id, play.sound.0)
}

/// A queue of which a second is being played since 1300 ms.
fn playing() -> (Queue, u64) {
    let mut queue = Queue::new(at(100));
    say(&mut queue, 200, 1);
    let (id, _) = file(&mut queue);
    queue.known(at(1_000), id).expect("it begins");
    (queue, id)
}

#[test]
fn a_file_begins_once_the_carrier_knows_of_it_and_a_little_later_than_that() {
    let mut queue = Queue::new(at(100));
    say(&mut queue, 200, 1);
    let (id, sound) = file(&mut queue);
    assert_eq!(sound.len(), SECOND);
    assert_eq!(queue.due(), None);
    let begun = queue.known(at(1_000), id).unwrap();
    assert_eq!(begun.at, at(1_300));
    assert_eq!(begun.late, Duration::from_millis(1_100));
    assert_eq!(begun.sound.len(), SECOND);
    assert_eq!(queue.due(), Some(at(1_800)));
}

#[test]
fn marks_within_a_file_come_by_the_clock_and_the_last_when_the_carrier_says_so() {
    let (mut queue, id) = playing();
    assert_eq!(queue.played_by(at(1_799)), []);
    assert_eq!(queue.played_by(at(1_800)), [mark(10)]);
    assert_eq!(queue.played_by(at(2_300)), []);
    assert_eq!(queue.finished(id), Some(vec![mark(11)]));
    assert_eq!(queue.next(at(2_500), id), None);
    assert_eq!(queue.due(), None);
}

#[test]
fn a_carrier_that_is_quicker_than_thought_is_believed() {
    let (mut queue, id) = playing();
    assert_eq!(queue.finished(id), Some(vec![mark(10), mark(11)]));
}

#[test]
fn a_file_whose_end_nobody_tells_of_makes_room_at_last() {
    let (mut queue, id) = playing();
    say(&mut queue, 1_500, 2);
    assert_eq!(queue.ask(), None);
    assert_eq!(queue.played_by(at(5_299)), [mark(10)]);
    assert_eq!(queue.due(), Some(at(5_300)));
    assert_eq!(queue.played_by(at(5_300)), [mark(11)]);
    assert_eq!(file(&mut queue).1[0], 2);
    assert_eq!(queue.finished(id), None);
}

#[test]
fn what_is_ready_when_a_file_ends_is_the_answer_and_nothing_is_asked_for_meanwhile() {
    let (mut queue, id) = playing();
    say(&mut queue, 1_500, 2);
    say(&mut queue, 1_600, 3);
    assert_eq!(queue.ask(), None);
    queue.finished(id).unwrap();
    assert_eq!(queue.ask(), None);
    let (play, begun) = queue.next(at(2_400), id).unwrap();
    assert_eq!(play.sound.0.len(), 2 * SECOND);
    // The engine was told of 1100 ms already: the second file was to begin at 2300 ms.
    assert_eq!(
        (begun.at, begun.late),
        (at(2_700), Duration::from_millis(400))
    );
    assert_eq!(queue.ask(), None);
    assert_eq!(queue.again(id), Some(play.clone()));
    assert_eq!(queue.finished(id), None);
    assert_eq!(
        queue.finished(play.number),
        Some(vec![mark(20), mark(21), mark(30), mark(31)])
    );
}

#[test]
fn after_a_clear_nothing_of_it_is_heard_or_counts_as_heard() {
    let (mut queue, id) = playing();
    say(&mut queue, 1_500, 2);
    queue.clear(at(1_900));
    assert_eq!(queue.due(), None);
    let ask = queue.ask().unwrap();
    assert_eq!(ask.play, None);
    assert_ne!(ask.id, id);
    assert_eq!(queue.finished(id), None);
    assert_eq!(queue.known(at(2_200), ask.id), None);
    assert_eq!(queue.ask(), None);
    // There is nothing more to be silenced.
    queue.clear(at(2_300));
    assert_eq!(queue.ask(), None);
}

#[test]
fn new_sound_silences_the_old_by_itself() {
    let (mut queue, id) = playing();
    queue.clear(at(1_900));
    say(&mut queue, 1_900, 2);
    let (next, sound) = file(&mut queue);
    assert_ne!(next, id);
    assert_eq!(sound[0], 2);
    queue.known(at(2_100), next).unwrap();
    assert_eq!(queue.ask(), None);
}

#[test]
fn what_is_cleared_before_the_carrier_knows_of_it_is_silenced_once_it_does() {
    let mut queue = Queue::new(at(0));
    say(&mut queue, 100, 1);
    let (id, _) = file(&mut queue);
    queue.clear(at(200));
    assert_eq!(queue.ask(), None);
    assert_eq!(queue.known(at(500), id), None);
    assert_eq!(queue.ask().unwrap().play, None);
}

#[test]
fn what_the_carrier_did_not_take_is_asked_for_again_before_what_came_later() {
    let mut queue = Queue::new(at(0));
    say(&mut queue, 100, 1);
    let (id, _) = file(&mut queue);
    say(&mut queue, 200, 2);
    queue.failed(id);
    let (again, sound) = file(&mut queue);
    assert_ne!(again, id);
    assert_eq!((sound[0], sound[SECOND], sound.len()), (1, 2, 2 * SECOND));
    queue.known(at(900), again).unwrap();
    assert_eq!(
        queue.finished(again),
        Some(vec![mark(10), mark(11), mark(20), mark(21)])
    );
}

#[test]
fn silence_that_the_carrier_did_not_take_is_asked_for_again() {
    let (mut queue, _) = playing();
    queue.clear(at(1_900));
    let first = queue.ask().unwrap();
    queue.failed(first.id);
    let second = queue.ask().unwrap();
    assert_eq!(second.play, None);
    assert_ne!(first.id, second.id);
}

#[test]
fn a_stream_that_is_taken_up_may_find_sound_of_before() {
    let mut queue = Queue::new(at(60_000));
    queue.clear(at(60_000));
    assert_eq!(queue.ask().unwrap().play, None);
}

#[test]
fn more_than_a_minute_is_several_files() {
    let mut queue = Queue::new(at(0));
    for _ in 0..70 {
        say(&mut queue, 0, 1);
    }
    let (id, sound) = file(&mut queue);
    assert_eq!(sound.len(), PLAY_BYTES_MAX);
    queue.known(at(0), id).unwrap();
    let marks = queue.finished(id).unwrap();
    assert_eq!(marks.len(), 120);
    let (play, begun) = queue.next(at(60_500), id).unwrap();
    assert_eq!(play.sound.0.len(), 10 * SECOND);
    assert_eq!(
        (begun.at, begun.late),
        (at(60_800), Duration::from_millis(500))
    );
}
