//! Text-to-speech over sockets: whole stories, and the same cut everywhere.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use call::{Failure, Reply};
use providers::{BROKEN, Link, Told};
use serde_json::Value;

use crate::voices::{Desk, aura, cartesia, done, elevenlabs, flux};

macro_rules! corpus {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/corpus/", $name))
    };
}

type Open = fn() -> Link;

/// Who tells which story. In each the same two pieces are spoken.
const STORIES: [(Open, &str); 4] = [
    (elevenlabs, corpus!("elevenlabs/speak-contexts.jsonl")),
    (cartesia, corpus!("cartesia/speak-contexts.jsonl")),
    (aura, corpus!("deepgram/speak-aura.jsonl")),
    (flux, corpus!("deepgram/speak-flux.jsonl")),
];

/// The sound of both.
fn sounds() -> [Vec<u8>; 2] {
    let row = |first: usize, length: usize| (0..length).map(move |at| byte(first + 7 * at));
    [
        row(3, 100).chain(row(40, 270)).collect(),
        row(90, 320).collect(),
    ]
}

fn byte(number: usize) -> u8 {
    u8::try_from(number % 256).unwrap()
}

/// A message of a story.
#[derive(Clone)]
enum Message {
    Text(Value),
    Binary(Vec<u8>),
}

/// Where sound stands in a text.
const PLACES: [&str; 2] = ["audio", "data"];

impl Message {
    fn read(line: &str) -> Self {
        let value: Value = serde_json::from_str(line).unwrap();
        match value.as_str() {
            Some(coded) => Self::Binary(BASE64_STANDARD.decode(coded).unwrap()),
            None => Self::Text(value),
        }
    }

    fn sound(&self) -> Vec<u8> {
        match self {
            Self::Binary(sound) => sound.clone(),
            Self::Text(value) => {
                let coded = PLACES.iter().find_map(|place| value.get(place)?.as_str());
                BASE64_STANDARD.decode(coded.unwrap_or_default()).unwrap()
            }
        }
    }

    /// The same message, with this sound instead.
    fn with(&self, sound: &[u8]) -> Self {
        match self {
            Self::Binary(_) => Self::Binary(sound.to_vec()),
            Self::Text(value) => {
                let mut value = value.clone();
                let place = PLACES.iter().find(|place| value.get(**place).is_some());
                value[*place.unwrap()] = BASE64_STANDARD.encode(sound).into();
                Self::Text(value)
            }
        }
    }
}

fn story(lines: &str) -> Vec<Message> {
    lines.lines().map(Message::read).collect()
}

/// Both pieces are asked for, and all of a story is told: the sound of each, and how each ended.
fn told(desk: &mut Desk, story: &[Message]) -> BTreeMap<u64, (Vec<u8>, Vec<Reply>)> {
    let mut heard = BTreeMap::<u64, (Vec<u8>, Vec<Reply>)>::new();
    for id in [1, 2] {
        desk.say(id, if id == 1 { "One." } else { "Two." });
    }
    for message in story {
        let (_, replies) = match message {
            Message::Text(value) => desk.tell(Told::Text(&value.to_string())),
            Message::Binary(sound) => desk.tell(Told::Binary(sound)),
        };
        note(replies, &mut heard);
    }
    heard
}

fn note(replies: Vec<(u64, Reply)>, heard: &mut BTreeMap<u64, (Vec<u8>, Vec<Reply>)>) {
    for (id, reply) in replies {
        let (sound, ends) = heard.entry(id).or_default();
        if let Reply::Audio(clip) = reply {
            sound.extend_from_slice(clip.bytes());
        } else {
            ends.push(reply);
        }
    }
}

#[test]
fn each_story_is_both_pieces_whole() {
    for (open, lines) in STORIES {
        let heard = told(&mut Desk::new(open), &story(lines));
        for (id, sound) in (1..).zip(sounds()) {
            let (said, ends) = &heard[&id];
            // The last frame is filled up with silence.
            assert_eq!(said[..sound.len()], sound);
            assert!(said.len() - sound.len() < 160, "{lines}");
            assert_eq!(ends[..], [done()], "{lines}");
        }
    }
}

#[test]
fn sound_that_is_cut_anywhere_is_the_same_sound() {
    for (open, lines) in STORIES {
        let story = story(lines);
        let whole = told(&mut Desk::new(open), &story);
        for (at, message) in story.iter().enumerate() {
            let sound = message.sound();
            for cut in 1..sound.len() {
                let (first, second) = sound.split_at(cut);
                let halves = [message.with(first), message.with(second)];
                let mut cut_up = story.clone();
                cut_up.splice(at..=at, halves);
                assert_eq!(told(&mut Desk::new(open), &cut_up), whole, "{at} at {cut}");
            }
        }
    }
}

#[test]
fn a_story_that_breaks_off_anywhere_ends_each_piece_once() {
    for (open, lines) in STORIES {
        let story = story(lines);
        let whole: Vec<&str> = lines.lines().collect();
        for cut in 0..=story.len() {
            let line = whole.get(cut).copied().unwrap_or_default();
            let broken = |byte: &usize| line.is_char_boundary(*byte) && *byte < line.len();
            for byte in (0..line.len().max(1)).filter(broken).step_by(7).chain([0]) {
                let mut desk = Desk::new(open);
                let mut heard = told(&mut desk, &story[..cut]);
                // A part of the next message, which is no JSON; none of a binary one.
                if byte > 0 && line.starts_with('{') {
                    note(desk.tell(Told::Text(&line[..byte])).1, &mut heard);
                }
                note(desk.tell(Told::Closed(BROKEN, "")).1, &mut heard);
                for id in [1, 2] {
                    let ends = &heard[&id].1[..];
                    let failed = Reply::Failed(Failure::Broken);
                    assert!(ends == [done()] || ends == [failed], "{lines}: {ends:?}");
                }
            }
        }
    }
}
