//! What a call used.

use serde::{Deserialize, Serialize};

/// What a call used: counted where it happens, priced where the prices are.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Usage {
    /// Time with a stream or socket open, in milliseconds.
    pub line_ms: u64,
    /// Time through the carrier, in milliseconds: with a stream, and of a caller who was put through also without.
    pub carrier_ms: u64,
    /// What providers did, one entry for each stage, provider and model.
    pub work: Vec<Work>,
}

/// What one provider did with one model.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Work {
    /// For which stage.
    pub stage: WorkStage,
    /// As the bot names it.
    pub provider: String,
    /// The model that was asked for; empty if none was named.
    #[serde(default)]
    pub model: String,
    /// How much.
    #[serde(flatten)]
    pub amount: Amount,
}

/// Which stage.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum WorkStage {
    /// Speech-to-text.
    Listen,
    /// Language model.
    Think,
    /// Text-to-speech.
    Speak,
}

/// How much a provider did. Requests that lost a race or were thrown away are in it: they are paid too.
///
/// Tokens are those that the provider tells. Of a request that was cancelled or cut before it told, and of a provider that
/// never tells, they are an estimate: one for each four characters.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Amount {
    /// Requests, or for a provider that listens by socket, stretches of speech.
    pub requests: u64,
    /// Audio sent to speech-to-text, or how long a socket was open to one who bills that, in milliseconds.
    #[serde(skip_serializing_if = "is_none")]
    pub listen_ms: u64,
    /// Language model input, in tokens, fresh; may be an estimate.
    #[serde(skip_serializing_if = "is_none")]
    pub input_tokens: u64,
    /// Language model input that the provider had cached, in tokens.
    #[serde(skip_serializing_if = "is_none")]
    pub cached_tokens: u64,
    /// Language model output, in tokens; may be an estimate.
    #[serde(skip_serializing_if = "is_none")]
    pub output_tokens: u64,
    /// Characters given to text-to-speech.
    #[serde(skip_serializing_if = "is_none")]
    pub chars: u64,
    /// Characters whose speech was there already: nobody was asked.
    #[serde(skip_serializing_if = "is_none")]
    pub cached_chars: u64,
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over a reference"
)]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// Adds what another stretch used.
    pub fn add(&mut self, other: &Self) {
        self.line_ms += other.line_ms;
        self.carrier_ms += other.carrier_ms;
        for work in &other.work {
            self.did(work.stage, &work.provider, &work.model, work.amount);
        }
    }

    /// Adds what a provider did.
    pub fn did(&mut self, stage: WorkStage, provider: &str, model: &str, amount: Amount) {
        let known = self
            .work
            .iter_mut()
            .find(|work| work.stage == stage && work.provider == provider && work.model == model);
        match known {
            Some(work) => work.amount.add(amount),
            None => self.work.push(Work {
                stage,
                provider: provider.to_owned(),
                model: model.to_owned(),
                amount,
            }),
        }
    }

    /// What all providers of a stage did together.
    #[must_use]
    pub fn total(&self, stage: WorkStage) -> Amount {
        let mut total = Amount::default();
        for work in self.work.iter().filter(|work| work.stage == stage) {
            total.add(work.amount);
        }
        total
    }
}

impl Amount {
    /// Adds another.
    pub fn add(&mut self, other: Self) {
        self.requests += other.requests;
        self.listen_ms += other.listen_ms;
        self.input_tokens += other.input_tokens;
        self.cached_tokens += other.cached_tokens;
        self.output_tokens += other.output_tokens;
        self.chars += other.chars;
        self.cached_chars += other.cached_chars;
    }
}
