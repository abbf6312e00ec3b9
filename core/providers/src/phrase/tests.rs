use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::speak::tests::settings;

fn manner() -> Manner {
    Manner::of("openai", &settings("http://x.test"), "cheerful")
}

fn seconds(length: usize) -> Clip {
    Clip::from(vec![7; length * 8_000])
}

#[test]
fn whatever_changes_the_sound_changes_the_name() {
    let same = settings("http://x.test");
    let change = |change: &dyn Fn(&mut Settings)| {
        let mut other = same.clone();
        change(&mut other);
        Manner::of("openai", &other, "cheerful").phrase("Hello.")
    };
    let all = [
        manner().phrase("Hello."),
        manner().phrase("Hello!"),
        Manner::of("cartesia", &same, "cheerful").phrase("Hello."),
        Manner::of("openai", &same, "").phrase("Hello."),
        Manner::of("openai", &settings("http://y.test"), "cheerful").phrase("Hello."),
        change(&|settings| settings.model.push('x')),
        change(&|settings| settings.voice.push('x')),
        change(&|settings| settings.language.push('x')),
        change(&|settings| drop(settings.options.insert("speed".to_owned(), json!(1.2)))),
        // What is told by one setting must not pass for what is told by its neighbour.
        change(&|settings| {
            settings.model.push_str("mara");
            settings.voice.clear();
        }),
    ];
    assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    assert_eq!(manner().phrase("Hello."), manner().phrase("Hello."));
}

#[test]
fn a_key_to_the_provider_is_no_part_of_the_manner() {
    let mut other = settings("http://x.test");
    other.endpoint.api_key = None;
    assert_eq!(Manner::of("openai", &other, "cheerful"), manner());
}

#[test]
fn what_was_kept_comes_back_byte_for_byte() {
    let id = manner().phrase("Hello.");
    let kept = pack(&id, &seconds(1));
    assert_eq!(kept.len(), packed_bytes(&seconds(1)));
    assert_eq!(unpack(&id, &kept), Some(seconds(1)));
}

#[test]
fn broken_cut_and_swapped_entries_are_not_read() {
    let id = manner().phrase("Hello.");
    let kept = pack(&id, &Clip::from(vec![7; 40]));
    for at in 0..kept.len() {
        let mut broken = kept.clone();
        broken[at] ^= 1;
        assert_eq!(unpack(&id, &broken), None, "byte {at}");
        assert_eq!(unpack(&id, &kept[..at]), None, "cut at {at}");
    }
    assert_eq!(unpack(&manner().phrase("Goodbye."), &kept), None);
    assert_eq!(unpack(&id, b"<Error>NoSuchKey</Error>"), None);
}

#[test]
fn sound_that_cannot_be_the_text_is_not_kept() {
    let text = "Thank you for calling Mesa. How can I help you?";
    assert!(is_plausible(text, &seconds(3)));
    assert!(!is_plausible(text, &Clip::default()));
    assert!(!is_plausible(text, &Clip::from(vec![7; 800])), "cut off");
    assert!(!is_plausible(text, &seconds(60)), "something else");
}

#[test]
fn short_complete_sentences_without_numbers_recur() {
    for yes in [
        "For how many people?",
        "Great!",
        "好的。",
        "One moment, please.",
    ] {
        assert!(recurs(yes), "{yes}");
    }
    for no in [
        "",
        "For how many",
        "Your code is 4711.",
        "Write to a@b.test.",
        "That is a sentence which goes on for so long that nobody says it twice in the same words.",
    ] {
        assert!(!recurs(no), "{no}");
    }
}
