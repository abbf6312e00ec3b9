//! One exchange of each kind, with a provider that speaks as OpenAI does.

use audio::{Clip, mulaw};
use call::Line;
use providers::openai::{Listen, Speak, Think};
use providers::{Exchange, Flushed, Options, Tool};

use crate::road::endpoint;

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
