//! Text-to-speech over sockets: who waits for whom, and for how long.

use std::time::Duration;

use call::{Failure, Instant, Reply, RequestId};
use providers::{Ask, Deeds, Link, Told, Whose};

use crate::voices::{ALL, aura, cartesia, elevenlabs, flux, sound};

/// A socket and the time.
struct Timed {
    conversation: providers::Conversation,
    now: Instant,
}

impl Timed {
    fn dialled(open: fn() -> Link) -> Self {
        Self {
            conversation: open().conversation,
            now: Instant::ZERO,
        }
    }

    fn new(open: fn() -> Link) -> Self {
        let mut timed = Self::dialled(open);
        timed.tell(Told::Opened);
        timed
    }

    fn tell(&mut self, told: Told<'_>) -> Deeds {
        self.conversation.tell(self.now, told)
    }

    fn say(&mut self, id: u64) -> Deeds {
        self.tell(Told::Ask(RequestId(id), Ask::Speak("Eins.")))
    }

    fn cancel(&mut self, id: u64) -> Deeds {
        self.tell(Told::Cancel(RequestId(id)))
    }

    fn wait(&mut self, ms: u64) {
        self.now = self.now + Duration::from_millis(ms);
    }

    fn is_over(&self) -> bool {
        self.conversation.is_over()
    }
}

const FLUSHED: Told<'_> = Told::Text(r#"{"type":"Flushed","sequence_id":0}"#);

fn ids(deeds: &[(RequestId, u64)]) -> Vec<(u64, u64)> {
    deeds.iter().map(|(id, chars)| (id.0, *chars)).collect()
}

#[test]
fn a_socket_that_says_nothing_to_what_is_given_up_is_given_up_too() {
    for open in ALL {
        for is_open in [true, false] {
            let mut hung = Timed::dialled(open);
            if is_open {
                hung.tell(Told::Opened);
            }
            hung.say(1);
            hung.say(2);
            hung.wait(1_200);
            let deeds = hung.cancel(1);
            let late = Reply::Failed(Failure::Late);
            assert_eq!(deeds.replies, [(RequestId(2), late)]);
            assert!(hung.is_over());
            let complaint = hung.conversation.complaint().unwrap();
            assert_eq!(complaint.whose, Whose::Provider);
        }
    }
}

#[test]
fn a_socket_that_says_anything_does_not_hang() {
    for open in ALL {
        let mut desk = Timed::new(open);
        desk.say(1);
        desk.wait(800);
        desk.tell(Told::Text(r#"{"type":"Metadata"}"#));
        desk.wait(800);
        desk.cancel(1);
        assert!(!desk.is_over(), "something came meanwhile");
        desk.wait(60_000);
        desk.say(2);
        desk.wait(100);
        desk.cancel(2);
        assert!(!desk.is_over(), "nothing was wanted of it for a minute");
    }
}

#[test]
fn who_is_given_up_ever_sooner_hangs_all_the_same() {
    for open in [elevenlabs as fn() -> Link, cartesia] {
        let mut hung = Timed::new(open);
        for id in 1..=2 {
            hung.say(id);
            hung.wait(400);
            hung.cancel(id);
            hung.wait(5_000);
            assert!(!hung.is_over());
        }
        hung.say(3);
        hung.wait(400);
        hung.cancel(3);
        assert!(hung.is_over(), "three races were lost by it");
    }
}

#[test]
fn what_is_asked_is_sent_when_the_socket_is_open_and_it_is_its_turn() {
    for open in ALL {
        let mut desk = Timed::dialled(open);
        let asked = desk.say(1);
        assert_eq!((ids(&asked.begun), asked.queued), (vec![], vec![]));
        desk.cancel(1);
        desk.say(2);
        let opened = desk.tell(Told::Opened);
        let begun = ids(&opened.begun);
        assert!(begun.contains(&(1, 5)), "sent before it was cancelled");
    }
    let mut desk = Timed::new(aura);
    assert_eq!(ids(&desk.say(1).begun), [(1, 5)]);
    let second = desk.say(2);
    assert_eq!(
        (ids(&second.begun), second.queued),
        (vec![], vec![RequestId(2)])
    );
    desk.tell(Told::Binary(&sound(1)));
    assert_eq!(ids(&desk.tell(FLUSHED).begun), [(2, 5)]);
}

#[test]
fn what_waits_for_a_dropped_piece_waits_for_deepgram() {
    for open in [aura as fn() -> Link, flux] {
        let mut desk = Timed::new(open);
        desk.say(1);
        assert_eq!(desk.say(2).queued, [RequestId(2)]);
        assert_eq!(desk.cancel(1).next, [RequestId(2)]);
        desk.cancel(2);
        let asked = desk.say(3);
        assert_eq!((asked.queued, asked.next), (vec![], vec![RequestId(3)]));
    }
}

#[test]
fn the_sixth_context_of_ours_waits_for_one_of_ours() {
    let mut desk = Timed::new(elevenlabs);
    for id in 1..=5 {
        assert_eq!(ids(&desk.say(id).begun), [(id, 5)]);
    }
    assert_eq!(desk.say(6).queued, [RequestId(6)]);
}

/// Says so many pieces, one after the other.
fn pieces(desk: &mut Timed, count: u64) {
    for id in 1..=count {
        assert_eq!(desk.say(id).send.len(), 2, "the {id}th");
        desk.tell(Told::Binary(&sound(1)));
        desk.wait(500);
        desk.tell(FLUSHED);
    }
}

#[test]
fn a_socket_without_flushes_is_left_before_anybody_needs_one() {
    let mut desk = Timed::new(aura);
    pieces(&mut desk, 19);
    assert!(!desk.is_over());
    assert_eq!(desk.say(20).send.len(), 2);
    desk.tell(Told::Binary(&sound(1)));
    let last = desk.tell(FLUSHED);
    assert!(matches!(last.replies[..], [(_, Reply::Done(_))]));
    assert!(desk.is_over(), "the next is said over another");
    let complaint = desk.conversation.complaint().unwrap();
    assert_eq!(
        (complaint.failure, complaint.whose),
        (Failure::Busy, Whose::Request)
    );
}

#[test]
fn what_waits_for_a_flush_too_many_is_told_at_once() {
    let mut desk = Timed::new(aura);
    pieces(&mut desk, 19);
    desk.say(20);
    desk.say(21);
    desk.tell(Told::Binary(&sound(1)));
    let busy = (RequestId(21), Reply::Failed(Failure::Busy));
    assert_eq!(desk.tell(FLUSHED).replies.last(), Some(&busy));
}

#[test]
fn flushes_of_a_minute_ago_do_not_count() {
    let mut desk = Timed::new(aura);
    pieces(&mut desk, 19);
    desk.wait(60_000);
    pieces(&mut desk, 19);
    assert!(!desk.is_over());
}
