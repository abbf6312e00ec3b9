//! What a bot must be like beyond what its types say: which field is wrong, and what is allowed.

mod stage;

use std::fmt;

use super::{Bot, BotId, EndOfTurn, Hours, Limits, Machine, Opens, Pricing, Tool, WebhookTool};
use stage::Kind;

/// A setting that cannot be: which, and what is allowed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Invalid {
    /// Path of the field: `turns.end.silence_ms`, `tools.2.url`.
    pub field: String,
    /// What is allowed.
    pub message: String,
}

#[derive(Default)]
struct Findings(Vec<Invalid>);

impl Findings {
    fn check(&mut self, fits: bool, field: impl fmt::Display, message: impl fmt::Display) {
        if !fits {
            self.0.push(Invalid {
                field: field.to_string(),
                message: message.to_string(),
            });
        }
    }

    fn words(&mut self, text: &str, chars_max: usize, field: &str) {
        let fits = text.chars().count() <= chars_max;
        self.check(fits, field, format_args!("at most {chars_max} characters"));
    }
}

impl Bot {
    /// Checks what types cannot say.
    ///
    /// # Errors
    ///
    /// Every field that is out of its range, with the range.
    pub fn validate(&self) -> Result<(), Vec<Invalid>> {
        let mut found = Findings::default();
        self.check_identity(&mut found);
        self.check_manner(&mut found);
        stage::check_voice(&self.voice, &mut found);
        for (stage, kind) in [
            (&self.listen, Kind::Listen),
            (&self.think, Kind::Think),
            (&self.speak, Kind::Speak),
        ] {
            stage::check(stage, kind, &mut found);
        }
        self.check_tools(&mut found);
        if let Some(hours) = &self.hours {
            check_hours(hours, self.fallback_number.is_some(), &mut found);
        }
        check_limits(&self.limits, &mut found);
        check_machine(&self.machine, "machine.text", &mut found);
        check_machine(&self.unknown, "unknown.text", &mut found);
        if found.0.is_empty() {
            Ok(())
        } else {
            Err(found.0)
        }
    }

    fn check_tools(&self, found: &mut Findings) {
        found.check(self.tools.len() <= 32, "tools", "at most 32 tools");
        for (index, tool) in self.tools.iter().enumerate() {
            match tool {
                Tool::Webhook(tool) => {
                    let twice = self.tools.iter().take(index).any(
                        |other| matches!(other, Tool::Webhook(other) if other.name == tool.name),
                    );
                    check_webhook(tool, twice, &format!("tools.{index}"), found);
                }
                Tool::Transfer { when, .. } => {
                    found.words(when, 2_000, &format!("tools.{index}.when"));
                }
                Tool::EndCall | Tool::SendKeys => {}
            }
        }
    }

    fn check_identity(&self, found: &mut Findings) {
        let id = BotId::new(self.id.as_str()).is_some();
        found.check(id, "id", "1 to 64 characters of a-z, 0-9 and -");
        found.check(self.version >= 1, "version", "1 or more");
        let name = (1..=100).contains(&self.name.chars().count());
        found.check(name, "name", "1 to 100 characters");
        let language = (2..=35).contains(&self.language.len())
            && self
                .language
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        found.check(language, "language", "a BCP 47 tag such as en-US");
        found.check(self.price.is_sane(), "price", Pricing::RANGE);
    }

    fn check_manner(&self, found: &mut Findings) {
        for (text, field) in [
            (&self.consent, "consent"),
            (&self.greeting, "greeting"),
            (&self.goodbye, "goodbye"),
            (&self.apology, "apology"),
            (&self.filler, "filler"),
            (&self.idle.prompt, "idle.prompt"),
            (&self.voice.directions, "voice.directions"),
        ] {
            found.words(text, 1_000, field);
        }
        let instructions = self.instructions.len() <= 100_000;
        found.check(instructions, "instructions", "at most 100000 bytes");
        let chars = (20..=4000).contains(&self.reply_chars_max);
        found.check(chars, "reply_chars_max", "20 to 4000 characters");
        let duration = self.duration_max_s == 0 || (10..=14_400).contains(&self.duration_max_s);
        found.check(
            duration,
            "duration_max_s",
            "10 to 14400 seconds, or 0 for no limit",
        );
        let idle = (1_000..=120_000).contains(&self.idle.after_ms);
        found.check(idle, "idle.after_ms", "1000 to 120000 milliseconds");
        found.check(self.idle.prompts_max <= 10, "idle.prompts_max", "0 to 10");
        if let EndOfTurn::Silence { silence_ms } = self.turns.end {
            let silence = (200..=10_000).contains(&silence_ms);
            found.check(silence, "turns.end.silence_ms", "200 to 10000 milliseconds");
        }
    }
}

fn check_machine(machine: &Machine, field: &str, found: &mut Findings) {
    if let Machine::LeaveMessage { text } = machine {
        let said = !text.trim().is_empty();
        found.check(said, field, "what is left as a message");
        found.words(text, 1_000, field);
    }
}

fn check_webhook(tool: &WebhookTool, twice: bool, path: &str, found: &mut Findings) {
    let name = (1..=64).contains(&tool.name.len())
        && tool
            .name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    found.check(
        name,
        format_args!("{path}.name"),
        "1 to 64 characters of a-z, 0-9 and _",
    );
    let reserved = ["end_call", "transfer_call", "send_keys"].contains(&tool.name.as_str());
    found.check(
        !twice && !reserved,
        format_args!("{path}.name"),
        "a name no other tool has",
    );
    let described = (1..=2_000).contains(&tool.description.chars().count());
    found.check(
        described,
        format_args!("{path}.description"),
        "1 to 2000 characters",
    );
    found.check(
        is_web_address(&tool.url),
        format_args!("{path}.url"),
        "an https:// address; http:// only on 127.0.0.1 and localhost",
    );
    let object = tool.schema.is_empty()
        || tool.schema.get("type").and_then(serde_json::Value::as_str) == Some("object");
    found.check(
        object,
        format_args!("{path}.schema"),
        "a JSON schema with type object, or none",
    );
    let timeout = (500..=30_000).contains(&tool.timeout_ms);
    found.check(
        timeout,
        format_args!("{path}.timeout_ms"),
        "500 to 30000 milliseconds",
    );
    found.words(&tool.filler, 300, &format!("{path}.filler"));
}

/// Whether it is an address that one of ours may be sent to.
#[must_use]
pub fn is_web_address(url: &str) -> bool {
    let clean = url.len() <= 2_000 && url.bytes().all(|byte| byte.is_ascii_graphic());
    let host = |rest: &str| {
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority
            .rsplit_once(':')
            .map_or(authority, |(host, _)| host);
        host.to_owned()
    };
    let https = url
        .strip_prefix("https://")
        .is_some_and(|rest| !host(rest).is_empty() && !rest.contains('@'));
    let local = url.strip_prefix("http://").is_some_and(|rest| {
        matches!(host(rest).as_str(), "127.0.0.1" | "localhost") && !rest.contains('@')
    });
    clean && (https || local)
}

fn check_hours(hours: &Hours, fallback: bool, found: &mut Findings) {
    let zone = (1..=64).contains(&hours.time_zone.len());
    found.check(
        zone,
        "hours.time_zone",
        "an IANA time zone such as Europe/Madrid",
    );
    let spans = (1..=50).contains(&hours.open.len());
    found.check(spans, "hours.open", "1 to 50 spans");
    for (index, Opens { days, from, to }) in hours.open.iter().enumerate() {
        found.check(
            !days.is_empty(),
            format_args!("hours.open.{index}.days"),
            "one day or more",
        );
        for (time, name) in [(from, "from"), (to, "to")] {
            let fits = minute_of_day(time).is_some() && !(name == "from" && time == "24:00");
            found.check(
                fits,
                format_args!("hours.open.{index}.{name}"),
                "a time such as 09:30",
            );
        }
    }
    found.words(&hours.closed.say, 1_000, "hours.closed.say");
    found.check(
        !hours.closed.transfer || fallback,
        "hours.closed.transfer",
        "true only with a fallback_number",
    );
}

fn check_limits(limits: &Limits, found: &mut Findings) {
    found.check(
        are_countries(&limits.outbound_countries),
        "limits.outbound_countries",
        "ISO 3166-1 codes of two capital letters such as ES",
    );
}

/// Whether these are ISO 3166-1 codes by their form, and not more than there are.
#[must_use]
pub fn are_countries(codes: &[String]) -> bool {
    let is_code =
        |code: &String| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    codes.len() <= 250 && codes.iter().all(is_code)
}

/// Reads `HH:MM`, up to `24:00`, as minutes since midnight.
#[must_use]
pub fn minute_of_day(time: &str) -> Option<u16> {
    let (hours, minutes) = time.split_once(':')?;
    let digits = |text: &str| {
        let fits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        fits.then(|| text.parse::<u16>().ok()).flatten()
    };
    let minute = digits(hours)? * 60 + digits(minutes).filter(|minutes| *minutes < 60)?;
    (minute <= 1_440).then_some(minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(bot: &Bot) -> Vec<String> {
        let wrong = bot.validate().err().unwrap_or_default();
        wrong.into_iter().map(|invalid| invalid.field).collect()
    }

    #[test]
    fn every_wrong_field_is_named_by_its_path() {
        let bot: Bot = serde_json::from_value(serde_json::json!({
            "id": "mesa",
            "listen": {"provider": "ears", "fallbacks": [{"provider": "openai"}, {"provider": "nobody"}]},
            "tools": [
                {"kind": "webhook", "name": "find", "description": "finds", "url": "https://example.com/find"},
                {"kind": "webhook", "name": "find", "description": "finds", "url": "http://example.com", "timeout_ms": 5},
                {"kind": "transfer", "number": "+12125551234", "when": "x".repeat(2_001)},
            ],
            "hours": {"time_zone": "Europe/Madrid", "open": [{"days": ["monday"], "from": "9:00", "to": "24:01"}],
                      "closed": {"transfer": true}},
            "limits": {"outbound_countries": ["es"]},
            "machine": {"do": "leave_message", "text": " "},
            "unknown": {"do": "leave_message", "text": ""},
        }))
        .unwrap();
        assert_eq!(
            findings(&bot),
            [
                "listen.provider",
                "listen.fallbacks.1.provider",
                "tools.1.name",
                "tools.1.url",
                "tools.1.timeout_ms",
                "tools.2.when",
                "hours.open.0.from",
                "hours.open.0.to",
                "hours.closed.transfer",
                "limits.outbound_countries",
                "machine.text",
                "unknown.text",
            ]
        );
    }

    #[test]
    fn an_address_of_ours_is_https_or_on_this_machine() {
        for good in [
            "https://example.com",
            "https://example.com:8443/x?y=1",
            "http://127.0.0.1:9/x",
        ] {
            assert!(is_web_address(good), "{good}");
        }
        for bad in [
            "",
            "example.com",
            "https://",
            "https://user@host",
            "http://example.com",
            "https://a b",
            "ftp://x",
        ] {
            assert!(!is_web_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_time_of_day_is_read_strictly() {
        assert_eq!(minute_of_day("00:00"), Some(0));
        assert_eq!(minute_of_day("24:00"), Some(1_440));
        for wrong in ["24:01", "9:00", "09:60", "0900", "+9:00", ""] {
            assert_eq!(minute_of_day(wrong), None, "{wrong}");
        }
    }
}
