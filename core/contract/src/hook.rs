//! The signature on requests to servers of the operator's: webhooks and tools. As the Standard Webhooks specification has
//! it, so that their own libraries check it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

/// Header with the id of the message, the same at each attempt.
pub const HOOK_ID_HEADER: &str = "webhook-id";
/// Header with the time of the attempt, in seconds since the Unix epoch.
pub const HOOK_TIME_HEADER: &str = "webhook-timestamp";
/// Header with the signature.
pub const HOOK_SIGNATURE_HEADER: &str = "webhook-signature";

/// A tenant's secret for what is sent to its servers. Text form: `whsec_` and 24 to 64 bytes in base64. `Debug` does not
/// show it.
#[derive(Clone, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String))]
pub struct HookSecret(Vec<u8>);

impl HookSecret {
    /// A secret of these random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(random.to_vec())
    }

    /// The headers of a request.
    #[must_use]
    pub fn headers(&self, id: &str, now_s: u64, body: &[u8]) -> [(&'static str, String); 3] {
        [
            (HOOK_ID_HEADER, id.to_owned()),
            (HOOK_TIME_HEADER, now_s.to_string()),
            (HOOK_SIGNATURE_HEADER, self.sign(id, now_s, body)),
        ]
    }

    fn sign(&self, id: &str, now_s: u64, body: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(&self.0)
            .unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()));
        let tag = mac
            .chain_update(format!("{id}.{now_s}."))
            .chain_update(body)
            .finalize()
            .into_bytes();
        format!("v1,{}", STANDARD.encode(tag))
    }
}

impl std::fmt::Debug for HookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HookSecret(…)")
    }
}

impl From<HookSecret> for String {
    fn from(secret: HookSecret) -> Self {
        format!("whsec_{}", STANDARD.encode(secret.0))
    }
}

impl TryFrom<String> for HookSecret {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let bytes = text
            .strip_prefix("whsec_")
            .and_then(|text| STANDARD.decode(text).ok())
            .filter(|bytes| (24..=64).contains(&bytes.len()));
        bytes
            .map(Self)
            .ok_or("a webhook secret is whsec_ and 24 to 64 bytes in base64")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_specification() {
        // The example of the specification's own libraries.
        let secret = HookSecret::try_from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned());
        let signature = secret.unwrap().sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_survives_its_text_and_does_not_show_itself() {
        let secret = HookSecret::new([7; 32]);
        assert_eq!(
            HookSecret::try_from(String::from(secret.clone())).as_ref(),
            Ok(&secret)
        );
        assert_eq!(format!("{secret:?}"), "HookSecret(…)");
        assert!(HookSecret::try_from("whsec_AAAA".to_owned()).is_err());
    }
}
