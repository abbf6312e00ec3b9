use serde::{Deserialize, Serialize};

use super::{HttpRequest, RestError, account_path, outcome};
use crate::form::Form;
use crate::ids::{AccountSid, NumberSid, PhoneNumber};

/// A number that the account owns, as the API shows it (`IncomingPhoneNumbers` resource).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberResource {
    /// Its identifier.
    pub sid: NumberSid,
    /// The number.
    pub phone_number: PhoneNumber,
    /// The name the console shows.
    #[serde(default)]
    pub friendly_name: Option<String>,
    /// Where Twilio asks what to do with a call.
    #[serde(default)]
    pub voice_url: Option<String>,
    /// Where it asks if that fails.
    #[serde(default)]
    pub voice_fallback_url: Option<String>,
    /// Where it posts that a call is over.
    #[serde(default)]
    pub status_callback: Option<String>,
    /// How it asks: `GET` or `POST`.
    #[serde(default)]
    pub voice_method: Option<String>,
    /// How it asks the fallback.
    #[serde(default)]
    pub voice_fallback_method: Option<String>,
    /// How it tells that a call is over.
    #[serde(default)]
    pub status_callback_method: Option<String>,
    /// What can be done with the number.
    #[serde(default)]
    pub capabilities: Option<Capabilities>,
    /// If set, the URLs above count for nothing.
    #[serde(default)]
    pub voice_application_sid: Option<String>,
    /// If set, the URLs above count for nothing.
    #[serde(default)]
    pub trunk_sid: Option<String>,
}

/// What can be done with a number. What is not said is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// Calls.
    pub voice: bool,
    /// Text messages.
    pub sms: bool,
}

/// What a number does with calls: all that pointing it elsewhere changes, so that it can be undone.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NumberSettings {
    /// Where Twilio asks what to do with a call.
    pub voice_url: Option<String>,
    /// How it asks: `GET` or `POST`.
    pub voice_method: Option<String>,
    /// Where it asks if that fails.
    pub voice_fallback_url: Option<String>,
    /// How it asks there.
    pub voice_fallback_method: Option<String>,
    /// Where it tells that a call is over.
    pub status_callback: Option<String>,
    /// How it tells.
    pub status_callback_method: Option<String>,
    /// If set, the URLs above count for nothing.
    pub voice_application_sid: Option<String>,
    /// If set, the URLs above count for nothing.
    pub trunk_sid: Option<String>,
}

impl NumberResource {
    /// What the number does with calls. Twilio shows what is not set as empty or as null; here it is none.
    #[must_use]
    pub fn settings(&self) -> NumberSettings {
        let set = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
        NumberSettings {
            voice_url: set(&self.voice_url),
            voice_method: set(&self.voice_method),
            voice_fallback_url: set(&self.voice_fallback_url),
            voice_fallback_method: set(&self.voice_fallback_method),
            status_callback: set(&self.status_callback),
            status_callback_method: set(&self.status_callback_method),
            voice_application_sid: set(&self.voice_application_sid),
            trunk_sid: set(&self.trunk_sid),
        }
    }
}

/// Gives a number settings that it had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreNumber {
    /// Which.
    pub number: NumberSid,
    /// What it shall do again. What is none is cleared, but for methods, which stay.
    pub settings: NumberSettings,
}

impl RestoreNumber {
    /// The request.
    #[must_use]
    pub fn request(&self, account: &AccountSid) -> HttpRequest {
        let had = &self.settings;
        let mut form = Form::new();
        for (name, value) in [
            ("VoiceUrl", &had.voice_url),
            ("VoiceFallbackUrl", &had.voice_fallback_url),
            ("StatusCallback", &had.status_callback),
            ("VoiceApplicationSid", &had.voice_application_sid),
            ("TrunkSid", &had.trunk_sid),
        ] {
            form.push(name, value.as_deref().unwrap_or_default());
        }
        form.push_some("VoiceMethod", had.voice_method.as_ref());
        form.push_some("VoiceFallbackMethod", had.voice_fallback_method.as_ref());
        form.push_some("StatusCallbackMethod", had.status_callback_method.as_ref());
        number_request(account, self.number, &form)
    }

    /// What the answer means.
    ///
    /// # Errors
    /// Any answer but 200.
    pub fn outcome(status: u16, body: &[u8]) -> Result<NumberResource, RestError> {
        outcome(status, body)
    }
}

fn number_request(account: &AccountSid, number: NumberSid, form: &Form) -> HttpRequest {
    HttpRequest::post(
        account_path(account, &format!("IncomingPhoneNumbers/{number}.json")),
        form,
    )
}

/// Some of the numbers of an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberPage {
    /// The numbers.
    pub incoming_phone_numbers: Vec<NumberResource>,
    /// Where the others are, from the first `/`; none if there are no others.
    #[serde(default)]
    pub next_page_uri: Option<String>,
}

/// Asks for the numbers of an account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListNumbers {
    /// This one only.
    pub phone_number: Option<PhoneNumber>,
}

impl ListNumbers {
    /// The request, for pages as large as they come.
    #[must_use]
    pub fn request(&self, account: &AccountSid) -> HttpRequest {
        let mut query = Form::new();
        query.push_some("PhoneNumber", self.phone_number.as_ref());
        query.push("PageSize", 1000);
        HttpRequest::get(account_path(
            account,
            &format!("IncomingPhoneNumbers.json?{}", query.encode()),
        ))
    }

    /// The request for the page after that one, if there is one. It must be of the same account, or it is not followed: the
    /// credentials go along.
    #[must_use]
    pub fn next(account: &AccountSid, page: &NumberPage) -> Option<HttpRequest> {
        let target = page.next_page_uri.as_ref()?;
        target
            .starts_with(&account_path(account, ""))
            .then(|| HttpRequest::get(target.clone()))
    }

    /// What the answer means.
    ///
    /// # Errors
    /// Any answer but 200.
    pub fn outcome(status: u16, body: &[u8]) -> Result<NumberPage, RestError> {
        outcome(status, body)
    }
}

/// Points a number at the platform. Clears its application and its trunk, either of which would make Twilio ignore the URLs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateNumber {
    /// Which.
    pub number: NumberSid,
    /// Where Twilio shall ask what to do with a call.
    pub voice_url: String,
    /// Where it shall ask if that fails; none clears it.
    pub voice_fallback_url: Option<String>,
    /// Where it shall post that a call is over, once for each; none clears it.
    pub status_callback: Option<String>,
}

impl UpdateNumber {
    /// The request.
    #[must_use]
    pub fn request(&self, account: &AccountSid) -> HttpRequest {
        let mut form = Form::new();
        form.push("VoiceUrl", &self.voice_url);
        form.push("VoiceMethod", "POST");
        form.push(
            "VoiceFallbackUrl",
            self.voice_fallback_url.as_deref().unwrap_or_default(),
        );
        form.push("VoiceFallbackMethod", "POST");
        form.push(
            "StatusCallback",
            self.status_callback.as_deref().unwrap_or_default(),
        );
        form.push("StatusCallbackMethod", "POST");
        form.push("VoiceApplicationSid", "");
        form.push("TrunkSid", "");
        number_request(account, self.number, &form)
    }

    /// What the answer means.
    ///
    /// # Errors
    /// Any answer but 200.
    pub fn outcome(status: u16, body: &[u8]) -> Result<NumberResource, RestError> {
        outcome(status, body)
    }
}
