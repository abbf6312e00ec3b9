//! What both test programs need: one exchange of each kind.

use audio::{Clip, mulaw};
use call::{Line, Reply};
use providers::openai::{Listen, Speak, Think};
use providers::{BaseUrl, End, Endpoint, Exchange, Flushed, Head, Options, Tool};

pub(crate) fn endpoint() -> Endpoint {
    Endpoint {
        base_url: BaseUrl::new("http://127.0.0.1:1/v1").unwrap(),
        api_key: None,
    }
}

pub(crate) fn thinking() -> Exchange {
    let transfer = Tool::Transfer {
        to: "+15550100".to_owned(),
        when: "They want a person.".to_owned(),
    };
    let think = Think {
        endpoint: endpoint(),
        model: "thinker".to_owned(),
        instructions: "Be brief.".to_owned(),
        tools: vec![Tool::EndCall, transfer, Tool::SendKeys],
        options: Options::new(),
    };
    think.ask(&[Line::Caller("Hello?".to_owned())]).exchange
}

pub(crate) fn speaking() -> Exchange {
    let speak = Speak {
        endpoint: endpoint(),
        model: "speaker".to_owned(),
        voice: "mara".to_owned(),
        directions: String::new(),
        options: Options::new(),
    };
    speak.ask("Hello.").exchange
}

/// Of flush number 1.
pub(crate) fn transcribing() -> Exchange {
    let listen = Listen {
        endpoint: endpoint(),
        model: "listener".to_owned(),
        language: "en-US".to_owned(),
        options: Options::new(),
    };
    let mut listening = listen.ask();
    listening.feed(&Clip::from(vec![mulaw::encode(8000); 800]));
    match listening.flush(1) {
        Flushed::Fetch(fetch) => fetch.exchange,
        Flushed::Answer(reply) => panic!("there was sound, but {reply:?}"),
    }
}

/// All replies to a response that arrives in these chunks.
pub(crate) fn replies(
    mut exchange: Exchange,
    status: u16,
    content_type: &str,
    chunks: &[&[u8]],
    end: End,
) -> Vec<Reply> {
    let mut replies = Vec::new();
    let head = Head {
        status,
        content_type: content_type.to_owned(),
        ..Head::default()
    };
    exchange.head(&head, &mut replies);
    for chunk in chunks {
        exchange.push(chunk, &mut replies);
    }
    exchange.finish(end, &mut replies);
    replies
}
