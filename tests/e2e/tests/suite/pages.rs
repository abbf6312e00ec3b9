//! The pages in real Chromium: the tests of `web/tests`, against the edge in workerd with real speech both ways.

use std::path::{Path, PathBuf};
use std::time::Duration;

use e2e::{World, root};
use local::demo;
use tokio::process::Command;

/// As the stand-in for the API wants it.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// The files with tests.
fn tests() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("web/tests")).expect("the pages have tests");
    let files = folder.map(|file| file.expect("a file").path());
    let mut tests: Vec<PathBuf> = files
        .filter(|file| file.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    tests.sort();
    tests
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_do_in_chromium_what_they_promise() {
    let port = free_port();
    let api = format!("http://127.0.0.1:{port}");
    let world = World::with(|options| {
        let variables = &mut options.platform.edge_variables;
        variables.insert("API_URL".to_owned(), api);
    })
    .await;
    let bot = serde_json::to_string(&demo::bot()).expect("a bot");
    let edge = &world.platform.edge;
    let first = edge.process_id().expect("it runs");
    let mut tests = Command::new("node")
        .args(["--test", "--test-concurrency=1", "--test-reporter=spec"])
        .args(tests())
        .current_dir(root())
        .env("PAGES_URL", edge.url())
        .env("PAGES_API_PORT", port.to_string())
        .env("PAGES_EDGE_PID", first.to_string())
        .env("PAGES_BOT", bot)
        .kill_on_drop(true)
        .spawn()
        .expect("node");
    // One of them kills the edge, and expects it back.
    let watched = async {
        loop {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let id = edge.process_id().unwrap_or_default();
            if !Path::new(&format!("/proc/{id}")).exists() {
                edge.restart().await.expect("the edge comes back");
            }
        }
    };
    let status = tokio::select! {
        status = tests.wait() => status.expect("node runs"),
        () = watched => unreachable!("it watches for ever"),
    };
    assert!(status.success(), "{}", edge.log_tail());
}
