//! Outbound calls that a machine, or somebody who screens calls, has answered.

use crate::common::{GREETING, bot, reason, told, words};
use call::{Answerer, Config, EndReason, Machine};
use tests::caller::{Act, Start};
use tests::story::Story;

const MESSAGE: &str = "This is the Golden Fork. Please call us back.";
const MAILBOX: &str = "I am not at home. <500> Please leave a message after the tone.";

fn calling(machine: Machine) -> Story {
    Story::quiet(Config {
        outbound: true,
        machine,
        ..bot()
    })
}

fn message() -> Machine {
    Machine::LeaveMessage {
        text: MESSAGE.to_owned(),
    }
}

#[test]
fn a_mailbox_is_known_by_its_words_and_gets_the_message_when_it_is_silent() {
    let ending = told(calling(message()).say(Start::At(600), MAILBOX));
    let lines = words(&ending);
    assert_eq!(lines.last(), Some(&format!("bot: {MESSAGE}")));
    assert_eq!(reason(&ending), EndReason::Machine);
}

#[test]
fn a_machine_named_by_the_carrier_gets_the_message_after_its_greeting() {
    let story = calling(message())
        .act(Start::At(900), Act::Answered(Answerer::Machine))
        .say(
            Start::At(1_000),
            "You have reached five five five one two three four.",
        );
    let ending = told(story);
    assert_eq!(words(&ending)[1..], [format!("bot: {MESSAGE}")]);
    let spoken = ending.heard.last().expect("the message").at;
    let greeting_ended = 1_000 + 55 * 51;
    assert!(spoken >= greeting_ended + 2_000, "{spoken}");
}

#[test]
fn the_end_of_the_beep_is_waited_for_no_longer_once_the_carrier_tells_it() {
    let story = calling(message())
        .act(Start::At(900), Act::Answered(Answerer::Machine))
        .act(Start::At(1_500), Act::Answered(Answerer::MachineReady));
    let ending = told(story);
    let spoken = ending.heard.last().expect("the message").at;
    assert!(spoken < 2_200, "{spoken}");
    assert_eq!(reason(&ending), EndReason::Machine);
}

#[test]
fn a_machine_that_is_known_before_the_stream_is_met_as_one() {
    let mut story = calling(message()).act(Start::At(400), Act::Answered(Answerer::MachineReady));
    story.open_after_ms = 300;
    let ending = told(story);
    assert_eq!(words(&ending).last(), Some(&format!("bot: {MESSAGE}")));
}

#[test]
fn a_policy_to_hang_up_leaves_no_word() {
    for story in [
        calling(Machine::HangUp).act(Start::At(500), Act::Answered(Answerer::Machine)),
        calling(Machine::HangUp).say(Start::At(600), MAILBOX),
        calling(message()).act(Start::At(500), Act::Answered(Answerer::Fax)),
    ] {
        let ending = told(story);
        assert_eq!(reason(&ending), EndReason::Machine);
        assert!(words(&ending).iter().all(|line| !line.contains(MESSAGE)));
    }
}

#[test]
fn without_a_policy_and_with_a_person_the_call_goes_on() {
    for (machine, answerer) in [
        (Machine::Continue, Answerer::Machine),
        (message(), Answerer::Human),
        (message(), Answerer::Unknown),
    ] {
        let story = calling(machine)
            .act(Start::AfterBot(300), Act::Answered(answerer))
            .say(Start::After(300), "Speaking.")
            .act(Start::AfterBot(400), Act::HangUp);
        assert_eq!(
            words(&told(story))[1..],
            ["caller: Speaking.", "bot: Very well."]
        );
    }
}

#[test]
fn when_nobody_can_tell_who_answered_a_policy_of_its_own_holds() {
    let calling = |unknown| {
        Story::quiet(Config {
            outbound: true,
            machine: Machine::Continue,
            unknown,
            ..bot()
        })
    };
    let left = calling(message())
        .act(Start::At(900), Act::Answered(Answerer::Unknown))
        .say(Start::At(1_000), "You have reached five five five.");
    let left = told(left);
    assert_eq!(words(&left).last(), Some(&format!("bot: {MESSAGE}")));
    assert_eq!(reason(&left), EndReason::Machine);
    let hung_up =
        told(calling(Machine::HangUp).act(Start::At(500), Act::Answered(Answerer::Unknown)));
    assert_eq!(reason(&hung_up), EndReason::Machine);
    // A machine is none of those of whom nobody can tell.
    for (unknown, answerer) in [
        (Machine::HangUp, Answerer::Machine),
        (Machine::HangUp, Answerer::Human),
        (Machine::Continue, Answerer::Unknown),
    ] {
        let story = calling(unknown)
            .act(Start::AfterBot(300), Act::Answered(answerer))
            .say(Start::After(300), "Speaking.")
            .act(Start::AfterBot(400), Act::HangUp);
        let lines = words(&told(story));
        assert_eq!(lines[1..], ["caller: Speaking.", "bot: Very well."]);
    }
    let fax = calling(message()).act(Start::At(500), Act::Answered(Answerer::Fax));
    let fax = told(fax);
    assert_eq!(reason(&fax), EndReason::Machine);
    assert!(words(&fax).iter().all(|line| !line.contains(MESSAGE)));
}

#[test]
fn a_screener_is_told_who_is_calling() {
    let text = "Please state your name, and why you're calling.";
    let story = calling(message())
        .say(Start::AfterBot(400), text)
        .act(Start::AfterBot(400), Act::HangUp);
    assert_eq!(
        words(&told(story))[1..],
        [format!("caller: {text}"), format!("bot: {GREETING}")]
    );
}

#[test]
fn the_same_words_in_a_call_to_us_mean_nothing() {
    let story = Story::quiet(bot())
        .say(Start::AfterBot(400), "Can I leave a message?")
        .act(Start::AfterBot(400), Act::HangUp);
    assert_eq!(words(&told(story))[2], "bot: Very well.");
}
