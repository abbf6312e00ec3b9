//! Which streams are let in: one per ticket, with Twilio's signature, for the call that was opened. Whoever else knocks is
//! refused with a line in the log, and asks no provider anything.

use std::time::Duration;

use contract::{BotId, Do, Order, Secret, Ticket};
use e2e::{Socket, World, made_up_call, now_s};
use futures_util::{SinkExt as _, StreamExt as _};
use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

/// A platform that prepares no phrases for the calls that are opened: whatever is asked of a provider, a stream asked it.
async fn quiet_world() -> World {
    World::with(|options| {
        let variables = &mut options.platform.edge_variables;
        variables.insert("SPEECH_CACHE".to_owned(), "off".to_owned());
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_wants_twilios_signature_and_a_ticket_opens_one_stream() {
    let world = quiet_world().await;
    let call = made_up_call(1);
    let ticket = world.ticket(call, 1).seal(&world.edge_secret());
    world.open(call, &[&ticket]).await;
    let url = world.stream_url(call, &ticket);

    for (signature, code) in [
        (None, "signature_missing"),
        (Some("AAAAAAAAAAAAAAAAAAAAAAAAAAA="), "signature_forged"),
        (
            Some(world.handshake(&world.stream_url(call, "x")).as_str()),
            "signature_forged",
        ),
    ] {
        let answer = world.knock(&url, signature).await;
        assert_eq!(
            answer.refusal(),
            (401, code),
            "{signature:?}: {}",
            answer.text
        );
        world
            .logged(&[call.as_str(), code, "a stream is refused"])
            .await;
    }

    let signature = world.handshake(&url);
    // None of this has used the ticket up: it opens the stream once, and no second time.
    let mut stream = world.enter(&url).await;
    let answer = world.knock(&url, Some(&signature)).await;
    assert_eq!(answer.refusal(), (403, "ticket_used"), "{}", answer.text);
    world.logged(&[call.as_str(), "ticket_used"]).await;
    stream.close(None).await.expect("it is open");
    assert_eq!(world.requests(), [0; 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_that_is_not_this_streams_opens_none() {
    let world = quiet_world().await;
    let (call, other) = (made_up_call(1), made_up_call(2));
    let good = world.ticket(call, 1);
    let secret = world.edge_secret();
    let ticket = good.seal(&secret);
    world.open(call, &[&ticket]).await;
    world.open(other, &[]).await;
    let url = world.stream_url(call, &ticket);
    let signature = world.handshake(&url);
    let bot = BotId::new("somebody").expect("an id");
    let account = format!("AC{}", "9".repeat(32)).parse().expect("a SID");
    let sealed = |ticket: Ticket| ticket.seal(&secret);
    for (ticket, code) in [
        ("ticket".to_owned(), "ticket_malformed"),
        ("a.b.c.d.e".to_owned(), "ticket_malformed"),
        (ticket.replace("mesa", "misa"), "ticket_forged"),
        (
            good.seal(&Secret::new("a secret that somebody made up for the test")),
            "ticket_forged",
        ),
        (world.ticket(other, 1).seal(&secret), "ticket_forged"),
        (
            sealed(Ticket {
                expires_s: now_s() - 1,
                ..good.clone()
            }),
            "ticket_expired",
        ),
        (
            sealed(Ticket {
                expires_s: now_s() + 3_600,
                ..good.clone()
            }),
            "ticket_expired",
        ),
        (
            sealed(Ticket {
                bot,
                ..good.clone()
            }),
            "ticket_foreign",
        ),
        (
            sealed(Ticket {
                account,
                ..good.clone()
            }),
            "ticket_foreign",
        ),
    ] {
        let answer = world
            .knock(&world.stream_url(call, &ticket), Some(&signature))
            .await;
        assert_eq!(answer.refusal(), (403, code), "{ticket}: {}", answer.text);
        world
            .logged(&[call.as_str(), code, "a stream is refused"])
            .await;
    }

    let nobody = made_up_call(3);
    let answer = world
        .knock(
            &world.stream_url(nobody, &world.ticket(nobody, 1).seal(&secret)),
            Some(&signature),
        )
        .await;
    assert_eq!(answer.refusal(), (403, "call_unknown"), "{}", answer.text);
    world.logged(&[nobody.as_str(), "call_unknown"]).await;
    assert_eq!(world.requests(), [0; 3]);
}

/// Twilio's first messages, as another's stream would bear them.
async fn begin(stream: &mut Socket, account: &str, call: &str) {
    let start = json!({
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": format!("MZ{}", "0".repeat(32)),
        "start": {
            "streamSid": format!("MZ{}", "0".repeat(32)),
            "accountSid": account,
            "callSid": call,
            "tracks": ["inbound"],
            "mediaFormat": { "encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1 },
            "customParameters": {},
        },
    });
    let connected = json!({ "event": "connected", "protocol": "Call", "version": "1.0.0" });
    for message in [connected, start] {
        stream
            .send(Message::text(message.to_string()))
            .await
            .expect("the stream is open");
    }
}

/// The code with which the edge closes a stream; none if it is still open after a while.
async fn closed(stream: &mut Socket, wait: Duration) -> Option<u16> {
    let closing = async {
        while let Some(Ok(message)) = stream.next().await {
            if let Message::Close(frame) = message {
                return frame.map(|frame| frame.code.into());
            }
        }
        Some(1006)
    };
    tokio::time::timeout(wait, closing).await.ok().flatten()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_names_another_call_or_account_closes_the_stream() {
    let world = quiet_world().await;
    let call = made_up_call(1);
    let tickets: Vec<String> = (1..=4)
        .map(|nonce| world.ticket(call, nonce).seal(&world.edge_secret()))
        .collect();
    world
        .open(
            call,
            &tickets.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .await;
    let own = world.account().to_string();
    let strange = format!("AC{}", "9".repeat(32));
    for (ticket, (account, named, reason)) in tickets.iter().zip([
        (own.as_str(), made_up_call(2), "another call"),
        (strange.as_str(), call, "another account"),
    ]) {
        let mut stream = world.enter(&world.stream_url(call, ticket)).await;
        begin(&mut stream, account, named.as_str()).await;
        assert_eq!(
            closed(&mut stream, e2e::LIMIT).await,
            Some(1008),
            "{reason}"
        );
        world
            .logged(&[call.as_str(), reason, "a stream is closed"])
            .await;
    }
    // Who never says whose stream it is does not stay either.
    let mut mute = world.enter(&world.stream_url(call, &tickets[2])).await;
    assert_eq!(closed(&mut mute, e2e::LIMIT).await, Some(1008));
    assert_eq!(world.requests(), [0; 3]);

    // The call itself took no harm.
    let mut stream = world.enter(&world.stream_url(call, &tickets[3])).await;
    begin(&mut stream, &own, call.as_str()).await;
    world.logged(&[call.as_str(), "a stream is open"]).await;
    assert_eq!(closed(&mut stream, Duration::from_millis(300)).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_comes_during_the_last_words_is_closed_and_twilio_asks_what_is_next() {
    let world = quiet_world().await;
    let call = made_up_call(1);
    let tickets = [1, 2].map(|nonce| world.ticket(call, nonce).seal(&world.edge_secret()));
    world.open(call, &[&tickets[0], &tickets[1]]).await;
    let account = world.account().to_string();
    let mut first = world.enter(&world.stream_url(call, &tickets[0])).await;
    begin(&mut first, &account, call.as_str()).await;
    world.logged(&[call.as_str(), "a stream is open"]).await;
    let order = Order {
        id: "1".to_owned(),
        order: Do::HangUp {
            say: Some("We are closed now, and wish you a good night. ".repeat(8)),
        },
    };
    let url = format!("{}/calls/{call}/orders", world.platform.edge.url());
    let body = serde_json::to_vec(&order).expect("JSON");
    let answer = world.sealed(Method::POST, &url, &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut second = world.enter(&world.stream_url(call, &tickets[1])).await;
    begin(&mut second, &account, call.as_str()).await;
    assert_eq!(closed(&mut second, e2e::LIMIT).await, Some(1000));
}
