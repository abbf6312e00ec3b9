use super::Completeness as C;

fn en(question: &str, text: &str) -> C {
    C::of(text, question, "en-US")
}

#[test]
fn a_closed_question_is_answered_by_a_word() {
    assert_eq!(en("Is that right?", "Yes."), C::Answered);
    assert_eq!(
        en("Would you like a table by the window?", "no thanks"),
        C::Answered
    );
    assert_eq!(en("", "Thank you, goodbye"), C::Answered);
}

#[test]
fn a_bare_no_to_a_closed_question_is_often_followed_by_what_instead() {
    assert_eq!(en("Is that right?", "No"), C::Denied);
    assert_eq!(en("Is there anything else?", "No"), C::Answered);
}

#[test]
fn a_yes_to_whether_there_is_more_only_begins() {
    assert_eq!(
        en("Is there anything else that I can do for you?", "Yes."),
        C::Opened
    );
    assert_eq!(
        en("May I have your phone number, please?", "Sure."),
        C::Opened
    );
    assert_eq!(en("Hello. How may I help you?", "Hi there"), C::Opened);
    assert_eq!(
        en("How may I help you?", "Hello, my name is Baker."),
        C::Opened
    );
}

#[test]
fn a_telephone_number_is_over_when_it_has_its_digits() {
    let ask = "What number can we reach you at?";
    assert_eq!(en(ask, "It is five five five one two three"), C::Dictating);
    assert_eq!(
        en(ask, "five five five one two three four five six seven"),
        C::Filled
    );
    assert_eq!(en(ask, "555-123-4567."), C::Filled);
    // Three digits are no number yet.
    assert_eq!(en(ask, "double five three"), C::Trailing);
    assert_eq!(en(ask, "double five double three"), C::Dictating);
    assert_eq!(
        C::of("seis uno dos", "¿Cuál es su número de teléfono?", "es"),
        C::Trailing
    );
    let full = "seis uno dos tres cuatro cinco seis siete ocho";
    assert_eq!(
        C::of(full, "¿Cuál es su número de teléfono?", "es"),
        C::Filled
    );
}

#[test]
fn a_date_of_birth_wants_its_year_and_an_address_of_mail_its_end() {
    let born = "When were you born?";
    assert_eq!(en(born, "the twenty first of June"), C::Trailing);
    assert_eq!(
        en(born, "the twenty first of June nineteen eighty five"),
        C::Filled
    );
    assert_eq!(en(born, "June 21 1985"), C::Filled);
    let mail = "What is your e-mail address?";
    assert_eq!(en(mail, "anna dot carter"), C::Dictating);
    assert_eq!(en(mail, "it is j dot carter"), C::Dictating);
    assert_eq!(en(mail, "anna dot carter at"), C::Trailing);
    assert_eq!(en(mail, "anna dot carter at mail"), C::Trailing);
    assert_eq!(en(mail, "anna dot carter at mail dot com"), C::Filled);
}

#[test]
fn what_hangs_in_the_air_is_told_in_every_language() {
    for (language, trailing, hesitating) in [
        ("en", "I would like a table for", "I would like, um"),
        ("en", "I was wondering", "I was wondering, er"),
        ("es", "Quisiera una mesa para", "Quisiera, este"),
        ("es", "Sólo quería saber", "Quería saber, eh"),
        ("fr", "Je voudrais une table pour", "Je voudrais euh"),
        ("fr", "Je me demandais", "Je voulais savoir euh"),
        ("de", "Ich hätte gern einen Tisch für", "Ich hätte gern, äh"),
        ("de", "Ich wollte fragen", "Ich wollte wissen, äh"),
        ("pt", "Queria uma mesa para", "Queria, hum"),
        ("pt", "Eu queria saber", "Queria saber, hum"),
    ] {
        assert_eq!(C::of(trailing, "", language), C::Trailing, "{trailing}");
        // Recognisers put full stops behind everything.
        assert_eq!(
            C::of(&format!("{trailing}."), "", language),
            C::Trailing,
            "{trailing}"
        );
        assert_eq!(
            C::of(hesitating, "", language),
            C::Hesitating,
            "{hesitating}"
        );
    }
}

#[test]
fn a_yes_is_a_yes_in_every_language() {
    for (language, question, yes) in [
        ("en", "Is that right?", "That's right."),
        ("es", "¿Es correcto?", "Sí, claro."),
        ("fr", "C'est bien ça ?", "Oui, tout à fait."),
        ("de", "Ist das richtig?", "Ja, genau."),
        ("pt", "Está certo?", "Sim, isso mesmo."),
    ] {
        assert_eq!(C::of(yes, question, language), C::Answered, "{yes}");
    }
}

#[test]
fn who_asks_waits_for_an_answer() {
    assert_eq!(
        en("How may I help you?", "Can you tell me where I can park"),
        C::Asked
    );
    assert_eq!(en("How may I help you?", "Can you tell me"), C::Trailing);
    assert_eq!(C::of("¿Tienen terraza?", "", "es"), C::Asked);
    assert_eq!(C::of("駐車場はありますか", "", "ja"), C::Asked);
}

#[test]
fn a_short_answer_of_the_kind_that_was_asked_for_fits() {
    assert_eq!(en("For how many people?", "For four people"), C::Fitting);
    assert_eq!(en("What is your name?", "Carter"), C::Fitting);
    assert_eq!(
        en("When would you like to come?", "Tomorrow at seven"),
        C::Fitting
    );
    assert_eq!(en("On what day and at what time?", "On Friday"), C::Told);
}

#[test]
fn a_sentence_is_seldom_a_story_but_a_dozen_words_may_be() {
    let open = "Hello, this is the Golden Fork. How may I help you?";
    assert_eq!(en(open, "I need to cancel a table"), C::Told);
    assert_eq!(
        en(
            open,
            "I need to cancel a table that I booked for Friday under Carter"
        ),
        C::Whole
    );
}

#[test]
fn who_takes_something_back_says_what_instead() {
    assert_eq!(
        en("For how many people?", "For four, no sorry"),
        C::Trailing
    );
}

#[test]
fn languages_without_spaces_are_told_from_their_ends() {
    assert_eq!(C::of("予約したいんですけど", "", "ja"), C::Trailing);
    assert_eq!(C::of("はい。", "", "ja-JP"), C::Answered);
    assert_eq!(C::of("我想订一张桌子", "", "zh"), C::Whole);
    assert_eq!(C::of("嗯", "", "zh"), C::Hesitating);
}

#[test]
fn nothing_is_known_of_nothing() {
    assert_eq!(en("How are you?", " ... "), C::Unknown);
}
