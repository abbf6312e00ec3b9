//! In which country a telephone number is, so that nobody can be made to dial where calls are dear.

use twilio::PhoneNumber;

/// The ISO 3166-1 code of a number's country, by the numbering plans of the `phonenumber` crate; `None` for a number that
/// is in none, such as one of a satellite, or that no plan has.
#[must_use]
pub fn of(number: &PhoneNumber) -> Option<String> {
    let number = phonenumber::parse(None, number.as_str()).ok()?;
    let country = number.country().id()?;
    Some(format!("{country:?}"))
}

/// Whether a number may be dialled by somebody to whom only these countries are allowed; with an empty list, all are.
#[must_use]
pub fn is_allowed(number: &PhoneNumber, countries: &[String]) -> bool {
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
