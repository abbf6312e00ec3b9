//! English.

use super::{Questions, Tables};

#[rustfmt::skip] // a word a line would be pages
pub(super) const TABLES: Tables = Tables {
    trailing: &[
        "and", "or", "but", "because", "cause", "with", "without", "for", "to", "at", "on", "in", "of", "from", "by",
        "about", "into", "the", "a", "an", "my", "your", "our", "their", "his", "her", "is", "are", "was", "were",
        "am", "i'm", "it's", "that's", "i", "we", "you", "he", "she", "they", "if", "when", "whether", "that",
        "which", "who", "whose", "than", "as", "until", "till", "around", "not", "no it's", "very", "would", "could",
        "should", "can", "will", "do", "does", "did", "have", "has", "had", "been", "be", "need", "want", "like to",
        "going to", "maybe", "perhaps", "some", "any", "these", "those", "under", "between", "number", "double",
        "triple", "say", "actually", "only", "just", "was wondering", "half", "quarter",
    ],
    fillers: &[
        "um", "uh", "er", "erm", "hmm", "uhm", "well", "let me see", "let me think", "you know", "i mean", "so",
        "like", "what's it called", "how do i say this", "i think", "i guess", "kind of", "sort of",
    ],
    yes: &[
        "yes", "yeah", "yep", "yup", "sure", "of course", "correct", "right", "that's right", "that is right",
        "that's correct", "that is correct", "exactly", "absolutely", "definitely", "please", "please do", "ok",
        "okay", "fine", "that's fine", "that is fine", "sounds good", "great", "perfect", "alright", "all right",
        "i do", "i have", "it is", "i am", "that would be great", "that works", "that works for me", "i guess so",
        "i think so",
    ],
    no: &[
        "no", "nope", "nah", "not really", "no i don't", "no i have not", "no i haven't", "i don't", "i do not",
        "i haven't", "i have not", "it isn't", "not yet", "never", "i don't know", "i do not know", "i don't mind",
        "i do not mind", "i'm not sure", "i am not sure",
    ],
    greetings: &[
        "hello", "hi", "hi there", "hello there", "hey", "good morning", "good afternoon", "good evening", "good day",
        "sorry", "excuse me",
    ],
    closings: &[
        "thanks", "thank you", "thank you very much", "thanks a lot", "many thanks", "bye", "bye bye", "goodbye",
        "good bye", "that's all", "that is all", "that's it", "that is it", "that's everything",
        "that was everything", "nothing else", "thanks for your help", "have a nice day",
    ],
    backchannels: &[
        "mm", "mhm", "mmhm", "mm-hm", "mm hm", "mm-hmm", "uh-huh", "uh huh", "hm", "hmm", "ah", "oh", "aha", "um",
        "uh", "huh", "i see", "okay", "ok", "right", "yeah", "yes", "yep", "sure", "all right", "alright", "wow",
        "really", "great", "good", "nice", "fine", "got it", "of course", "cool",
    ],
    holds: &[
        "hold on", "hang on", "one moment", "one moment please", "just a moment", "one second", "just a second",
        "wait a second", "wait a moment", "wait a minute", "give me a second", "give me a moment", "one sec",
        "just a sec", "hold on a second", "hold on please", "bear with me", "give me a minute", "just a minute",
        "let me check", "let me look",
    ],
    corrections: &[
        "no sorry", "sorry", "no wait", "wait", "or rather", "scratch that", "correction", "my mistake", "excuse me",
    ],
    announces: &[
        "i have a question", "i have a problem", "one more thing", "one question", "another thing",
        "another question", "one other thing", "my name is", "this is", "tell me", "it is about", "it's about",
        "i am calling about", "i'm calling about", "let me explain",
    ],
    conditions: &["if", "when", "because", "although", "while", "unless"],
    asks: &[
        "can you", "could you", "can i", "could i", "could we", "can we", "may i", "do you", "does it", "is there",
        "are there", "is it", "are you", "will you", "would you", "would it", "how much", "how long", "how far",
        "how do", "how can", "what is", "what's", "what time", "what are", "where is", "where can", "where do",
        "when do", "when is", "when are", "who is", "why", "which", "should i", "shall i", "can somebody",
        "can someone", "wondering whether", "wondering if",
    ],
    digits: &[
        "zero", "oh", "o", "nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "double",
        "triple",
    ],
    numbers: &[
        "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
        "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand",
    ],
    times: &[
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tonight", "tomorrow",
        "noon", "midnight", "morning", "evening", "afternoon", "o'clock", "oclock", "pm", "am", "a m", "p m",
        "weekend", "week", "weeks", "month", "months", "days", "year", "years", "night", "january", "february",
        "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
    ],
    symbols: &[
        "at", "dot", "dash", "minus", "hyphen", "underscore", "slash", "point",
    ],
    phone_digits: &[10, 11],
    questions: Questions {
        spelling: &[
            "spell", "spelled", "e-mail", "email", "mail address", "letter by letter",
        ],
        count: &["how many", "how much"],
        number: &[
            "phone", "telephone", "number", "mobile", "code", "digits", "account", "card", "pin", "reach you at",
        ],
        address: &["address", "where do you live", "street"],
        birth: &["born", "birth", "birthday"],
        when: &[
            "when", "what time", "what day", "which day", "how long", "date", "what hour",
        ],
        name: &["name", "who is", "who am i", "whom"],
        closed: &[
            "is", "are", "am", "was", "were", "do", "does", "did", "can", "could", "would", "will", "shall", "should",
            "have", "has", "may", "anything else", "right", "correct", "ok", "okay",
        ],
        more: &[
            "anything else", "something else", "other questions", "any questions", "another question",
            "more questions", "help you with", "anything more",
        ],
        time: &["time", "hour", "when"],
        open: &[
            "how can", "how may", "what can", "what happened", "what was", "what is", "tell", "describe", "why",
            "how",
        ],
    },
};
