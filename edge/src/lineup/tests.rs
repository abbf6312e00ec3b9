use super::*;

fn variables(all: &'static [(&'static str, &'static str)]) -> Variables<'static> {
    let find = |name: &str| {
        all.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Variables(Box::new(find))
}

fn missing(bot: &Bot, all: &'static [(&'static str, &'static str)]) -> String {
    lineup(&variables(all), bot).unwrap_err().variable
}

const OWN: &[(&str, &str)] = &[("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")];

fn fallback(provider: &str, model: &str) -> Fallback {
    Fallback {
        provider: provider.to_owned(),
        model: model.to_owned(),
        ..Fallback::default()
    }
}

#[test]
fn the_first_missing_variable_is_named() {
    let bot = Bot::default();
    assert_eq!(missing(&bot, &[]), "OPENAI_API_KEY");
    assert_eq!(missing(&bot, &[("OPENAI_API_KEY", "k")]), "LISTEN_MODEL");
    let models = &[
        ("OPENAI_API_KEY", "k"),
        ("LISTEN_MODEL", "l"),
        ("THINK_MODEL", "t"),
        ("SPEAK_MODEL", "s"),
    ];
    assert_eq!(missing(&bot, models), "SPEAK_VOICE");
    let nowhere = &[("OPENAI_BASE_URL", "nowhere")];
    assert_eq!(missing(&bot, nowhere), "OPENAI_BASE_URL");
}

#[test]
fn a_bot_that_names_a_provider_needs_its_key() {
    let mut bot = Bot::default();
    bot.listen.provider = "deepgram-flux".to_owned();
    assert_eq!(missing(&bot, OWN), "DEEPGRAM_API_KEY");
    bot.listen.provider = "workers-ai".to_owned();
    assert_eq!(missing(&bot, OWN), "CLOUDFLARE_ACCOUNT_ID");
    bot.listen.provider = "telepathy".to_owned();
    let wrong = lineup(&variables(OWN), &bot).unwrap_err();
    assert!(wrong.message.contains("deepgram-nova"), "{wrong:?}");
    bot.listen = contract::Stage::default();
    bot.think.fallbacks = vec![fallback("ollama", "llama")];
    assert_eq!(missing(&bot, OWN), "OLLAMA_BASE_URL");
    bot.think.fallbacks = vec![fallback("anthropic", "")];
    assert_eq!(missing(&bot, OWN), "THINK_MODEL");
}

#[test]
fn a_stand_in_needs_no_key_and_fallbacks_follow_in_order() {
    let mut bot = Bot::default();
    bot.listen.provider = "deepgram-nova".to_owned();
    bot.listen.fallbacks = vec![fallback("openai", ""), fallback("google", "chirp")];
    let all = &[
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
        ("LISTEN_MODEL", "theirs"),
        ("DEEPGRAM_BASE_URL", "http://127.0.0.1:8"),
        ("GOOGLE_API_KEY", "k"),
    ];
    let lineup = lineup(&variables(all), &bot).unwrap();
    let posts = lineup.posts(Stage::Listen);
    let names: Vec<_> = posts
        .iter()
        .map(|post| (post.who.provider.as_str(), post.who.model.as_str()))
        .collect();
    let expected = [
        ("deepgram-nova", "nova-3"),
        ("openai", "theirs"),
        ("google", "chirp"),
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_voice_that_could_not_say_anything_is_told_before_the_call() {
    const KEYS: &[(&str, &str)] = &[
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
        ("ELEVENLABS_API_KEY", "k"),
        ("DEEPGRAM_API_KEY", "k"),
        ("CARTESIA_API_KEY", "k"),
    ];
    let speaks = |provider: &str, model: &str, voice: &str| {
        let mut bot = Bot::default();
        bot.speak.provider = provider.to_owned();
        bot.speak.model = model.to_owned();
        bot.voice.id = voice.to_owned();
        lineup(&variables(KEYS), &bot).map(drop)
    };
    for (provider, model, voice, missing) in [
        ("elevenlabs", "", "", "voice.id"),
        ("elevenlabs-socket", "eleven_flash_v2_5", " ", "voice.id"),
        ("cartesia", "sonic-3", "", "voice.id"),
        ("cartesia-socket", "", "mara", "speak.model"),
        ("deepgram", "", "mara", "speak.model"),
        ("deepgram-socket", "", "", "speak.model"),
        ("deepgram-flux", "flux", "", "voice.id"),
    ] {
        let wrong = speaks(provider, model, voice).unwrap_err();
        assert_eq!(wrong.variable, missing, "{provider}");
        assert!(wrong.message.contains(provider), "{wrong:?}");
    }
    for (provider, model, voice) in [
        ("elevenlabs", "", "mara"),
        ("cartesia", "sonic-3", "mara"),
        ("deepgram", "aura-2-thalia-en", ""),
        ("deepgram-socket", "aura-2", "thalia"),
    ] {
        assert_eq!(speaks(provider, model, voice), Ok(()), "{provider}");
    }
    let mut bot = Bot::default();
    bot.speak.fallbacks = vec![fallback("elevenlabs", "")];
    assert_eq!(missing(&bot, KEYS), "voice.id");
    bot.speak.fallbacks = vec![fallback("cartesia", "sonic-3")];
    let voice = serde_json::json!({"mode": "id", "id": "mara"});
    bot.speak.fallbacks[0]
        .options
        .insert("voice".to_owned(), voice);
    assert!(lineup(&variables(KEYS), &bot).is_ok());
}

#[test]
fn a_server_of_ones_own_needs_neither_key_nor_model() {
    let (endpoint, is_openai) = variables(OWN).openai("THINK").unwrap();
    assert_eq!((endpoint.api_key, is_openai), (None, false));
    let lineup = lineup(&variables(OWN), &Bot::default()).unwrap();
    assert_eq!(lineup.posts(Stage::Think)[0].who.model, "");
}

#[test]
fn a_key_goes_only_where_its_own_base_url_leads() {
    let all = &[
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
        ("OPENAI_API_KEY", "common"),
        ("LISTEN_BASE_URL", "http://127.0.0.2:9/v1"),
        ("SPEAK_API_KEY", "speaker"),
    ];
    let variables = variables(all);
    let sent = |stage| variables.openai(stage).unwrap().0.api_key;
    let key = |text: &str| ApiKey::new(text).unwrap();
    assert_eq!(sent("LISTEN"), None);
    assert_eq!(sent("THINK"), key("common"));
    assert_eq!(sent("SPEAK"), key("speaker"));
}

#[test]
fn a_bots_own_model_and_voice_come_first() {
    let mut bot = Bot::default();
    bot.think.model = "mine".to_owned();
    bot.voice.id = "my voice".to_owned();
    let all = &[
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
        ("THINK_MODEL", "theirs"),
        ("SPEAK_VOICE", "theirs"),
    ];
    let lineup = lineup(&variables(all), &bot).unwrap();
    assert_eq!(lineup.think[0].post.who.model, "mine");
    assert!(format!("{:?}", lineup.speak).contains("my voice"));
}

#[test]
fn speech_is_kept_by_the_voice_that_is_asked_first_unless_that_is_off() {
    let bot = |voice: &str, fallbacks: Vec<Fallback>| {
        let mut bot = Bot::default();
        bot.voice.id = voice.to_owned();
        bot.speak.fallbacks = fallbacks;
        bot
    };
    let manner = |bot: &Bot| lineup(&variables(OWN), bot).unwrap().manner;
    let plain = manner(&bot("marin", Vec::new()));
    assert!(plain.is_some());
    assert_eq!(
        manner(&bot("marin", vec![fallback("openai", "other")])),
        plain
    );
    assert_ne!(manner(&bot("cedar", Vec::new())), plain);
    let off = &[
        ("OPENAI_BASE_URL", "http://127.0.0.1:9/v1"),
        ("SPEECH_CACHE", "off"),
    ];
    assert_eq!(
        lineup(&variables(off), &Bot::default()).unwrap().manner,
        None
    );
}
