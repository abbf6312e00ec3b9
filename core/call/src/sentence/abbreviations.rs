//! Words that end in a full stop without ending a sentence, by language.

use crate::words::primary;

/// One language's abbreviations: lower case, with their full stops.
#[derive(Debug)]
pub(super) struct Abbreviations {
    /// Always followed by more: titles, and what introduces.
    pub(super) inner: &'static [&'static str],
    /// At the end of a sentence as often as within one.
    pub(super) outer: &'static [&'static str],
    /// Followed by a number, or else words like any other.
    pub(super) numbered: &'static [&'static str],
    /// Words that may follow an ordinal number written as `3.`; none: ordinals are not written so.
    pub(super) ordinals: &'static [&'static str],
}

/// The abbreviations of a language, by its BCP 47 tag. Any other has the English ones.
pub(super) fn abbreviations(language: &str) -> &'static Abbreviations {
    match primary(language).as_str() {
        "de" => &GERMAN,
        "es" => &SPANISH,
        "fr" => &FRENCH,
        "it" => &ITALIAN,
        "pt" => &PORTUGUESE,
        _ => &ENGLISH,
    }
}

#[rustfmt::skip] // a word a line would be pages
const ENGLISH: Abbreviations = Abbreviations {
    inner: &[
        "mr.", "mrs.", "ms.", "mx.", "dr.", "prof.", "rev.", "hon.", "st.", "mt.", "gen.", "col.", "sgt.", "capt.",
        "e.g.", "i.e.", "vs.", "approx.", "ca.", "incl.", "esp.",
    ],
    outer: &["etc.", "a.m.", "p.m.", "u.s.", "u.k.", "inc.", "ltd.", "co.", "corp.", "jr.", "sr.", "ave.", "blvd.", "rd.", "dept."],
    numbered: &["no.", "nos.", "p.", "pp.", "fig.", "vol.", "ch.", "ext.", "tel.", "art.", "sec."],
    ordinals: &[],
};

#[rustfmt::skip] // a word a line would be pages
const SPANISH: Abbreviations = Abbreviations {
    inner: &[
        "sr.", "sra.", "srta.", "sres.", "dr.", "dra.", "prof.", "profa.", "ud.", "uds.", "vd.", "d.", "dña.", "lic.",
        "ing.", "p.ej.", "ej.", "av.", "avda.", "c.", "pza.", "aprox.", "gral.", "s.",
    ],
    outer: &["etc.", "a.m.", "p.m.", "ee.uu.", "cía.", "s.a.", "s.l."],
    numbered: &["núm.", "n.", "pág.", "tel.", "teléf.", "art.", "cap.", "vol."],
    ordinals: &[],
};

#[rustfmt::skip] // a word a line would be pages
const FRENCH: Abbreviations = Abbreviations {
    inner: &["m.", "mm.", "mme.", "mlle.", "dr.", "pr.", "me.", "st.", "ste.", "p.ex.", "ex.", "cf.", "env.", "av.", "bd.", "c.-à-d."],
    outer: &["etc.", "cie.", "s.a."],
    numbered: &["no.", "n.", "p.", "pp.", "tél.", "art.", "chap.", "vol."],
    ordinals: &[],
};

#[rustfmt::skip] // a word a line would be pages
const GERMAN: Abbreviations = Abbreviations {
    inner: &[
        "hr.", "fr.", "dr.", "prof.", "dipl.", "ing.", "z.b.", "d.h.", "u.a.", "o.ä.", "bzw.", "ca.", "evtl.", "ggf.",
        "inkl.", "exkl.", "max.", "min.", "mind.", "sog.", "vgl.", "zzgl.", "st.", "geb.", "gegr.", "i.d.r.", "m.e.",
        "mo.", "di.", "mi.", "do.", "sa.", "so.", "jan.", "feb.", "aug.", "sept.", "okt.", "nov.", "dez.",
    ],
    outer: &["usw.", "etc.", "str.", "co.", "u.s.w."],
    numbered: &["nr.", "tel.", "art.", "abs.", "kap.", "bd.", "s."],
    ordinals: &[
        "januar", "februar", "märz", "april", "mai", "juni", "juli", "august", "september", "oktober", "november",
        "dezember", "stock", "etage", "mal", "klasse", "platz", "tag", "woche", "monat", "quartal", "jahrhundert",
        "reihe", "geburtstag", "advent", "weihnachtstag", "termin", "person", "januars",
    ],
};

#[rustfmt::skip] // a word a line would be pages
const ITALIAN: Abbreviations = Abbreviations {
    inner: &[
        "sig.", "sigg.", "sig.ra.", "sig.na.", "dott.", "dr.", "prof.", "ing.", "avv.", "arch.", "rag.", "geom.",
        "p.es.", "es.", "ca.", "ecc.mo.", "spett.", "gent.", "s.", "p.zza.", "v.le.",
    ],
    outer: &["ecc.", "etc.", "s.p.a.", "s.r.l.", "a.m.", "p.m."],
    numbered: &["n.", "nr.", "num.", "pag.", "tel.", "art.", "cap.", "vol."],
    ordinals: &[],
};

#[rustfmt::skip] // a word a line would be pages
const PORTUGUESE: Abbreviations = Abbreviations {
    inner: &[
        "sr.", "sra.", "srta.", "srs.", "dr.", "dra.", "prof.", "profa.", "eng.", "exmo.", "exma.", "d.", "p.ex.",
        "ex.", "av.", "r.", "pç.", "aprox.", "v.",
    ],
    outer: &["etc.", "ltda.", "cia.", "s.a.", "a.m.", "p.m."],
    numbered: &["n.", "nº.", "núm.", "pág.", "tel.", "art.", "cap.", "vol."],
    ordinals: &[],
};
