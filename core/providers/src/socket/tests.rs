use call::Spent;
use proptest::prelude::*;
use serde_json::Value;

use super::*;

/// Says `echo` of every text to the request that was asked last; a text of its own ends, breaks or quits.
#[derive(Default)]
struct Echo {
    asked: Vec<RequestId>,
    remind: Option<Instant>,
}

impl Dialogue for Echo {
    fn opened(&mut self, desk: &mut Desk) {
        desk.send("hello");
    }

    fn ask(&mut self, id: RequestId, ask: Ask<'_>, desk: &mut Desk) {
        self.asked.push(id);
        desk.send(format!("{ask:?}"));
    }

    fn feed(&mut self, _: RequestId, clip: &Clip, desk: &mut Desk) {
        desk.send_bytes(clip.bytes());
    }

    fn flush(&mut self, id: RequestId, flush: u32, desk: &mut Desk) {
        let text = String::new();
        self.remind = Some(desk.now + Duration::from_millis(100));
        desk.reply(id, Reply::Transcript { flush, text });
    }

    fn cancel(&mut self, id: RequestId, desk: &mut Desk) {
        desk.send(format!("stop {}", id.0));
    }

    fn message(&mut self, value: &Value, desk: &mut Desk) -> Result<(), Complaint> {
        let text = value.as_str().unwrap_or_default();
        // To all of them, whether they are open or not: the conversation must know.
        for id in &self.asked {
            match text {
                "done" => desk.done(*id),
                "fail" => desk.reply(*id, Reply::Failed(Failure::Busy)),
                _ => desk.reply(*id, Reply::Words(text.to_owned())),
            }
        }
        if text == "broken" {
            return Err(Complaint::broken("as asked"));
        }
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        self.remind
    }

    fn tick(&mut self, desk: &mut Desk) {
        self.remind = None;
        desk.send("reminded");
    }

    fn quiet_max(&self) -> Option<Duration> {
        Some(Duration::from_secs(3))
    }

    fn keep_alive(&mut self, desk: &mut Desk) {
        desk.send("still here");
    }

    fn bye(&mut self, desk: &mut Desk) {
        desk.send("bye");
    }

    fn closed(&self, code: u16, _: &str) -> Complaint {
        Complaint::broken(&code.to_string())
    }
}

fn at(ms: u64) -> Instant {
    Instant::from_ms(ms)
}

fn id(number: u64) -> RequestId {
    RequestId(number)
}

fn refusal(status: u16) -> Head {
    Head {
        status,
        ..Head::default()
    }
}

fn texts(deeds: &Deeds) -> Vec<&str> {
    let text = |message: &'_ Message| match message {
        Message::Text(_) => true,
        Message::Binary(_) => false,
    };
    let all = deeds.send.iter().filter(|message| text(message));
    all.filter_map(|message| match message {
        Message::Text(text) => Some(text.as_str()),
        Message::Binary(_) => None,
    })
    .collect()
}

#[test]
fn what_is_said_before_the_handshake_is_through_follows_the_first_words() {
    let mut conversation = Conversation::new(Echo::default());
    let early = conversation.tell(at(0), Told::Ask(id(1), Ask::Listen));
    assert!(early.send.is_empty());
    conversation.tell(at(1), Told::Feed(id(1), &Clip::from(vec![1, 2])));
    let deeds = conversation.tell(at(90), Told::Opened);
    assert_eq!(
        deeds.send,
        [
            Message::Text("hello".to_owned()),
            Message::Text("Listen".to_owned()),
            Message::Binary(vec![1, 2]),
        ]
    );
    assert!(conversation.tell(at(91), Told::Opened).send.is_empty());
}

#[test]
fn a_refused_handshake_fails_what_was_asked_and_what_is_asked_then() {
    let mut conversation = Conversation::new(Echo::default());
    conversation.tell(at(0), Told::Ask(id(1), Ask::Listen));
    let refused = [(id(1), Reply::Failed(Failure::Refused))];
    let deeds = conversation.tell(at(9), Told::Refused(&refusal(401), b"no"));
    assert_eq!(deeds.replies, refused);
    assert!(conversation.is_over());
    assert_eq!(conversation.complaint().map(|c| c.status), Some(401));
    let deeds = conversation.tell(at(10), Told::Ask(id(2), Ask::Speak("Hi.")));
    assert_eq!(deeds.replies, [(id(2), Reply::Failed(Failure::Refused))]);
    assert!(deeds.send.is_empty());
}

#[test]
fn a_refused_handshake_may_say_how_long_to_wait() {
    let mut conversation = Conversation::new(Echo::default());
    let head = Head {
        retry_after: "20".to_owned(),
        ..refusal(429)
    };
    conversation.tell(at(0), Told::Refused(&head, b""));
    let complaint = conversation.complaint().unwrap();
    assert_eq!(complaint.retry_after_s, Some(20));
}

#[test]
fn what_is_no_json_ends_the_conversation() {
    let mut conversation = Conversation::new(Echo::default());
    conversation.tell(at(0), Told::Opened);
    conversation.tell(at(0), Told::Ask(id(1), Ask::Listen));
    let deeds = conversation.tell(at(1), Told::Text("word"));
    assert_eq!(deeds.replies, [(id(1), Reply::Failed(Failure::Broken))]);
    assert!(conversation.is_over());
}

#[test]
fn nothing_follows_a_cancel_or_an_end() {
    let mut conversation = Conversation::new(Echo::default());
    conversation.tell(at(0), Told::Opened);
    conversation.tell(at(0), Told::Ask(id(1), Ask::Speak("One.")));
    conversation.tell(at(0), Told::Ask(id(2), Ask::Speak("Two.")));
    let deeds = conversation.tell(at(1), Told::Cancel(id(1)));
    assert_eq!(texts(&deeds), ["stop 1"]);
    let deeds = conversation.tell(at(2), Told::Text(r#""word""#));
    assert_eq!(deeds.replies, [(id(2), Reply::Words("word".to_owned()))]);
    let deeds = conversation.tell(at(3), Told::Text(r#""done""#));
    assert_eq!(deeds.replies, [(id(2), Reply::Done(Spent::default()))]);
    assert!(conversation.is_idle() && !conversation.is_over());
    assert!(
        conversation
            .tell(at(4), Told::Text(r#""late""#))
            .replies
            .is_empty()
    );
    assert!(
        conversation
            .tell(at(5), Told::Cancel(id(2)))
            .send
            .is_empty()
    );
}

#[test]
fn a_quiet_socket_is_kept_alive_and_a_dialogue_is_reminded() {
    let mut conversation = Conversation::new(Echo::default());
    assert_eq!(conversation.deadline(), None);
    conversation.tell(at(1_000), Told::Opened);
    assert_eq!(conversation.deadline(), Some(at(4_000)));
    assert!(conversation.tell(at(3_999), Told::Tick).send.is_empty());
    let deeds = conversation.tell(at(4_000), Told::Tick);
    assert_eq!(texts(&deeds), ["still here"]);
    assert_eq!(conversation.deadline(), Some(at(7_000)));
    conversation.tell(at(5_000), Told::Ask(id(1), Ask::Listen));
    assert_eq!(conversation.deadline(), Some(at(8_000)));
    conversation.tell(at(5_000), Told::Flush(id(1), 1));
    assert_eq!(conversation.deadline(), Some(at(5_100)));
    assert_eq!(
        texts(&conversation.tell(at(5_100), Told::Tick)),
        ["reminded"]
    );
    conversation.tell(at(5_200), Told::Closed(BROKEN, ""));
    assert_eq!(conversation.deadline(), None);
}

#[test]
fn a_socket_that_never_opens_does_not_fill_the_memory() {
    let mut conversation = Conversation::new(Echo::default());
    conversation.tell(at(0), Told::Ask(id(1), Ask::Listen));
    let second = Clip::silence(Duration::from_secs(1));
    let failed = (0..200).find_map(|n| {
        let deeds = conversation.tell(at(n * 1000), Told::Feed(id(1), &second));
        deeds.replies.first().cloned()
    });
    assert_eq!(failed, Some((id(1), Reply::Failed(Failure::Broken))));
}

#[test]
fn the_last_word_ends_all_requests_without_a_reply() {
    let mut conversation = Conversation::new(Echo::default());
    conversation.tell(at(0), Told::Opened);
    conversation.tell(at(0), Told::Ask(id(1), Ask::Listen));
    let deeds = conversation.tell(at(1), Told::Bye);
    assert_eq!((texts(&deeds), deeds.replies.len()), (vec!["bye"], 0));
    let deeds = conversation.tell(at(2), Told::Closed(1000, ""));
    assert!(deeds.replies.is_empty());
}

fn told() -> impl Strategy<Value = (u8, u64)> {
    (0_u8..14, 0_u64..4)
}

proptest! {
    #[test]
    fn whatever_it_is_told_each_request_ends_at_most_once_and_at_the_end_of_all(
        story in prop::collection::vec(told(), 0..60)
    ) {
        let mut conversation = Conversation::new(Echo::default());
        let mut open = BTreeSet::new();
        let clip = Clip::from(vec![0; 10]);
        let refused = refusal(500);
        let mut next = 10;
        let mut step = |conversation: &mut Conversation, now, told: Told<'_>| {
            if let Told::Ask(id, _) = told {
                open.insert(id);
            }
            if matches!(told, Told::Bye) {
                open.clear();
            }
            if let Told::Cancel(id) = told {
                open.remove(&id);
            }
            for (id, reply) in conversation.tell(now, told).replies {
                prop_assert!(open.contains(&id), "{reply:?} for {id:?}, which is not open");
                if matches!(reply, Reply::Done(_) | Reply::Failed(_)) {
                    open.remove(&id);
                }
            }
            prop_assert!(!conversation.is_over() || open.is_empty());
            Ok(())
        };
        for (now, (kind, number)) in (0_u64..).zip(story) {
            let known = id(next - number);
            let told = match kind {
                0 => Told::Opened,
                1 => Told::Refused(&refused, b"?"),
                2 => Told::Text(r#""word""#),
                3 => Told::Text(r#""done""#),
                4 => Told::Text(r#""fail""#),
                5 => Told::Text(r#""broken""#),
                6 => Told::Binary(b"?"),
                7 => Told::Closed(1011, "?"),
                8 | 9 => {
                    next += 1;
                    Told::Ask(id(next), Ask::Speak("Hello."))
                }
                10 => Told::Feed(known, &clip),
                11 => Told::Flush(known, 1),
                12 => Told::Cancel(known),
                _ => Told::Tick,
            };
            step(&mut conversation, at(now), told)?;
        }
        step(&mut conversation, at(99), Told::Closed(1000, ""))?;
    }
}
