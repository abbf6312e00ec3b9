//! The demo: a restaurant's bot and its numbers, and the operator's API as far as the demo needs it.

mod api;

use contract::{Bot, BotId, Tool};
use twilio::PhoneNumber;

pub use api::{Api, Shown, ShownEvent, ShownTurn};

/// The bot that takes bookings.
#[must_use]
pub fn bot() -> Bot {
    let plain = Bot::default();
    Bot {
        id: BotId::new("mesa").unwrap_or_else(|| plain.id.clone()),
        name: "Mesa".to_owned(),
        greeting: "Thank you for calling Mesa. How can I help you?".to_owned(),
        instructions: "You answer the telephone of Mesa, a restaurant, and take bookings: for how many people, which \
                       day, what time, which name. Answer in one or two short sentences. When the booking is \
                       confirmed and the caller wants nothing else, say goodbye and end the call."
            .to_owned(),
        tools: vec![
            Tool::EndCall,
            Tool::Transfer { number: human(), when: "The caller asks for a human.".to_owned() },
        ],
        ..plain
    }
}

/// The bot's number. Like the others here it is of the range that Twilio keeps for tests.
#[must_use]
pub fn number() -> PhoneNumber {
    of_tests("+15005550006")
}

/// Who calls, or is called.
#[must_use]
pub fn caller() -> PhoneNumber {
    of_tests("+15005550001")
}

/// Who takes over when asked for.
#[must_use]
pub fn human() -> PhoneNumber {
    of_tests("+15005550009")
}

#[expect(
    clippy::expect_used,
    reason = "the three literals above are telephone numbers"
)]
fn of_tests(number: &str) -> PhoneNumber {
    number.parse().expect("a telephone number")
}
