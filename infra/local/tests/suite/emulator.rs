//! The emulator against a real function built on `lambda_http` (examples/echo.rs).

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use local::emulator::{Deployment, Emulator, EmulatorOptions};
use local::serve;
use local::template::FunctionSpec;
use reqwest::{Client, StatusCode};

struct World {
    emulator: Emulator,
    url: String,
    client: Client,
    _logs: tempfile::TempDir,
}

async fn world(change: impl FnOnce(&mut FunctionSpec)) -> World {
    let mut spec = FunctionSpec {
        logical_id: "EchoFunction".to_owned(),
        binary: "echo".to_owned(),
        environment: BTreeMap::from([("GREETING".to_owned(), "hello".to_owned())]),
        memory_mb: 256,
        timeout: Duration::from_secs(20),
        concurrency_max: None,
    };
    change(&mut spec);
    let logs = tempfile::tempdir().unwrap();
    let options = EmulatorOptions {
        binaries: examples(),
        environment: BTreeMap::new(),
        logs: logs.path().to_owned(),
        verbose: false,
        instances_max: 20,
    };
    let listener = Some(serve::bind(0).await.unwrap());
    let emulator = Emulator::start(vec![Deployment { spec, listener }], &options).unwrap();
    let url = emulator.url("echo").unwrap();
    World {
        emulator,
        url,
        client: Client::new(),
        _logs: logs,
    }
}

/// Beside this test's own file, which is in `deps`.
fn examples() -> PathBuf {
    let own = std::env::current_exe().unwrap();
    own.parent().unwrap().parent().unwrap().join("examples")
}

impl World {
    async fn get(&self, path: &str) -> (StatusCode, String) {
        let response = self
            .client
            .get(format!("{}{path}", self.url))
            .send()
            .await
            .unwrap();
        (response.status(), response.text().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_arrives_as_it_was_posted_to_a_url_as_it_was_typed() {
    let world = world(|_| {}).await;
    let request = world
        .client
        .post(format!("{}/voice/incoming?bot=demo%20one&x=1", world.url));
    let request = request
        .header("cookie", "s=1")
        .header("cookie", "t=2")
        .form(&[("CallSid", "CA0"), ("From", "+1 555 ä")]);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "text/plain");
    let cookies: Vec<_> = response.headers().get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2"]);
    let host = world.url.trim_start_matches("http://");
    let port = host.rsplit(':').next().unwrap();
    assert_eq!(
        response.text().await.unwrap(),
        format!(
            "POST http://{host}/voice/incoming?bot=demo%20one&x=1 host={host} proto=http port={port} for=127.0.0.1 trace=true cookie=s=1; t=2 \
             body=CallSid=CA0&From=%2B1+555+%C3%A4"
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_come_back_as_bytes() {
    let world = world(|_| {}).await;
    let response = world
        .client
        .get(format!("{}/audio", world.url))
        .send()
        .await
        .unwrap();
    assert_eq!(response.headers()["content-type"], "audio/wav");
    assert_eq!(response.bytes().await.unwrap().as_ref(), [0, 255, 7]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_function_tells_its_caller_nothing_and_serves_the_next() {
    let world = world(|_| {}).await;
    for path in ["/panic", "/error", "/exit"] {
        assert_eq!(
            world.get(path).await,
            (StatusCode::BAD_GATEWAY, "Internal Server Error".to_owned()),
            "{path}"
        );
        assert_eq!(world.get("/").await.0, 201, "after {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_or_an_error_leaves_the_instance_running() {
    let world = world(|_| {}).await;
    world.get("/panic").await;
    world.get("/error").await;
    assert_eq!(world.emulator.instances("echo"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_takes_too_long_is_killed() {
    // Long enough for a request that is no trouble, on however busy a machine.
    let world = world(|spec| spec.timeout = Duration::from_secs(4)).await;
    let began = Instant::now();
    assert_eq!(world.get("/slow?300000").await.0, 502);
    assert!(
        began.elapsed() < Duration::from_secs(100),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(world.emulator.instances("echo"), 0);
    assert_eq!(world.get("/").await.0, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_does_not_start_is_a_502() {
    let world = world(|spec| {
        drop(
            spec.environment
                .insert("FAIL_AT_START".to_owned(), "1".to_owned()),
        );
    })
    .await;
    assert_eq!(
        world.get("/").await,
        (StatusCode::BAD_GATEWAY, "Internal Server Error".to_owned())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_the_reserved_concurrency_are_refused() {
    let world = world(|spec| spec.concurrency_max = Some(2)).await;
    let asked = ["/slow?2500", "/slow?2500", "/slow?2500"].map(|path| world.get(path));
    let mut statuses: Vec<_> = futures_util::future::join_all(asked)
        .await
        .iter()
        .map(|answer| answer.0.as_u16())
        .collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 429]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_beyond_what_this_machine_can_bear_wait() {
    let world = world(|_| {}).await;
    let asked = (0..60).map(|_| world.get("/slow?200"));
    let answers = futures_util::future::join_all(asked).await;
    assert!(answers.iter().all(|answer| answer.0 == 200), "{answers:?}");
    assert!(world.emulator.instances("echo") <= 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn payloads_beyond_six_megabytes_are_refused_both_ways() {
    let world = world(|_| {}).await;
    let post = world
        .client
        .post(&world.url)
        .header("content-type", "audio/wav")
        .body(vec![0; 5 * 1024 * 1024]);
    assert_eq!(
        post.send().await.unwrap().status(),
        413,
        "in base64 it is larger than the limit"
    );
    assert_eq!(world.get("/large").await.0, 502);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_sees_only_the_environment_it_would_have_at_aws() {
    let world = world(|_| {}).await;
    let (_, environment) = world.get("/environment").await;
    assert!(
        environment.contains("GREETING=hello")
            && environment.contains("AWS_LAMBDA_FUNCTION_NAME=echo"),
        "{environment}"
    );
    assert!(!environment.contains("CARGO"), "{environment}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_begins_and_ends_at_run_time() {
    let world = world(|_| {}).await;
    assert_eq!(world.get("/").await.0, 201);
    world.emulator.down(None).await;
    assert_eq!(world.emulator.instances("echo"), 0);
    assert!(world.client.get(&world.url).send().await.is_err());
    world.emulator.up(Some("echo"));
    assert_eq!(world.get("/").await.0, 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_goes_away_does_not_cost_an_instance() {
    let world = world(|spec| spec.concurrency_max = Some(1)).await;
    let impatient = world
        .client
        .get(format!("{}/slow?300", world.url))
        .timeout(Duration::from_millis(150));
    assert!(impatient.send().await.is_err());
    // While what it has asked for is still being done, everybody else is refused.
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut next = world.get("/").await.0;
    while next == StatusCode::TOO_MANY_REQUESTS && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(50)).await;
        next = world.get("/").await.0;
    }
    assert_eq!(next, 201);
    assert_eq!(world.emulator.instances("echo"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_burst_is_served_by_a_few_instances() {
    let world = world(|_| {}).await;
    for _ in 0..20 {
        let burst = (0..50).map(|_| world.get("/"));
        let statuses = futures_util::future::join_all(burst).await;
        assert!(
            statuses.iter().all(|answer| answer.0 == 201),
            "{statuses:?}"
        );
    }
    assert!(
        world.emulator.instances("echo") <= 20,
        "{}",
        world.emulator.instances("echo")
    );
}
