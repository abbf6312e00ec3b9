//! A call as it runs, as server-sent events.

use std::time::Duration;

use contract::{CallId, Pass};
use e2e::{LIMIT, World, now_s};
use local::demo::Shown;
use local::twilio::Call;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use super::crash::{FIRST_OF_MENU, LAST_OF_MENU, up_to_the_menu};

/// How long it may take to see that somebody is gone: less than until something is sent to all of them, which would tell.
const GONE_MAX: Duration = Duration::from_secs(14);

/// One event.
#[derive(Clone, Debug)]
struct Seen {
    id: Option<u64>,
    name: String,
    data: Value,
}

/// Somebody who watches.
struct Watcher {
    response: reqwest::Response,
    rest: String,
    seen: Vec<Seen>,
}

fn url(world: &World, call: CallId, expires_s: u64) -> String {
    let pass = Pass { call, expires_s }.seal(&world.edge_secret());
    format!(
        "{}/calls/{call}/events?pass={pass}",
        world.platform.edge.url()
    )
}

impl Watcher {
    async fn of(world: &World, call: &Call, after: Option<u64>) -> Self {
        let url = url(world, CallId::from(call.sid()), now_s() + 30);
        let client = reqwest::Client::builder().no_proxy().build();
        let mut request = client.expect("a client").get(url);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let response = request.send().await.expect("an answer");
        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()["content-type"],
            "text/event-stream; charset=utf-8"
        );
        Self {
            response,
            rest: String::new(),
            seen: Vec::new(),
        }
    }

    /// The next event; none at the end.
    async fn next(&mut self) -> Option<Seen> {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let field = |name: &str| {
                    let mut lines = event.lines();
                    lines
                        .find_map(|line| line.strip_prefix(name))
                        .map(str::to_owned)
                };
                let seen = Seen {
                    id: field("id: ").and_then(|id| id.parse().ok()),
                    name: field("event: ").expect("a name"),
                    data: serde_json::from_str(&field("data: ").expect("data")).expect("JSON"),
                };
                let rest = rest.to_owned();
                self.rest = rest;
                self.seen.push(seen.clone());
                return Some(seen);
            }
            let chunk = timeout(LIMIT, self.response.chunk()).await;
            let chunk = chunk.expect("something comes").expect("unbroken")?;
            self.rest.push_str(&String::from_utf8_lossy(&chunk));
        }
    }

    async fn sees(&mut self, name: &str, wanted: impl Fn(&Value) -> bool) -> Seen {
        while let Some(seen) = self.next().await {
            if seen.name == name && wanted(&seen.data) {
                return seen;
            }
        }
        panic!("the end came before {name}: {:#?}", self.seen);
    }

    fn numbers(&self) -> Vec<u64> {
        self.seen.iter().filter_map(|seen| seen.id).collect()
    }
}

fn turn(words: &'static str) -> impl Fn(&Value) -> bool {
    move |data| {
        let text = data["record"]["text"].as_str();
        text.is_some_and(|text| text.contains(words))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_sees_everything_so_far_and_then_what_comes() {
    let world = World::start().await;
    let call = world.dial();
    world.ask(&call, "for four people", "which day").await;
    let mut early = Watcher::of(&world, &call, None).await;
    early.sees("turn", turn("for four people")).await;
    early.sees("state", |_| true).await;
    world.ask(&call, "tomorrow", "what time").await;
    // It may never have thought: a reply that was prepared in the pause before the decision is there at once.
    early
        .sees("state", |data| data["state"] == "speaking")
        .await;
    let asked = early.sees("turn", turn("what time")).await;
    let mut late = Watcher::of(&world, &call, asked.id).await;
    late.sees("state", |_| true).await;
    let told = late.numbers();
    assert!(
        told.is_empty(),
        "nothing that was seen is told again: {told:?}"
    );
    call.hang_up();
    for watcher in [&mut early, &mut late] {
        watcher.sees("ended", |_| true).await;
        watcher.sees("end", |_| true).await;
        assert!(watcher.next().await.is_none());
    }
    let numbers = early.numbers();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert!(early.seen.iter().any(|seen| seen.name == "saying"));
    // Afterwards all of it is told at once, with what came last.
    world.told(&call).await;
    let mut after = Watcher::of(&world, &call, None).await;
    after.sees("end", |_| true).await;
    let told = after.numbers();
    assert!(
        told.starts_with(&numbers) && told.len() > numbers.len(),
        "{told:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_in_the_middle_of_a_sentence_sees_what_is_being_said() {
    let world = World::start().await;
    let call = world.dial();
    // There is enough of it for whoever comes late, however slow the machine.
    up_to_the_menu(&world, &call).await;
    let mut late = Watcher::of(&world, &call, None).await;
    let saying = late.sees("saying", |_| true).await;
    let begun = saying.data["text"].as_str().expect("a text");
    assert!(begun.starts_with(FIRST_OF_MENU), "{begun}");
    let is_menu = turn(FIRST_OF_MENU);
    let is_over = late.seen.iter().any(|seen| is_menu(&seen.data));
    assert!(!is_over, "it was being said: {:#?}", late.seen);
    // What was said is not being said.
    let turn = late.sees("turn", turn(LAST_OF_MENU)).await;
    let mut later = Watcher::of(&world, &call, turn.id).await;
    later.sees("state", |_| true).await;
    call.hang_up();
    later.sees("end", |_| true).await;
    let again = later.seen.iter().find(|seen| seen.name == "saying");
    assert!(again.is_none(), "{again:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_watched_and_went_away_takes_no_place() {
    let world = World::start().await;
    let call = world.dial();
    let is_there = |shown: &Shown| !shown.turns.is_empty();
    world.shown(&call, "a turn", is_there).await;
    // More than may watch at once, though nothing happens meanwhile that would tell who is gone.
    let client = reqwest::Client::builder().no_proxy().build();
    let client = client.expect("a client");
    let deadline = Instant::now() + GONE_MAX;
    let mut seen = 0;
    while seen < 20 {
        let url = url(&world, CallId::from(call.sid()), now_s() + 30);
        let response = client.get(url).send().await.expect("an answer");
        match response.status().as_u16() {
            200 => seen += 1,
            // It takes a busy machine a moment to see that they are gone.
            429 => tokio::time::sleep(Duration::from_millis(50)).await,
            other => panic!("{other}"),
        }
        assert!(Instant::now() < deadline, "only {seen} were let in");
    }
    call.hang_up();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_pass_lets_in_and_only_listed_pages_may_read() {
    let world = World::with(|options| {
        let variables = &mut options.platform.edge_variables;
        variables.insert(
            "CORS_ORIGINS".to_owned(),
            "https://console.example".to_owned(),
        );
    })
    .await;
    let call = world.dial();
    let id = CallId::from(call.sid());
    world
        .shown(&call, "a turn", |shown| !shown.turns.is_empty())
        .await;
    let get = async |url: &str, origin: &str| {
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client");
        let request = client.get(url).header("origin", origin);
        request.send().await.expect("an answer")
    };
    let own = "https://console.example";
    let good = get(&url(&world, id, now_s() + 30), own).await;
    assert_eq!(good.status(), 200);
    assert_eq!(good.headers()["access-control-allow-origin"], own);
    let other_call = url(&world, CallId::web(7), now_s() + 30);
    let pass = other_call.split_once("pass=").expect("a pass").1;
    let foreign = format!(
        "{}/calls/{id}/events?pass={pass}",
        world.platform.edge.url()
    );
    for (url, origin, status) in [
        (url(&world, id, now_s() - 1), own, 403),
        (url(&world, id, now_s() + 3_600), own, 403),
        (foreign, own, 403),
        (url(&world, id, now_s() + 30), "https://evil.example", 403),
        (other_call.clone(), own, 404),
        (
            format!("{}/calls/{id}/events", world.platform.edge.url()),
            own,
            403,
        ),
    ] {
        assert_eq!(get(&url, origin).await.status(), status, "{url} {origin}");
    }
    call.hang_up();
}
