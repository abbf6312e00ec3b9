//! `callbox keys`, `token` and `bot list` against the real platform: what is made opens what it may, and then nothing more.

use e2e::{Program, World};
use reqwest::Method;
use serde_json::{Value, json};

use super::operator::{BOT, operator};

fn word(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_made_shown_once_listed_and_revoked() {
    let world = World::start().await;
    let program = operator(&world);
    let scopes = "bots:read,keys:write,talk";
    let made = program
        .run(&["keys", "create", "--name", "laptop", "--scopes", scopes])
        .await;
    assert_eq!(made.code, 0, "{}", made.err);
    // The key alone on standard output, for a pipe.
    let key = made.out.trim().to_owned();
    assert!(key.starts_with("cbx_") && key.len() == 85, "{}", made.out);
    let id = key.get(4..20).expect("an id").to_owned();
    assert!(made.err.contains(&id) && !made.err.contains(&key));

    let listed = program.run(&["keys", "list", "--json"]).await;
    assert!(!listed.out.contains(&key), "{}", listed.out);
    let keys = listed.json().remove(0)["keys"].clone();
    let keys = keys.as_array().expect("keys").clone();
    let found = keys.iter().find(|found| word(found, "id") == id);
    let found = found.expect("the key is listed");
    assert_eq!(word(found, "name"), "laptop");
    assert!(found["revoked_ms"].is_null(), "{found}");
    let table = program.run(&["keys", "list"]).await;
    assert!(
        table.out.contains(&id) && table.out.contains("laptop"),
        "{}",
        table.out
    );

    let holder = program.with("CALLBOX_API_KEY", key.as_str());
    let bots = holder.run(&["bot", "list", "--json"]).await;
    assert_eq!(bots.code, 0, "{}", bots.err);
    let calls = holder.run(&["calls", "--json"]).await;
    assert_eq!(calls.error(), "scope_missing");
    let wider = holder
        .run(&["keys", "create", "--scopes", "calls:write", "--json"])
        .await;
    assert_eq!(wider.error(), "scope_too_wide");

    let revoked = operator(&world)
        .run(&["keys", "revoke", &id, "--json"])
        .await;
    assert_eq!(revoked.code, 0, "{}", revoked.err);
    assert_eq!(word(&revoked.json()[0], "revoked"), id);
    let late = holder.run(&["bot", "list", "--json"]).await;
    assert_eq!((late.code, late.error()), (1, "key_revoked".to_owned()));
    assert!(!late.err.contains(&key), "{}", late.err);
    let nothing = operator(&world)
        .run(&["keys", "revoke", &"0".repeat(16), "--json"])
        .await;
    assert_eq!((nothing.code, nothing.error()), (1, "not_found".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_talks_with_its_bot_and_does_nothing_else() {
    let world = World::start().await;
    let program = operator(&world);
    let made = program
        .run(&["token", "--bot", "mesa", "--ttl", "15m", "--json"])
        .await;
    let made = made.json().remove(0);
    let expires_s = made["expires_s"].as_u64().expect("a time");
    let left_s = expires_s.saturating_sub(e2e::now_s());
    assert!((840..=900).contains(&left_s), "{left_s}");
    assert_eq!(made["scopes"], serde_json::json!(["talk"]));
    let plain = program.run(&["token", "--bot", "mesa"]).await;
    let token = plain.out.trim().to_owned();
    assert_eq!(token.split('.').count(), 3, "{}", plain.out);

    let holder: Program = program.with("CALLBOX_API_KEY", token);
    let bots = holder.run(&["bot", "list", "--json"]).await;
    assert_eq!(bots.error(), "scope_missing");
    let another = holder.run(&["token", "--json"]).await;
    assert_eq!(another.error(), "key_only");
    for (arguments, code) in [
        (
            ["token", "--bot", "nobody", "--json"].as_slice(),
            "bot_unknown",
        ),
        (
            ["token", "--scopes", "everything", "--json"].as_slice(),
            "body_malformed",
        ),
    ] {
        let refused = operator(&world).run(arguments).await;
        assert_eq!(refused.error(), code, "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bots_are_listed_with_their_versions() {
    let world = World::start().await;
    let program = operator(&world);
    program.write("desk.toml", BOT);
    let applied = program.run(&["bot", "apply", "desk.toml", "--yes"]).await;
    assert_eq!(applied.code, 0, "{}", applied.err);
    let listed = program.run(&["bot", "list", "--json"]).await;
    let bots = listed.json().remove(0)["bots"].clone();
    let ids: Vec<_> = bots
        .as_array()
        .expect("bots")
        .iter()
        .map(|bot| word(bot, "id"))
        .collect();
    assert_eq!(ids, ["desk", "mesa"]);
    let table = program.run(&["bot", "list"]).await;
    assert!(
        table.out.contains("desk") && table.out.contains("Front desk"),
        "{}",
        table.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_a_file_does_not_say_stays_as_somebody_else_has_set_it() {
    let world = World::start().await;
    let program = operator(&world);
    program.write("desk.toml", BOT);
    let apply = async |more: &str| {
        let arguments = ["bot", "apply", "desk.toml", "--json", more];
        program.run(&arguments).await.json().remove(0)
    };
    assert_eq!(apply("--yes").await["applied"], true);
    let paid = json!({ "price": { "per_call_micro_dollars": 50_000 } });
    let set = world.api.send(Method::PATCH, "/bots/desk", Some(paid));
    set.await.expect("a price");
    assert_eq!(apply("--yes").await["applied"], false);
    program.write(
        "desk.toml",
        &format!("{BOT}[price]\nper_call_micro_dollars = 60000\n"),
    );
    let changes = apply("--dry-run").await["bots"][0]["changes"].clone();
    assert_eq!(changes[0]["field"], "price.per_call_micro_dollars");
    assert_eq!(changes.as_array().map(Vec::len), Some(1), "{changes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_a_file_no_longer_names_is_taken_away_unless_it_names_none_at_all() {
    let world = World::start().await;
    let program = operator(&world);
    let apply = async |numbers: &str, more: &str| {
        let text = BOT.replace("numbers = [\"+15005550010\"]", numbers);
        program.write("desk.toml", &text);
        program
            .run(&["bot", "apply", "desk.toml", "--json", more])
            .await
            .json()
            .remove(0)
    };
    let two = apply("numbers = [\"+15005550010\", \"+15005550011\"]", "--yes").await;
    assert_eq!(two["applied"], true, "{two}");
    assert_eq!(apply("", "--yes").await["applied"], false);
    let one = "numbers = [\"+15005550011\"]";
    let shown = apply(one, "--dry-run").await["bots"][0]["numbers"].clone();
    let gone = json!([{ "number": "+15005550010", "from": "desk", "to": null }]);
    assert_eq!(shown, gone);
    assert_eq!(apply(one, "--yes").await["applied"], true);
    let get = |path| world.api.send(Method::GET, path, None);
    let nobodys = get("/numbers/+15005550010").await;
    assert!(nobodys.expect_err("nobody's").to_string().contains("404"));
    let kept = get("/numbers/+15005550011").await;
    assert_eq!(kept.expect("a number")["bot"], "desk");
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_are_listed_by_direction_and_time_and_on_from_where_a_list_ended() {
    let world = World::start().await;
    let program = operator(&world);
    let place = async |more: &[&str]| {
        let arguments = ["call", "+15005550001", "--no-wait", "--json"];
        let arguments: Vec<_> = arguments.iter().chain(more).copied().collect();
        let placed = program.run(&arguments).await;
        assert_eq!(placed.code, 0, "{}", placed.err);
        word(&placed.json()[0], "call")
    };
    let first = place(&["--time-limit", "60", "--machine", "hang-up"]).await;
    let second = place(&["--message", "Please call us back."]).await;
    let list = async |more: &[&str]| {
        let arguments: Vec<_> = ["calls", "--json"].iter().chain(more).copied().collect();
        program.run(&arguments).await
    };
    for (more, count) in [
        (&["--direction", "outbound"][..], 2),
        (&["--direction", "inbound"], 0),
        (&["--since", "2020-01-01", "--bot", "mesa"], 2),
        (&["--until", "2020-01-01T00:00:00Z"], 0),
    ] {
        let listed = list(more).await.json().remove(0);
        let calls = listed["calls"].as_array().map(Vec::len);
        assert_eq!(calls, Some(count), "{more:?} {listed}");
    }
    assert_eq!(list(&["--since", "lately"]).await.error(), "time_malformed");
    let newest = list(&["--limit", "1"]).await.json().remove(0);
    assert_eq!(newest["calls"][0]["call"], second);
    let next = word(&newest, "next");
    let rest = list(&["--after", &next]).await.json().remove(0);
    assert_eq!(rest["calls"][0]["call"], first);
    let both = program.run(&[
        "call",
        "+15005550001",
        "--machine",
        "hang-up",
        "--message",
        "x",
    ]);
    assert_eq!(both.await.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_cannot_be_read_is_told_to_programs_too() {
    let program = Program::new();
    for arguments in [
        ["calls", "--direction", "sideways", "--json"].as_slice(),
        &["--json", "answer"],
        &["call", "--json"],
    ] {
        let refused = program.run(arguments).await;
        let got = (refused.code, refused.error());
        assert_eq!(got, (2, "command_malformed".to_owned()), "{arguments:?}");
        assert!(refused.err.contains("--help"), "{}", refused.err);
    }
    let helped = program.run(&["calls", "--json", "--help"]).await;
    assert_eq!((helped.code, helped.err.as_str()), (0, ""));
    assert!(
        helped.out.contains("Usage: callbox calls"),
        "{}",
        helped.out
    );
    let plain = program.run(&["answer"]).await;
    assert_eq!((plain.code, plain.out.as_str()), (2, ""));
}
