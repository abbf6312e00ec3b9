//! Settings, from the environment, all checked at start: a forgotten variable must stop the function at once and say its
//! name, not fail the first call.

use contract::PriceTable;

/// A setting that is missing or cannot be.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{name} {problem}")]
pub struct BadSetting {
    /// The variable.
    pub name: &'static str,
    /// What is wrong, and what it should be.
    pub problem: String,
}

/// Where settings come from: the process environment, or a test's list.
pub struct Environment<'a>(&'a dyn Fn(&str) -> Option<String>);

impl<'a> Environment<'a> {
    /// Settings that this looks up.
    pub fn new(look_up: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self(look_up)
    }

    /// A setting that may be missing; an empty one is.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        (self.0)(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// A setting that must be there.
    ///
    /// # Errors
    /// Names it, and says what it is for.
    pub fn required(&self, name: &'static str, what: &str) -> Result<String, BadSetting> {
        self.optional(name).ok_or_else(|| BadSetting {
            name,
            problem: format!("is missing: set it to {what}"),
        })
    }

    /// Whether something is switched on: `1`.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        self.optional(name).is_some_and(|value| value == "1")
    }

    /// Words with commas or spaces between them; none if it is missing.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        let text = self.optional(name).unwrap_or_default();
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    }

    /// Where tenants without a list of their own may dial: `OUTBOUND_COUNTRIES`; none: everywhere.
    ///
    /// # Errors
    /// If these are no ISO 3166-1 codes.
    pub fn countries(&self) -> Result<Vec<String>, BadSetting> {
        let countries = self.list("OUTBOUND_COUNTRIES");
        if contract::are_countries(&countries) {
            return Ok(countries);
        }
        Err(BadSetting {
            name: "OUTBOUND_COUNTRIES",
            problem: "must be ISO 3166-1 codes with commas between them, such as US,ES".to_owned(),
        })
    }

    /// A URL without a path, that must be there.
    ///
    /// # Errors
    /// If it is missing or not such a URL.
    pub fn base_url(&self, name: &'static str, what: &str) -> Result<BaseUrl, BadSetting> {
        let text = self.required(name, what)?;
        BaseUrl::parse(&text).map_err(|problem| BadSetting {
            name,
            problem: problem.to_owned(),
        })
    }

    /// Prices: the list prices, and before them the rows of `PRICES`.
    ///
    /// # Errors
    /// If that is no price table.
    pub fn prices(&self) -> Result<PriceTable, BadSetting> {
        let Some(json) = self.optional("PRICES") else {
            return Ok(PriceTable::list());
        };
        let own = serde_json::from_str(&json).map_err(|error| BadSetting {
            name: "PRICES",
            problem: format!("is not a price table in JSON: {error}"),
        })?;
        Ok(PriceTable::list().with(own))
    }
}

/// `https://host[:port]`, or `http://` on this very machine; without a slash at the end.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Reads a URL; one slash at the end is dropped, since function URLs come with it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = text.strip_suffix('/').unwrap_or(text);
        let (scheme, authority) = url
            .split_once("://")
            .ok_or("is not a URL: expected https://host")?;
        let clean = |c: char| c.is_ascii_alphanumeric() || "-.:[]".contains(c);
        if authority.is_empty() || !authority.chars().all(clean) {
            return Err(
                "must be a host and no more: https://host, without user, path, query and fragment",
            );
        }
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        match scheme {
            "https" => Ok(Self(url.to_owned())),
            "http"
                if matches!(host, "localhost" | "127.0.0.1" | "[::1]")
                    || host.ends_with(".localhost") =>
            {
                Ok(Self(url.to_owned()))
            }
            "http" => Err("must begin with https://; http:// is for 127.0.0.1 and localhost only"),
            _ => Err("must begin with https://"),
        }
    }

    /// The URL of a path that begins with a slash.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }

    /// The WebSocket URL of a path: `wss:`, or `ws:` where this is `http:`.
    #[must_use]
    pub fn socket_at(&self, path: &str) -> String {
        // https becomes wss, and http ws.
        format!(
            "ws{}{path}",
            self.0.strip_prefix("http").unwrap_or_default()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_setting_is_named_with_what_it_should_be() {
        let none = |_: &str| None;
        let environment = Environment::new(&none);
        let problem = environment
            .required("CALLS_TABLE", "the table of calls")
            .unwrap_err();
        assert_eq!(
            problem.to_string(),
            "CALLS_TABLE is missing: set it to the table of calls"
        );
        let blank = |_: &str| Some("  ".to_owned());
        assert!(
            Environment::new(&blank)
                .required("CALLS_TABLE", "the table of calls")
                .is_err()
        );
    }

    #[test]
    fn a_base_url_is_a_host_and_no_more() {
        let url = BaseUrl::parse("https://abc.lambda-url.us-east-1.on.aws/").unwrap();
        assert_eq!(
            url.at("/records"),
            "https://abc.lambda-url.us-east-1.on.aws/records"
        );
        assert_eq!(
            url.socket_at("/media"),
            "wss://abc.lambda-url.us-east-1.on.aws/media"
        );
        let local = BaseUrl::parse("http://127.0.0.1:8787").unwrap();
        assert_eq!(local.socket_at("/media"), "ws://127.0.0.1:8787/media");
        for wrong in [
            "",
            "edge.example.com",
            "ftp://x",
            "https://",
            "https://host/path",
            "https://host?x=1",
            "https://u@host",
            "http://edge.example.com",
            "http://127.0.0.1.example.com",
        ] {
            assert!(BaseUrl::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn prices_that_are_no_prices_are_told_at_start() {
        let broken = |_: &str| Some("{".to_owned());
        assert_eq!(
            Environment::new(&broken).prices().unwrap_err().name,
            "PRICES"
        );
        let none = |_: &str| None;
        assert_eq!(
            Environment::new(&none).prices().unwrap(),
            PriceTable::list()
        );
    }

    #[test]
    fn one_price_of_our_own_does_not_make_all_else_free() {
        let json = r#"{"rows":[{"dimension":"carrier_minute","provider":"outbound","model":"ES","micro_dollars_per_million":50000000000,"as_of":"2026-10-01","source":"twilio.com/voice/pricing/es"}]}"#;
        let own = |_: &str| Some(json.to_owned());
        let prices = Environment::new(&own).prices().unwrap();
        assert_eq!(prices.rows.len(), PriceTable::list().rows.len() + 1);
    }
}
