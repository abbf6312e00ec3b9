//! What is asked and what is answered, in two halves that share no sentence: the policy's numbers are fitted on one
//! half and reported on the other.
//!
//! A mark is a place where a caller may pause: `~` in mid-phrase, `+` before a conjunction, `/` where a sentence could
//! have ended, `#` within something that is spelled or dictated. `{…}` is filled in by chance.

/// A question and its answers.
pub(crate) type Exchange = (&'static str, &'static [&'static str]);

/// The half that numbers are fitted on.
pub(crate) const FITTED: &[Exchange] = &[
    (
        "Hello, this is the Golden Fork. How may I help you?",
        &[
            "Hello / I would like to ~ book a table for ~ {n} people / on {day} evening",
            "Hi / I have a question about ~ your opening hours + because my sister is ~ coming to town on {day}",
            "I want to change my reservation / it is under ~ {name}",
            "Can you tell me ~ whether you have a garden / or a terrace",
            "Yes hello / my name is ~ {name} / and I am calling about the ~ bill from last {day}",
            "I need to cancel a table / that I booked for ~ {day}",
        ],
    ),
    (
        "For how many people would that be?",
        &[
            "{n}",
            "For {n} people",
            "We are ~ {n} / or maybe {m} + if my brother comes",
            "Let me think ~ {n} adults + and {m} children",
            "{n} please",
        ],
    ),
    (
        "On what day and at what time would you like to come?",
        &[
            "{day}",
            "On {day} ~ at {time}",
            "{day} evening / around {time}",
            "Could we come on ~ {date} / at {time}",
            "I think ~ {day} would be best + or the day after",
            "Tomorrow at {time}",
        ],
    ),
    (
        "May I have your phone number, please?",
        &[
            "{phone}",
            "It is {phone}",
            "Sure / my number is ~ {phone}",
            "Yes / it is {phone}",
            "The number is {phone} / no sorry ~ it ends with {digits}",
        ],
    ),
    (
        "And what name is the reservation under?",
        &[
            "{name}",
            "My name is ~ {name}",
            "It is {name} / that is {spelled}",
            "{name} / with a ~ {letter}",
        ],
    ),
    (
        "Is that right?",
        &[
            "Yes",
            "Yes that is right",
            "No / it was ~ {day}",
            "Yes / but could we also ~ have a high chair",
            "That is correct",
            "No no / I said {n} people / not {m}",
        ],
    ),
    (
        "What is your address, please?",
        &[
            "{number} ~ {street}",
            "I live at {number} # {street} / in ~ {town}",
            "It is ~ {street} number ~ {number} / in {town}",
        ],
    ),
    (
        "What was wrong with the order?",
        &[
            "The soup was cold / and the ~ waiter did not come back for ~ half an hour",
            "Well ~ we ordered the fish + but they brought us ~ chicken / and then it was too late",
            "There was a mistake in the bill",
            "I am not sure ~ how to say this / my wife found ~ a piece of glass in the salad",
            "It never arrived",
        ],
    ),
    (
        "Would you like a table by the window?",
        &[
            "Yes please",
            "No thanks",
            "Sure",
            "If you have one / that would be ~ lovely",
            "Yes / and if possible ~ not too close to the door",
            "I do not mind",
        ],
    ),
    (
        "Is there anything else that I can do for you?",
        &[
            "No that is all",
            "No thank you / goodbye",
            "Yes / can you ~ tell me where I can park",
            "Actually ~ I would also like to ~ order a cake + because it is her birthday",
            "One more thing / do you take ~ credit cards",
            "No / thank you very much",
        ],
    ),
];

/// The half that is reported: sentences that no number has seen.
pub(crate) const HELD_OUT: &[Exchange] = &[
    (
        "Good morning, Riverside Dental Practice. What can I do for you?",
        &[
            "Good morning / I have a toothache + and I wanted to ask ~ if you can see me today",
            "I would like to make an appointment with ~ doctor {name} / for a check up",
            "My daughter has lost ~ a filling / can somebody have a look at it",
            "I have to move my appointment / from {day} to ~ some time next week",
            "Hi there / I got a letter from you ~ about an invoice / and I do not understand it",
            "I am calling because ~ my crown came off / while I was eating",
        ],
    ),
    (
        "How long have you had the pain?",
        &[
            "Since {day}",
            "About {n} days",
            "It started ~ on {day} / and it has been getting worse",
            "Maybe {n} weeks ~ or so / it comes and goes",
            "Only since last night",
        ],
    ),
    (
        "When were you born?",
        &[
            "On the {date} # nineteen {tens}",
            "{date} # nineteen {tens}",
            "The {date} ~ nineteen {tens}",
        ],
    ),
    (
        "What number can we reach you at?",
        &[
            "{phone}",
            "You can call me on ~ {phone}",
            "My mobile is {phone}",
            "That would be {phone}",
            "Wait a second ~ it is {phone} / or try my husband + he is at home",
        ],
    ),
    (
        "Could you spell your last name for me?",
        &[
            "{spelled}",
            "Of course / {spelled}",
            "It is {spelled} / like the ~ singer",
        ],
    ),
    (
        "Have you been here before?",
        &[
            "Yes",
            "No I have not",
            "Yes / but that was ~ years ago",
            "No / we just moved here from ~ {town}",
            "I think so / it must have been in ~ two thousand twelve",
            "Yes I have",
        ],
    ),
    (
        "Shall I put you down for half past nine?",
        &[
            "Yes please",
            "That would be great",
            "No / I have to work until ~ {time} + so the afternoon is better",
            "Hmm ~ could it be a bit later / say ~ at {time}",
            "Okay",
            "That works for me",
        ],
    ),
    (
        "What is your e-mail address?",
        &[
            "It is {mail}",
            "{mail}",
            "You can use ~ {mail} / or the one of my office",
        ],
    ),
    (
        "Which insurance are you with?",
        &[
            "{name} health",
            "I am with ~ {name} and sons / since last year",
            "I am not insured at the moment",
            "It is a ~ private one + but I cannot remember the name",
            "My policy number is {phone}",
        ],
    ),
    (
        "Do you have any other questions?",
        &[
            "No",
            "No that was everything",
            "Yes / how much does ~ a cleaning cost",
            "Is there ~ a bus that stops near you / or should I take the car",
            "Not really / thanks for your help",
            "I was wondering ~ whether my son could come along + as he needs a check up too",
        ],
    ),
];

/// What a bot says at length, so that somebody can speak into it. Each ends in a question.
pub(crate) const SPEECHES: &[&str] = &[
    "We have several tables free on that evening, one of them by the window and two in the garden, which is very quiet. \
     Which one would you like?",
    "Thank you for waiting. I found your appointment in the calendar, it is with the same doctor as last time and takes \
     about half an hour. Would you like to keep it?",
    "Before we go on I have to tell you that we charge a small fee for appointments that are cancelled on the same day, \
     unless you send us a note. Is that all right with you?",
    "The kitchen is open from noon until ten in the evening, and on weekends we also serve breakfast from nine in the \
     morning. When would you like to come?",
];

/// What answers the end of a speech.
pub(crate) const AFTER_SPEECHES: &[&str] = &["Yes please", "That is fine", "I am not sure yet"];

/// Sounds and words of a listener, who does not want the floor.
pub(crate) const BACKCHANNELS: &[&str] = &[
    "mm-hm",
    "uh-huh",
    "okay",
    "right",
    "yeah",
    "I see",
    "all right",
    "yes",
    "oh",
    "sure",
];

/// Words of somebody who does.
pub(crate) const INTERRUPTIONS: &[&str] = &[
    "No wait, I meant Thursday",
    "Stop",
    "Sorry, can I ask you something",
    "No, that is not what I want",
    "Hold on, I have to find my calendar",
    "Excuse me, what did you say",
    "Actually I would rather talk to a person",
    "Okay but what does that cost",
    "Yes yes I know all that, just book it",
    "Wait",
];

/// What others say in the caller's room.
pub(crate) const BABBLE: &[&str] = &[
    "have you seen my keys anywhere, I am sure I left them on the table",
    "no, put the red one over there and come and eat",
    "it is going to rain all week they said on the news",
    "can somebody open the door please",
];

/// Fillers, said before a pause in mid-phrase.
pub(crate) const FILLERS: &[&str] = &["um", "uh", "er", "well", "hmm", "let me see", "you know"];
