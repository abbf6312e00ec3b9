//! The receptionist of the restaurant Mesa: a script in place of a language model.
//!
//! Every reply is a function of what the caller has said so far, from the first line on, so that the server keeps no state and
//! a turn that is asked again is answered the same.

mod summary;
mod words;

pub use summary::{is_task, summary};
use words::{Line, words};

/// What the receptionist's bot says first. The script counts on it: it asks how it can help.
pub const GREETING: &str = "Hello, this is Mesa. How can I help you?";
/// What such a bot's language model is told; the script knows it by heart.
pub const INSTRUCTIONS: &str = "You are the receptionist of the restaurant Mesa. You book, change and cancel tables: ask for the \
number of guests, the day, the time and the name, and confirm them. Be brief and friendly. End the call when the caller is \
done, and transfer it when the caller asks for a person.";

const MENU: &str = "With pleasure. For starters we have tomato soup, a green salad, or grilled peppers. Then there is roast \
chicken, salmon with rice, or mushroom risotto. And for dessert, apple pie.";
const HOURS: &str = "We are open every day but Monday. Lunch is from noon until half past two, and dinner is from six until \
eleven in the evening.";

/// What the receptionist does beside speaking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Hangs up.
    EndCall,
    /// Connects the caller with a person.
    Transfer,
}

/// What the receptionist answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// Sentences.
    pub text: String,
    /// What is done with them.
    pub act: Option<Act>,
}

/// The reply to what the caller has said, line by line. Lines in parentheses are remarks of the platform, not words.
#[must_use]
pub fn reply(lines: &[&str], can_transfer: bool) -> Reply {
    let mut desk = Desk {
        can_transfer,
        ..Desk::default()
    };
    let mut reply = Reply {
        text: GREETING.to_owned(),
        act: None,
    };
    let remark = |line: &str| line.starts_with('(') && line.ends_with(')');
    for line in lines.iter().map(|line| line.trim()) {
        if !remark(line) {
            reply = desk.hear(&words(line), &reply);
        }
    }
    reply
}

/// What was asked last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Asked {
    #[default]
    Help,
    People,
    Day,
    Time,
    Name,
    Confirm,
    Change,
    CancelName,
    MoreHelp,
}

#[derive(Debug, Default)]
struct Desk {
    asked: Asked,
    is_booking: bool,
    people: Option<String>,
    day: Option<String>,
    time: Option<String>,
    name: Option<String>,
    can_transfer: bool,
}

impl Desk {
    fn hear(&mut self, words: &[String], before: &Reply) -> Reply {
        let line = Line::of(words);
        if line.has_any(&[
            "repeat that",
            "say that again",
            "pardon",
            "what did you say",
        ]) {
            return before.clone();
        }
        if let Some(reply) = self.leave(&line) {
            return reply;
        }
        if let Some(answer) = question(&line) {
            return self.say(answer);
        }
        if line.has("cancel") {
            self.is_booking = false;
            self.asked = Asked::CancelName;
            return say("Of course. Under which name is the booking?");
        }
        if self.asked == Asked::CancelName {
            return self.cancel(&line);
        }
        let is_change =
            line.has_any(&["change", "make it", "make that", "actually", "meant", "but"]);
        let has_news = self.take(&line, is_change);
        self.go_on(&line, is_change, has_news)
    }

    /// The ways out of the call.
    fn leave(&self, line: &Line<'_>) -> Option<Reply> {
        let person = [
            "a human",
            "a person",
            "real person",
            "someone",
            "somebody",
            "the manager",
            "transfer me",
            "connect me",
        ];
        if line.has_any(&person) {
            return Some(if self.can_transfer {
                act(
                    "Of course. I will connect you with a colleague. One moment, please.",
                    Act::Transfer,
                )
            } else {
                say(
                    "I am sorry, nobody else is here at the moment. But I can book a table for you.",
                )
            });
        }
        let is_done = self.asked == Asked::MoreHelp
            && line.has_any(&[
                "no",
                "thank you",
                "thanks",
                "nothing",
                "that is all",
                "that's all",
            ]);
        if is_done || line.has_any(&["goodbye", "bye", "see you"]) {
            let looking = if self.asked == Asked::MoreHelp {
                " See you soon."
            } else {
                ""
            };
            let text = format!("Thank you for calling Mesa.{looking} Goodbye!");
            return Some(act(&text, Act::EndCall));
        }
        None
    }

    fn cancel(&mut self, line: &Line<'_>) -> Reply {
        let Some(name) = line.name(true) else {
            return say(
                "I am sorry, I did not understand the name. Under which name is the booking?",
            );
        };
        self.asked = Asked::MoreHelp;
        say(&format!(
            "The booking of {name} is cancelled. Is there anything else I can do for you?"
        ))
    }

    /// Takes down whatever of a booking is in the line; whether there was anything.
    fn take(&mut self, line: &Line<'_>, is_change: bool) -> bool {
        // “Make it eight” is about the time once that is known, unless it says people.
        let time_asked = self.asked == Asked::Time || (is_change && self.time.is_some());
        let people = line.people(self.asked == Asked::People);
        let time = line.time(time_asked && people.is_none());
        let day = line.day();
        let has_others = people.is_some() || time.is_some() || day.is_some();
        let name_asked = self.asked == Asked::Name && !has_others && !is_change;
        let name = line.name(name_asked);
        let has_news = has_others || name.is_some();
        for (slot, news) in [
            (&mut self.people, people),
            (&mut self.time, time),
            (&mut self.day, day),
            (&mut self.name, name),
        ] {
            if news.is_some() {
                *slot = news;
            }
        }
        if is_change && !has_news {
            return self.forget(line);
        }
        has_news
    }

    /// What is to be changed, but not into what, is asked anew.
    fn forget(&mut self, line: &Line<'_>) -> bool {
        let slots: [(&[&str], &mut Option<String>); 4] = [
            (&["time"], &mut self.time),
            (&["day", "date"], &mut self.day),
            (&["name"], &mut self.name),
            (&["people", "guests"], &mut self.people),
        ];
        let mut is_known = false;
        for (words, slot) in slots {
            if line.has_any(words) {
                *slot = None;
                is_known = true;
            }
        }
        is_known
    }

    fn go_on(&mut self, line: &Line<'_>, is_change: bool, has_news: bool) -> Reply {
        let wants = line.has_any(&["book", "table", "reserve", "reservation", "booking"]);
        let yes = line.has_any(&[
            "yes",
            "yeah",
            "right",
            "correct",
            "exactly",
            "sure",
            "sounds good",
            "perfect",
            "fine",
            "works",
        ]);
        let no = line.has_any(&["no", "not", "wrong"]);
        match self.asked {
            Asked::Confirm if !has_news && yes && !no => {
                self.is_booking = false;
                self.asked = Asked::MoreHelp;
                return say(
                    "Perfect, your table is booked. Is there anything else I can do for you?",
                );
            }
            Asked::Confirm if !has_news && (no || is_change) => {
                self.asked = Asked::Change;
                return say("No problem. What would you like to change?");
            }
            Asked::Help | Asked::MoreHelp if !has_news && !wants && no => {
                return act(
                    "All right. Thank you for calling Mesa. Goodbye!",
                    Act::EndCall,
                );
            }
            _ => {}
        }
        let begins = !self.is_booking && (wants || has_news || (yes && self.asked == Asked::Help));
        if begins {
            self.is_booking = true;
            return self.next(if is_change {
                "Of course. "
            } else {
                "I would be happy to help. "
            });
        }
        if has_news {
            return self.next(if is_change {
                "Of course. "
            } else {
                "Thank you. "
            });
        }
        if line.has_any(&[
            "wait",
            "excuse me",
            "hold on",
            "one moment",
            "stop",
            "enough",
            "interrupt",
            "thank you",
            "okay",
        ]) {
            return self.next("Sure. ");
        }
        if wants {
            return self.next("");
        }
        self.next("I am sorry, I did not understand that. ")
    }

    /// The answer to a question beside the booking, which then goes on.
    fn say(&mut self, answer: &str) -> Reply {
        if self.is_booking {
            return self.next(&format!("{answer} "));
        }
        self.asked = Asked::Help;
        say(&format!("{answer} Would you like to book a table?"))
    }

    /// Asks for what is still missing.
    fn next(&mut self, lead: &str) -> Reply {
        let (asked, question) = if !self.is_booking {
            (self.asked, "What can I do for you?".to_owned())
        } else if self.people.is_none() {
            (Asked::People, "For how many people?".to_owned())
        } else if self.day.is_none() {
            (Asked::Day, "For which day?".to_owned())
        } else if self.time.is_none() {
            (Asked::Time, "At what time?".to_owned())
        } else if self.name.is_none() {
            (Asked::Name, "May I have your name?".to_owned())
        } else {
            (
                Asked::Confirm,
                format!("That is {}. Is that right?", self.booking()),
            )
        };
        self.asked = asked;
        say(&format!("{lead}{question}"))
    }

    fn booking(&self) -> String {
        let of = |slot: &Option<String>| slot.clone().unwrap_or_default();
        let (people, day, time, name) = (
            of(&self.people),
            of(&self.day),
            of(&self.time),
            of(&self.name),
        );
        let day = if day.starts_with(char::is_uppercase) || day.starts_with("the ") {
            format!("on {day}")
        } else {
            day
        };
        format!("a table for {people}, {day} at {time}, under the name of {name}")
    }
}

fn say(text: &str) -> Reply {
    Reply {
        text: text.to_owned(),
        act: None,
    }
}

fn act(text: &str, act: Act) -> Reply {
    Reply {
        text: text.to_owned(),
        act: Some(act),
    }
}

/// The answer to what callers ask beside bookings.
fn question(line: &Line<'_>) -> Option<&'static str> {
    let answers: [(&[&str], &str); 9] = [
        (
            &["vegetarian", "vegan"],
            "Yes, we do. The mushroom risotto and the soup are vegetarian.",
        ),
        (&["dog", "dogs"], "Dogs are welcome on the terrace."),
        (
            &["parking", "park"],
            "There is a car park behind the house.",
        ),
        (
            &["outside", "terrace"],
            "We keep the terrace for those who come first.",
        ),
        (&["credit card", "credit cards"], "We take all cards."),
        (&["menu", "eat"], MENU),
        (&["opening hours", "you open", "you close"], HOURS),
        (
            &["where are you", "address"],
            "We are on Market Square, number five, next to the town hall.",
        ),
        (
            &["how much"],
            "A main course is between fifteen and twenty five dollars.",
        ),
    ];
    let known = answers
        .into_iter()
        .find(|(phrases, _)| line.has_any(phrases));
    known.map(|(_, answer)| answer)
}

#[cfg(test)]
mod tests;
