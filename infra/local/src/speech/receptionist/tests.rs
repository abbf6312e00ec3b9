use super::*;

/// The replies to each line in turn.
fn talk(lines: &[&str]) -> Vec<Reply> {
    (1..=lines.len())
        .map(|count| reply(&lines[..count], true))
        .collect()
}

fn texts(lines: &[&str]) -> Vec<String> {
    talk(lines).into_iter().map(|reply| reply.text).collect()
}

#[test]
fn a_table_is_booked_step_by_step() {
    let replies = talk(&[
        "(The call is connected.)",
        "hello i would like to book a table",
        "for four people",
        "tomorrow evening",
        "at seven thirty",
        "my name is john smith",
        "yes that is right",
        "no thank you goodbye",
    ]);
    let texts: Vec<&str> = replies.iter().map(|reply| reply.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            GREETING,
            "I would be happy to help. For how many people?",
            "Thank you. For which day?",
            "Thank you. At what time?",
            "Thank you. May I have your name?",
            "Thank you. That is a table for four, tomorrow evening at seven thirty, under the name of John Smith. Is that right?",
            "Perfect, your table is booked. Is there anything else I can do for you?",
            "Thank you for calling Mesa. See you soon. Goodbye!",
        ]
    );
    let acts: Vec<_> = replies.iter().filter_map(|reply| reply.act).collect();
    assert_eq!(acts, [Act::EndCall]);
}

#[test]
fn what_was_said_at_once_is_not_asked_again() {
    let said = texts(&[
        "Could we book a table for six on Friday evening at eight?",
        "under the name of baker",
    ]);
    assert_eq!(said[0], "I would be happy to help. May I have your name?");
    assert_eq!(
        said[1],
        "Thank you. That is a table for six, on Friday evening at eight, under the name of Baker. Is that right?"
    );
}

#[test]
fn bare_numbers_answer_what_was_asked() {
    let said = texts(&[
        "a table please",
        "five",
        "the third of december",
        "eight",
        "laura",
    ]);
    assert!(
        said[4].contains(
            "a table for five, on the third of December at eight, under the name of Laura"
        ),
        "{}",
        said[4]
    );
}

#[test]
fn a_change_of_the_time_keeps_the_rest() {
    let begun = [
        "can i book a table for two people tomorrow at seven",
        "this is anna clark",
    ];
    for (change, expected) in [
        (
            "can we change the time to eight",
            "for two, tomorrow at eight, under",
        ),
        (
            "actually at half past nine",
            "for two, tomorrow at half past nine, under",
        ),
        ("no make it six people", "for six, tomorrow at seven, under"),
        (
            "could you change the day to saturday",
            "for two, on Saturday at seven, under",
        ),
        (
            "sorry i meant tuesday",
            "for two, on Tuesday at seven, under",
        ),
    ] {
        let said = texts(&[begun[0], begun[1], change]);
        assert!(said[2].contains(expected), "{change}: {}", said[2]);
        assert!(said[2].ends_with("Is that right?"));
    }
    let asked = texts(&[
        begun[0],
        begun[1],
        "can we change the time",
        "quarter to nine",
    ]);
    assert_eq!(asked[2], "Of course. At what time?");
    assert!(
        asked[3].contains("tomorrow at quarter to nine"),
        "{}",
        asked[3]
    );
}

#[test]
fn a_no_to_the_summary_asks_what_is_wrong() {
    let said = texts(&[
        "a table for two tonight at nine",
        "my name is smith",
        "no that is wrong",
        "at eight",
    ]);
    assert_eq!(said[2], "No problem. What would you like to change?");
    assert!(said[3].contains("for two, tonight at eight"), "{}", said[3]);
}

#[test]
fn digits_of_other_recognisers_are_understood() {
    let said = texts(&[
        "A table for 4 on Friday at 7:30 p.m., please.",
        "John Smith.",
    ]);
    assert!(
        said[1].contains("for four, on Friday at seven thirty, under the name of John Smith"),
        "{}",
        said[1]
    );
}

#[test]
fn the_menu_takes_long_enough_to_be_interrupted() {
    let said = texts(&[
        "tell me about the menu",
        "excuse me can i book a table",
        "thank you",
    ]);
    assert!(
        said[0].starts_with("With pleasure.") && said[0].len() > 150,
        "{}",
        said[0]
    );
    assert!(
        said[0].len() <= 300,
        "a reply on the telephone is no longer"
    );
    assert_eq!(said[1], "I would be happy to help. For how many people?");
    assert_eq!(said[2], "Sure. For how many people?");
}

#[test]
fn who_asks_for_a_person_is_connected() {
    assert_eq!(
        talk(&["can i speak to a human please"])[0].act,
        Some(Act::Transfer)
    );
    assert_eq!(reply(&["can i speak to a human please"], false).act, None);
}

#[test]
fn a_booking_is_cancelled_by_name() {
    let said = texts(&[
        "i would like to cancel my booking",
        "it is for peter king",
        "thank you",
    ]);
    assert_eq!(said[0], "Of course. Under which name is the booking?");
    assert!(said[1].starts_with("The booking of Peter King is cancelled."));
    assert!(said[2].ends_with("Goodbye!"));
}

#[test]
fn what_is_not_understood_is_asked_again() {
    let said = texts(&["a table please", "the weather is nice", "say that again"]);
    assert_eq!(
        said[1],
        "I am sorry, I did not understand that. For how many people?"
    );
    assert_eq!(said[2], said[1]);
}

#[test]
fn a_question_is_no_name() {
    let said = texts(&[
        "a table for two tomorrow at seven",
        "can i bring my dog",
        "my shoes are very dirty",
        "okay laura scott please",
    ]);
    assert_eq!(
        said[1],
        "Dogs are welcome on the terrace. May I have your name?"
    );
    assert_eq!(
        said[2],
        "I am sorry, I did not understand that. May I have your name?"
    );
    assert!(
        said[3].contains("under the name of Laura Scott."),
        "{}",
        said[3]
    );
}

#[test]
fn no_line_makes_it_panic() {
    for line in [
        "",
        " ",
        "for",
        "half past",
        "at",
        "99999999999999999999999",
        "ñ 7:",
        "under",
        "name is",
        "(",
        "of two of",
    ] {
        let _ = reply(&["table", line, line], false);
    }
}
