//! In which country a telephone number is, so that nobody can be made to dial where calls are dear.

use twilio::PhoneNumber;

use crate::store::Terms;

/// Where a bot may have somebody called.
pub struct Reach<'a> {
    tenants: &'a [String],
    own: &'a [String],
}

/// A number that may be dialled now.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Allowed(PhoneNumber);

/// A number that may not be dialled, by where it is.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this number is in {0}, which is not among the countries allowed")]
pub struct NotAllowed(String);

impl<'a> Reach<'a> {
    /// The countries that a tenant may dial, or the deployment's (`general`) if it has no list, and of these the bot's `own`:
    /// a bot is its tenant's to change, so its list can only narrow what the operator allows.
    #[must_use]
    pub fn new(terms: &'a Terms, general: &'a [String], own: &'a [String]) -> Self {
        let tenants = &terms.limits.outbound_countries;
        Self {
            tenants: if tenants.is_empty() { general } else { tenants },
            own,
        }
    }

    /// Lets a number be dialled.
    ///
    /// # Errors
    /// It is in a country that is not allowed, or in none.
    pub fn lets(&self, number: &PhoneNumber) -> Result<Allowed, NotAllowed> {
        if is_allowed(number, self.tenants) && is_allowed(number, self.own) {
            return Ok(Allowed(number.clone()));
        }
        let country = of(number).unwrap_or_else(|| "no country".to_owned());
        Err(NotAllowed(country))
    }
}

impl From<Allowed> for PhoneNumber {
    fn from(allowed: Allowed) -> Self {
        allowed.0
    }
}

/// The ISO 3166-1 code of a number's country, by the numbering plans of the `phonenumber` crate; `None` for a number that
/// is in none, such as one of a satellite, or that no plan has.
#[must_use]
pub fn of(number: &PhoneNumber) -> Option<String> {
    let number = phonenumber::parse(None, number.as_str()).ok()?;
    let country = number.country().id()?;
    Some(format!("{country:?}"))
}

/// Whether a number may be dialled by somebody to whom only these countries are allowed; with an empty list, all are.
fn is_allowed(number: &PhoneNumber, countries: &[String]) -> bool {
    countries.is_empty() || of(number).is_some_and(|country| countries.contains(&country))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> PhoneNumber {
        text.parse().unwrap()
    }

    #[test]
    fn a_country_is_told_even_where_several_share_a_code() {
        for (text, country) in [
            ("+12125551234", Some("US")),
            ("+15005550006", Some("US")),
            ("+14165551234", Some("CA")),
            ("+18765551234", Some("JM")),
            ("+441534567890", Some("JE")),
            ("+77011234567", Some("KZ")),
            ("+79161234567", Some("RU")),
            ("+34910000000", Some("ES")),
            ("+8835100123456", None),
            ("+999123456", None),
        ] {
            assert_eq!(of(&number(text)).as_deref(), country, "{text}");
        }
    }

    #[test]
    fn a_number_of_no_country_is_allowed_only_where_all_are() {
        let satellite = number("+8835100123456");
        assert!(is_allowed(&satellite, &[]));
        assert!(!is_allowed(&satellite, &["US".to_owned()]));
        assert!(is_allowed(&number("+12125551234"), &["US".to_owned()]));
        assert!(!is_allowed(&number("+18765551234"), &["US".to_owned()]));
    }
}
