use super::*;
use proptest::prelude::*;

fn cut_in(language: &str, text: &str, step: usize) -> Vec<String> {
    let mut sentences = Sentences::default();
    let mut all = Vec::new();
    let chars: Vec<char> = text.chars().collect();
    for words in chars.chunks(step.max(1)) {
        sentences.push(&words.iter().collect::<String>(), language, |sentence| {
            all.push(sentence);
        });
    }
    all.extend(sentences.finish());
    all
}

/// The same wherever it is cut.
fn cut(language: &str, text: &str) -> Vec<String> {
    let whole = cut_in(language, text, text.len());
    for step in 1..6 {
        assert_eq!(cut_in(language, text, step), whole, "in steps of {step}");
    }
    whole
}

#[test]
fn an_english_sentence_ends_where_a_listener_would_say_so() {
    assert_eq!(
        cut(
            "en-US",
            "Sure! Dr. Who is at 3.50 p. m. today. \"Really?\" Yes"
        ),
        [
            "Sure!",
            "Dr. Who is at 3.50 p. m. today.",
            "\"Really?\"",
            "Yes"
        ]
    );
    assert_eq!(
        cut(
            "en",
            "No. We close at 5 p.m. Tomorrow too. It is at no. 7, e.g. on Elm St. near J. Smith."
        ),
        [
            "No.",
            "We close at 5 p.m.",
            "Tomorrow too.",
            "It is at no. 7, e.g. on Elm St. near J. Smith."
        ]
    );
    assert_eq!(
        cut(
            "en",
            "It costs $3.50. See example.com. Soup, salad, etc. are free. So am I. Good... Bye"
        ),
        [
            "It costs $3.50.",
            "See example.com.",
            "Soup, salad, etc. are free.",
            "So am I.",
            "Good...",
            "Bye"
        ]
    );
    assert_eq!(cut("en", "1. Soup\n2. Fish"), ["1. Soup", "2. Fish"]);
}

#[test]
fn a_spanish_sentence_keeps_its_opening_marks_and_titles() {
    assert_eq!(
        cut(
            "es-MX",
            "¡Claro! La Sra. Gómez llega a las 5 p. m. ¿Le viene bien? Son 3,50 euros."
        ),
        [
            "¡Claro!",
            "La Sra. Gómez llega a las 5 p. m. ¿Le viene bien?",
            "Son 3,50 euros."
        ]
    );
    assert_eq!(
        cut(
            "es",
            "Hay sopa, ensalada, etc. ¿Qué desea Ud. tomar? No. Gracias, núm. 4."
        ),
        [
            "Hay sopa, ensalada, etc.",
            "¿Qué desea Ud. tomar?",
            "No.",
            "Gracias, núm. 4."
        ]
    );
}

#[test]
fn a_french_sentence_has_spaces_before_its_marks() {
    assert_eq!(
        cut(
            "fr",
            "Bonjour ! M. Dupont arrive à 9 h. Ça vous va ? « Oui. » Très bien, c'est 3,50 €."
        ),
        [
            "Bonjour !",
            "M. Dupont arrive à 9 h. Ça vous va ?",
            "« Oui. »",
            "Très bien, c'est 3,50 €."
        ]
    );
}

#[test]
fn a_german_sentence_has_ordinals_and_abbreviations_with_spaces() {
    assert_eq!(
        cut(
            "de-DE",
            "Gern! Am 3. Mai z. B. um 18 Uhr, bzw. am 21. um acht. Hr. Dr. Weiß ist da. Es kostet 5. Danke."
        ),
        [
            "Gern!",
            "Am 3. Mai z. B. um 18 Uhr, bzw. am 21. um acht.",
            "Hr. Dr. Weiß ist da.",
            "Es kostet 5.",
            "Danke."
        ]
    );
    assert_eq!(
        cut(
            "de",
            "Er sagte: „Ja.“ Das sind 3,50 Euro. Suppe, Salat usw. Bis dann"
        ),
        [
            "Er sagte: „Ja.“",
            "Das sind 3,50 Euro.",
            "Suppe, Salat usw.",
            "Bis dann"
        ]
    );
}

#[test]
fn a_portuguese_sentence_keeps_its_titles() {
    assert_eq!(
        cut(
            "pt-BR",
            "Olá! O Sr. Silva e a Dra. Sousa chegam às 9. São 3,50 reais, p.ex. hoje. Tudo bem?"
        ),
        [
            "Olá!",
            "O Sr. Silva e a Dra. Sousa chegam às 9.",
            "São 3,50 reais, p.ex. hoje.",
            "Tudo bem?"
        ]
    );
}

#[test]
fn an_italian_sentence_keeps_its_titles() {
    assert_eq!(
        cut(
            "it",
            "Certo! Il sig. Rossi e il dott. Bianchi arrivano alle 9. Pizza, pasta, ecc. Costa 3,50 euro."
        ),
        [
            "Certo!",
            "Il sig. Rossi e il dott. Bianchi arrivano alle 9.",
            "Pizza, pasta, ecc.",
            "Costa 3,50 euro."
        ]
    );
}

#[test]
fn chinese_and_japanese_need_no_spaces() {
    assert_eq!(
        cut("zh-CN", "好的。请问几位？“四位。”谢谢！3.5元"),
        ["好的。", "请问几位？", "“四位。”", "谢谢！", "3.5元"]
    );
    assert_eq!(
        cut(
            "ja",
            "はい。何名様ですか？「四名です。」かしこまりました！！では"
        ),
        [
            "はい。",
            "何名様ですか？",
            "「四名です。」",
            "かしこまりました！！",
            "では"
        ]
    );
}

#[test]
fn a_long_first_sentence_is_begun_at_a_comma() {
    let text = "We are open every day of the week from eleven in the morning until late, and on Sundays too, of course.";
    let parts = cut("en", text);
    assert_eq!(parts.len(), 2);
    assert!(parts[0].ends_with("until late,"), "{parts:?}");
    let parts = cut(
        "en",
        "Let me look that up for you now, that will not take a moment. Or so I hope, if it is there.",
    );
    assert_eq!(parts.len(), 3, "only the first: {parts:?}");
    assert_eq!(cut("en", "Yes, of course, that we do.").len(), 1);
    let text = "当店は毎週月曜日から土曜日まで、朝十一時から夜十時まで営業しておりまして、日曜日はお休みです。";
    assert_eq!(cut("ja", text).len(), 2);
}

#[test]
fn a_reply_is_shortened_at_a_sentence_end() {
    assert_eq!(shorten("One. Two three. Four", 17), "One. Two three.");
    assert_eq!(shorten("One two, three four", 12), "One two");
    assert_eq!(shorten("One two three", 9), "One two");
    assert_eq!(shorten("Short.", 300), "Short.");
    assert_eq!(shorten("It costs 3.50 euros in all", 15), "It costs 3.50");
    assert_eq!(shorten("好的。请稍等一下", 5), "好的。");
}

proptest! {
    #[test]
    fn where_the_words_are_cut_does_not_matter(
        text in "[a-zßé ,.!?\n\"»«DrM13…。！、」¿]{0,80}",
        language in prop::sample::select(vec!["en", "es", "fr", "de", "pt", "it", "zh", "ja"]),
        one in 1_usize..9,
        other in 1_usize..9,
    ) {
        prop_assert_eq!(cut_in(language, &text, one), cut_in(language, &text, other));
    }

    #[test]
    fn nothing_is_lost(text in "\\PC{0,80}") {
        let kept: String = cut_in("en", &text, 5).concat().split_whitespace().collect();
        let all: String = text.split_whitespace().collect();
        prop_assert_eq!(kept, all);
    }
}
