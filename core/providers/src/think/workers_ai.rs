//! Cloudflare's Workers AI over REST: `POST …/ai/run/{model}`, streamed.
//!
//! Shapes: Cloudflare's documentation of Workers AI, "Text generation". Older models stream `{"response":"…"}`, newer
//! ones the chunks of OpenAI's chat completions, and what is not streamed comes within `{"result","success","errors"}`.
//! All of it is understood, whichever the model. (The account's OpenAI-shaped endpoint, `…/ai/v1`, is for
//! [`crate::openai`].)

use call::{Line, Reply};
use serde_json::{Value, json};

use super::Settings;
use crate::exchange::Complaint;
use crate::http::HttpRequest;
use crate::openai::{Chat, messages, spent, words};
use crate::post::segments;
use crate::thinking::{Dialect, Framing, Thinking};
use crate::writing::Writing;
use crate::{Exchange, Fetch, Options, Think, body, tool};

/// A model at Workers AI. Where: `https://api.cloudflare.com/client/v4/accounts/{account}`, or an AI Gateway's
/// address in its place.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkersAi(pub Settings);

impl Think for WorkersAi {
    fn ask(&self, history: &[Line]) -> Fetch {
        let Self(settings) = self;
        let mut asked = Options::new();
        asked.insert(
            "messages".to_owned(),
            messages(&settings.instructions, history),
        );
        asked.insert("stream".to_owned(), json!(true));
        if let Some(tools) = tool::offered(&settings.tools) {
            asked.insert("tools".to_owned(), tools);
        }
        body::overlay(&mut asked, &settings.options);
        let endpoint = &settings.endpoint;
        let path = format!("ai/run/{}", segments(&settings.model));
        Fetch {
            request: HttpRequest::with_json(&endpoint.base_url, &path, [], asked).with_key(
                "authorization",
                "Bearer",
                endpoint.api_key.as_ref(),
            ),
            exchange: Exchange::new(Thinking::new(Run, settings.tools.clone())),
        }
    }
}

/// What values mean.
struct Run;

impl Run {
    /// `{"response":"…","tool_calls":[{"name","arguments"}],"usage"}`.
    fn own(value: &Value, writing: &mut Writing, replies: &mut Vec<Reply>) {
        if let Some(response) = value.get("response") {
            words(response, writing, replies);
        }
        for call in value
            .get("tool_calls")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            // Newer models name the function as OpenAI does.
            let function = call.get("function").unwrap_or(call);
            writing.calls(&json!([{"id": call.get("id"), "function": function}]));
        }
        if let Some(spent) = value.get("usage").and_then(spent) {
            writing.spent = spent;
        }
    }
}

impl Dialect for Run {
    const FRAMING: Framing = Framing::Events;
    const EXPECTED: &'static str = "text generation";

    fn read(
        &mut self,
        value: &Value,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<(), Complaint> {
        if value.get("choices").is_some() {
            return Chat.read(value, writing, replies);
        }
        Self::own(value, writing, replies);
        Ok(())
    }

    fn whole(
        &mut self,
        value: &Value,
        writing: &mut Writing,
        replies: &mut Vec<Reply>,
    ) -> Result<bool, Complaint> {
        let result = value.get("result").unwrap_or(value);
        if result.get("choices").is_some() {
            return Chat.whole(result, writing, replies);
        }
        let is_own = ["response", "tool_calls"]
            .iter()
            .any(|name| result.get(name).is_some());
        if is_own {
            Self::own(result, writing, replies);
            writing.finish(replies);
        }
        Ok(is_own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::think::tests::{history, settings};

    #[test]
    fn the_model_is_in_the_path_and_nowhere_else() {
        let mut settings = settings("https://api.cloudflare.com/client/v4/accounts/a1");
        settings.model = "@cf/google/gemma-4-26b-a4b-it".to_owned();
        let request = WorkersAi(settings).ask(&history()).request;
        assert_eq!(
            request.url,
            "https://api.cloudflare.com/client/v4/accounts/a1/ai/run/@cf/google/gemma-4-26b-a4b-it"
        );
        let asked: Value = serde_json::from_slice(&request.body).unwrap();
        let members: Vec<&String> = asked.as_object().unwrap().keys().collect();
        assert_eq!(members, ["messages", "stream", "tools"]);
        assert_eq!(
            request.headers[1],
            ("authorization", "Bearer not-a-real-key".to_owned())
        );
    }
}
