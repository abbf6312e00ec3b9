//! German.

use super::{Questions, Tables};

#[rustfmt::skip] // a word a line would be pages
pub(super) const TABLES: Tables = Tables {
    trailing: &[
        "und", "oder", "aber", "weil", "denn", "dass", "ob", "wenn", "als", "wie", "mit", "ohne", "für", "von", "vom",
        "zu", "zum", "zur", "an", "am", "auf", "in", "im", "ins", "aus", "bei", "beim", "nach", "seit", "bis", "über",
        "unter", "um", "gegen", "zwischen", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einem",
        "einer", "mein", "meine", "meinen", "meiner", "ihr", "ihre", "unser", "unsere", "sein", "ist", "sind", "war",
        "bin", "ich", "wir", "sie", "er", "es", "ich habe", "ich hätte gern", "ich hätte gerne", "ich möchte",
        "ich würde", "ich heiße", "mein name ist", "nicht", "sehr", "noch", "auch", "dann", "sondern", "herr", "frau",
        "nummer", "doppel", "kein", "keine", "welche", "damit", "wollte fragen", "wollte wissen",
    ],
    fillers: &[
        "äh", "ähm", "öh", "hm", "hmm", "also", "naja", "na ja", "tja", "sagen wir", "moment mal", "mal sehen",
        "wie sagt man", "ich glaube", "ich denke", "so", "halt", "um", "uh",
    ],
    yes: &[
        "ja", "ja bitte", "ja gerne", "ja gern", "gerne", "gern", "genau", "richtig", "stimmt", "das stimmt",
        "in ordnung", "natürlich", "klar", "sicher", "okay", "ok", "gut", "passt", "perfekt", "das passt", "bitte",
        "sehr gerne", "jawohl", "jo",
    ],
    no: &[
        "nein", "nein danke", "nee", "ne", "noch nicht", "nie", "weiß nicht", "das weiß ich nicht", "eher nicht",
        "egal",
    ],
    greetings: &[
        "hallo", "guten tag", "guten morgen", "guten abend", "grüß gott", "servus", "moin", "entschuldigung",
        "entschuldigen sie", "schönen guten tag",
    ],
    closings: &[
        "danke", "danke schön", "dankeschön", "vielen dank", "tschüss", "tschüs", "auf wiederhören",
        "auf wiedersehen", "das war's", "das wars", "das ist alles", "sonst nichts", "das war alles",
        "schönen tag noch",
    ],
    backchannels: &[
        "mm", "mhm", "mm-hm", "hm", "hmm", "ah", "oh", "aha", "ach", "ach so", "ja", "genau", "okay", "ok", "gut",
        "verstehe", "ich verstehe", "richtig", "klar", "alles klar", "so", "jo", "äh", "um", "uh",
    ],
    holds: &[
        "moment", "einen moment", "einen moment bitte", "moment bitte", "einen augenblick", "augenblick",
        "eine sekunde", "sekunde", "warten sie", "warte", "warten sie kurz", "warten sie bitte", "kleinen moment",
        "bleiben sie dran", "ich schau mal", "ich sehe nach", "eine minute", "momentchen",
    ],
    corrections: &[
        "nein entschuldigung", "entschuldigung", "nein moment", "quatsch", "besser gesagt", "ich meine", "verzeihung",
        "nein warten sie",
    ],
    announces: &[
        "ich habe eine frage", "ich habe ein problem", "noch etwas", "noch eine frage", "eine frage noch",
        "eins noch", "mein name ist", "ich heiße", "hier ist", "hier spricht", "sagen sie", "es geht um",
    ],
    conditions: &[
        "wenn", "falls", "weil", "obwohl", "bevor", "nachdem", "sobald",
    ],
    asks: &[
        "können sie", "könnten sie", "kann ich", "kann man", "könnte ich", "haben sie", "gibt es", "ist es",
        "wie viel", "wie lange", "wie", "wann", "wo", "was", "wer", "warum", "welche", "welcher", "darf ich",
        "wissen ob",
    ],
    digits: &[
        "null", "eins", "ein", "zwei", "zwo", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "doppel",
    ],
    numbers: &[
        "zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
        "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig", "hundert", "tausend",
        "neunzehnhundert", "zweitausend",
    ],
    times: &[
        "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonnabend", "sonntag", "heute",
        "morgen", "übermorgen", "früh", "vormittag", "mittag", "nachmittag", "abend", "nacht", "uhr", "woche",
        "wochen", "monat", "tage", "tagen", "jahr", "jahre", "januar", "februar", "märz", "april", "mai", "juni",
        "juli", "august", "september", "oktober", "november", "dezember",
    ],
    symbols: &[
        "at", "punkt", "minus", "bindestrich", "unterstrich", "schrägstrich", "klammeraffe",
    ],
    phone_digits: &[],
    questions: Questions {
        spelling: &[
            "buchstabieren", "e-mail", "email", "mailadresse", "e-mail-adresse",
        ],
        count: &["wie viele", "wieviele", "wieviel", "wie viel"],
        number: &[
            "telefon", "telefonnummer", "nummer", "handynummer", "kundennummer", "code", "konto", "karte",
        ],
        address: &["adresse", "anschrift", "wo wohnen", "straße"],
        birth: &["geboren", "geburtsdatum", "geburtstag"],
        when: &[
            "wann", "um wie viel uhr", "welchem tag", "welchen tag", "uhrzeit", "datum", "wie lange",
        ],
        name: &["name", "namen", "nachname", "heißen", "wer"],
        closed: &[
            "ist", "sind", "war", "haben", "hat", "möchten", "wollen", "können", "kann", "darf", "soll", "sollen",
            "würden", "passt", "stimmt", "richtig", "in ordnung", "noch etwas", "sonst noch", "wäre", "geht", "gibt",
        ],
        more: &[
            "noch etwas", "sonst noch", "weitere fragen", "noch fragen", "noch eine frage",
        ],
        time: &["uhr", "uhrzeit", "zeit"],
        open: &[
            "wie kann", "was kann", "womit", "was ist", "erzählen", "beschreiben", "warum", "worum", "was",
        ],
    },
};
