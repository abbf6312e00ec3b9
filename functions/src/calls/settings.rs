use crate::config::{BadSetting, Environment};

/// What the operator may choose about the API.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Settings {
    /// How long a token is good unless its request says otherwise, in minutes.
    pub token_minutes: u64,
    /// Calls that a key may place in a minute.
    pub calls_per_minute: u32,
    /// Requests that a key may make in a minute.
    pub requests_per_minute: u32,
    /// Countries that tenants without a list of their own may dial, by ISO 3166-1 code; empty: all that the carrier allows.
    pub countries: Vec<String>,
    /// Whose pages may ask, each exactly as a browser sends it: `https://console.example.com`.
    pub origins: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            token_minutes: 60,
            calls_per_minute: 5,
            requests_per_minute: 600,
            countries: Vec::new(),
            origins: Vec::new(),
        }
    }
}

impl Settings {
    /// As the environment has it: `TOKEN_MINUTES`, `CALLS_PER_MINUTE`, `REQUESTS_PER_MINUTE`, `OUTBOUND_COUNTRIES`,
    /// `CORS_ORIGINS`.
    ///
    /// # Errors
    /// The first that cannot be.
    pub fn read(environment: &Environment<'_>) -> Result<Self, BadSetting> {
        let own = Self::default();
        let minutes = number(environment, "TOKEN_MINUTES", 1..=1_440, own.token_minutes)?;
        let calls = number(
            environment,
            "CALLS_PER_MINUTE",
            1..=100_000,
            own.calls_per_minute,
        )?;
        let requests = number(
            environment,
            "REQUESTS_PER_MINUTE",
            1..=1_000_000,
            own.requests_per_minute,
        )?;
        let countries = environment.countries()?;
        let origins = environment.list("CORS_ORIGINS");
        for origin in &origins {
            // A slash at the end would never match what a browser sends.
            if origin.ends_with('/') || crate::config::BaseUrl::parse(origin).is_err() {
                return Err(BadSetting {
                    name: "CORS_ORIGINS",
                    problem: format!(
                        "has {origin}: give origins such as https://console.example.com, with commas between"
                    ),
                });
            }
        }
        Ok(Self {
            token_minutes: minutes,
            calls_per_minute: calls,
            requests_per_minute: requests,
            countries,
            origins,
        })
    }
}

fn number<T>(
    environment: &Environment<'_>,
    name: &'static str,
    range: std::ops::RangeInclusive<T>,
    own: T,
) -> Result<T, BadSetting>
where
    T: std::str::FromStr + PartialOrd + std::fmt::Display,
{
    let Some(text) = environment.optional(name) else {
        return Ok(own);
    };
    let number: Option<T> = text.parse().ok();
    number
        .filter(|number| range.contains(number))
        .ok_or_else(|| BadSetting {
            name,
            problem: format!(
                "is a whole number from {} to {}",
                range.start(),
                range.end()
            ),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, value: &str) -> Result<Settings, BadSetting> {
        let look_up = |asked: &str| (asked == name).then(|| value.to_owned());
        Settings::read(&Environment::new(&look_up))
    }

    #[test]
    fn a_setting_that_cannot_be_is_named_with_its_range() {
        assert_eq!(read("", ""), Ok(Settings::default()));
        let two = read("CORS_ORIGINS", "https://a.example, http://localhost:3000").unwrap();
        assert_eq!(two.origins, ["https://a.example", "http://localhost:3000"]);
        let two = read("OUTBOUND_COUNTRIES", "US, ES").unwrap();
        assert_eq!(two.countries, ["US", "ES"]);
        for (name, value) in [
            ("TOKEN_MINUTES", "0"),
            ("TOKEN_MINUTES", "soon"),
            ("CALLS_PER_MINUTE", "-1"),
            ("REQUESTS_PER_MINUTE", "many"),
            ("OUTBOUND_COUNTRIES", "US,Spain"),
            ("CORS_ORIGINS", "*"),
            ("CORS_ORIGINS", "https://a.example/"),
        ] {
            assert_eq!(read(name, value).unwrap_err().name, name, "{value}");
        }
    }
}
