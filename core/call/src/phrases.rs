//! What callers and machines say in set words: a mailbox, a screener, a request to wait.

/// The set words of one language, in lower case and without punctuation.
struct Phrases {
    /// The language part of its tag.
    language: &'static str,
    /// Said by a mailbox.
    voicemail: &'static [&'static str],
    /// Said by whoever answers calls for somebody else, and wants to know who is calling.
    screening: &'static [&'static str],
    /// Said by a caller who needs a moment.
    hold: &'static [&'static str],
}

const ENGLISH: Phrases = Phrases {
    language: "en",
    voicemail: &[
        "leave a message",
        "leave your message",
        "leave me a message",
        "leave your name and number",
        "leave your name and a message",
        "after the tone",
        "after the beep",
        "at the tone",
        "record your message",
        "not available to take your call",
        "can't come to the phone",
        "cannot come to the phone",
        "can't take your call",
        "the voicemail of",
        "the mailbox",
        "your call has been forwarded",
    ],
    screening: &[
        "state your name",
        "say your name and",
        "record your name and reason",
        "your name and why you're calling",
        "your name and why you are calling",
        "the reason for your call",
        "using a screening service",
        "see if this person is available",
    ],
    hold: &[
        "hold on",
        "hang on",
        "one moment",
        "just a moment",
        "one second",
        "just a second",
        "just a sec",
        "one sec",
        "give me a moment",
        "give me a second",
        "give me a minute",
        "just a minute",
        "one minute",
        "wait a minute",
        "wait a moment",
        "wait a second",
        "bear with me",
        "hold the line",
    ],
};

const OTHERS: [Phrases; 4] = [
    Phrases {
        language: "es",
        voicemail: &[
            "deje su mensaje",
            "deje un mensaje",
            "deja tu mensaje",
            "deja un mensaje",
            "después de la señal",
            "después del tono",
            "después de oír la señal",
            "buzón de voz",
            "no está disponible en este momento",
        ],
        screening: &[
            "diga su nombre",
            "indique su nombre",
            "el motivo de su llamada",
            "por qué llama",
        ],
        hold: &[
            "un momento",
            "un segundo",
            "un minuto",
            "espere",
            "espera",
            "no cuelgue",
            "deme un",
            "dame un",
        ],
    },
    Phrases {
        language: "fr",
        voicemail: &[
            "laissez un message",
            "laissez votre message",
            "laisser un message",
            "après le bip",
            "après le signal",
            "boîte vocale",
            "messagerie vocale",
            "la messagerie de",
        ],
        screening: &[
            "indiquez votre nom",
            "dites votre nom",
            "le motif de votre appel",
            "la raison de votre appel",
        ],
        hold: &[
            "un moment",
            "un instant",
            "une seconde",
            "une minute",
            "deux secondes",
            "deux minutes",
            "ne quittez pas",
            "attendez",
            "patientez",
        ],
    },
    Phrases {
        language: "de",
        voicemail: &[
            "hinterlassen sie eine nachricht",
            "hinterlassen sie mir eine nachricht",
            "hinterlassen sie ihre nachricht",
            "nachricht nach dem",
            "nach dem signalton",
            "nach dem ton",
            "nach dem piep",
            "mailbox",
            "anrufbeantworter",
            "zurzeit nicht erreichbar",
        ],
        screening: &[
            "nennen sie ihren namen",
            "sagen sie ihren namen",
            "den grund ihres anrufs",
            "warum sie anrufen",
        ],
        hold: &[
            "einen moment",
            "moment bitte",
            "moment mal",
            "einen augenblick",
            "augenblick bitte",
            "eine sekunde",
            "eine minute",
            "warten sie",
            "warte mal",
            "bleiben sie dran",
        ],
    },
    Phrases {
        language: "pt",
        voicemail: &[
            "deixe sua mensagem",
            "deixe a sua mensagem",
            "deixe uma mensagem",
            "deixe o seu recado",
            "deixe seu recado",
            "após o sinal",
            "depois do sinal",
            "caixa postal",
            "correio de voz",
        ],
        screening: &[
            "diga seu nome",
            "diga o seu nome",
            "o motivo da sua ligação",
            "o motivo da sua chamada",
        ],
        hold: &[
            "um momento",
            "um instante",
            "um segundo",
            "um minuto",
            "um minutinho",
            "só um momento",
            "espere",
            "espera",
            "aguarde",
        ],
    },
];

/// Who asks for a moment does it in few words; in a longer turn the same words mean something else.
const HOLD_WORDS_MAX: usize = 8;

/// Whether a mailbox says this.
pub(crate) fn is_voicemail(language: &str, text: &str) -> bool {
    contains(language, text, |phrases| phrases.voicemail)
}

/// Whether somebody, or something, wants to know who is calling before the call is put through.
pub(crate) fn is_screening(language: &str, text: &str) -> bool {
    contains(language, text, |phrases| phrases.screening)
}

/// Whether the caller asks for a moment.
pub(crate) fn asks_to_hold(language: &str, text: &str) -> bool {
    text.split_whitespace().count() <= HOLD_WORDS_MAX
        && contains(language, text, |phrases| phrases.hold)
}

fn contains(language: &str, text: &str, of: impl Fn(&Phrases) -> &'static [&'static str]) -> bool {
    let text = format!(" {} ", plain(text));
    let primary = language.split(['-', '_']).next().unwrap_or(language);
    let own = OTHERS
        .iter()
        .find(|phrases| phrases.language.eq_ignore_ascii_case(primary));
    // Networks' announcements are English in many countries.
    [Some(&ENGLISH), own]
        .into_iter()
        .flatten()
        .flat_map(of)
        .any(|phrase| text.contains(&format!(" {phrase} ")))
}

/// Lower case, straight apostrophes, words and single spaces only.
fn plain(text: &str) -> String {
    let kept: String = text
        .to_lowercase()
        .chars()
        .map(|c| match c {
            '’' => '\'',
            c if c.is_alphanumeric() || c == '\'' => c,
            _ => ' ',
        })
        .collect();
    kept.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mailbox_is_told_from_a_person_in_each_language() {
        for (language, text) in [
            ("en-GB", "Please leave a message after the tone."),
            ("es-MX", "En este momento no puedo. Deje su mensaje."),
            ("fr", "Vous pouvez laisser un message après le bip."),
            (
                "de-AT",
                "Bitte hinterlassen Sie eine Nachricht nach dem Signalton.",
            ),
            ("pt-BR", "Deixe sua mensagem após o sinal."),
            ("ja", "You have reached the mailbox of five five five."),
        ] {
            assert!(is_voicemail(language, text), "{text}");
        }
        for text in ["Hello?", "Yes, speaking.", "I got your message, thanks."] {
            assert!(!is_voicemail("en", text), "{text}");
        }
        assert!(!is_voicemail("en", "Deje su mensaje."));
    }

    #[test]
    fn a_screener_wants_to_know_who_is_calling() {
        let text = "Please state your name, and why you’re calling.";
        assert!(is_screening("en", text));
        assert!(is_screening("de", "Bitte nennen Sie Ihren Namen."));
        assert!(!is_screening("en", "What is your name?"));
    }

    #[test]
    fn a_moment_is_asked_for_in_few_words() {
        for (language, text) in [
            ("en", "Hold on."),
            ("en", "Uh, just a second, please."),
            ("es", "Un momento, por favor."),
            ("fr", "Ne quittez pas."),
            ("de", "Moment bitte."),
            ("pt", "Só um momento."),
        ] {
            assert!(asks_to_hold(language, text), "{text}");
        }
        for text in [
            "No, wait, not tomorrow.",
            "I had one moment of doubt about the table that I booked.",
        ] {
            assert!(!asks_to_hold("en", text), "{text}");
        }
    }
}
