//! What the script makes of a call that is over.

use super::Desk;
use super::words::words;

/// How a task begins that is no conversation, in the system text.
const TASK: &str = "Sum up the telephone call";

/// Whether a system text asks for a summary.
#[must_use]
pub fn is_task(system: &str) -> bool {
    system.starts_with(TASK)
}

/// A call in a sentence or two. Of its lines, those that begin with `Caller: ` count.
#[must_use]
pub fn summary(conversation: &str) -> String {
    let lines: Vec<&str> = conversation
        .lines()
        .filter_map(|line| line.strip_prefix("Caller: "))
        .collect();
    let mut desk = Desk::default();
    let mut reply = super::Reply::default();
    for line in &lines {
        reply = desk.hear(&words(line), &reply);
    }
    let booking = [
        desk.people.map(|people| format!("for {people}")),
        desk.day.map(|day| format!("on {day}")),
        desk.time.map(|time| format!("at {time}")),
        desk.name.map(|name| format!("in the name of {name}")),
    ];
    let booking: Vec<String> = booking.into_iter().flatten().collect();
    let first = lines.first().copied().unwrap_or("nothing");
    if booking.is_empty() {
        format!("The caller asked about this: {first}. No table was booked.")
    } else {
        format!("The caller wanted a table {}.", booking.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_booking_is_told_as_far_as_it_went_and_a_question_as_it_was_asked() {
        let booking = "Bot: Hello.\nCaller: can i book a table\nCaller: for four people";
        assert_eq!(summary(booking), "The caller wanted a table for four.");
        let question = "Bot: Hello.\nCaller: where are you";
        assert_eq!(
            summary(question),
            "The caller asked about this: where are you. No table was booked."
        );
    }
}
