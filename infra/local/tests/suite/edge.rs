//! The launcher of the edge, with a Worker of a few lines in place of the real one.

use std::path::{Path, PathBuf};

use local::edge::{Edge, EdgeOptions};

const WORKER: &str = r#"
import wasm from "index_bg.wasm";
import { DurableObject } from "cloudflare:workers";
export class Line extends DurableObject {
  async fetch() {
    const n = (await this.ctx.storage.get("n") ?? 0) + 1;
    await this.ctx.storage.put("n", n);
    return new Response(`${n} ${this.env.GREETING} ${this.env.EDGE_SECRET} ${this.env.ABSENT} ${wasm instanceof WebAssembly.Module}`);
  }
}
export default { fetch(request, env) {
  console.log("asked for", request.url);
  return env.LINES.get(env.LINES.idFromName("CA1")).fetch(request);
} };
"#;

const WRANGLER: &str = r#"
name = "callbox-edge"
compatibility_date = "2026-04-21"
[vars]
GREETING = "hello"
[[durable_objects.bindings]]
name = "LINES"
class_name = "Line"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Line"]
"#;

fn workerd() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tools/node_modules/@cloudflare/workerd-linux-64/bin/workerd")
}

fn options(folder: &Path) -> EdgeOptions {
    std::fs::create_dir_all(folder.join("build")).unwrap();
    std::fs::write(folder.join("build/index.js"), WORKER).unwrap();
    // The smallest module: magic number and version.
    std::fs::write(folder.join("build/index_bg.wasm"), b"\0asm\x01\0\0\0").unwrap();
    std::fs::write(folder.join("wrangler.toml"), WRANGLER).unwrap();
    EdgeOptions {
        workerd: workerd(),
        wrangler: folder.join("wrangler.toml"),
        build: folder.join("build"),
        folder: folder.join("edge"),
        logs: folder.join("logs"),
        variables: [("EDGE_SECRET".to_owned(), "s\"x".to_owned())].into(),
        port: 0,
        verbose: false,
    }
}

async fn get(edge: &Edge) -> String {
    reqwest::get(edge.url())
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn objects_outlive_the_kill_of_the_process_on_the_same_port() {
    let folder = tempfile::tempdir().unwrap();
    let edge = Edge::start(options(folder.path())).await.unwrap();
    assert_eq!(get(&edge).await, "1 hello s\"x undefined true");
    let (port, id) = (edge.port(), edge.process_id().unwrap());
    edge.kill_hard().await;
    assert!(reqwest::get(edge.url()).await.is_err());
    assert!(!Path::new(&format!("/proc/{id}")).exists());
    edge.restart().await.unwrap();
    assert_eq!(get(&edge).await, "2 hello s\"x undefined true");
    assert_eq!(edge.port(), port);
    assert!(edge.log_tail().contains("asked for"), "{}", edge.log_tail());
    edge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_process_costs_can_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let edge = Edge::start(options(folder.path())).await.unwrap();
    for _ in 0..50 {
        get(&edge).await;
    }
    let process = edge.process().unwrap();
    assert!(process.cpu_time().unwrap() > std::time::Duration::ZERO);
    assert!(process.memory_bytes().unwrap() > 10_000_000);
    edge.kill_hard().await;
    assert!(process.cpu_time().is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_cannot_start_is_quoted() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    std::fs::write(
        folder.path().join("build/index.js"),
        "export default nonsense(;",
    )
    .unwrap();
    let error = Edge::start(options).await.unwrap_err().to_string();
    assert!(
        error.contains("the edge ended at its start") && error.contains("SyntaxError"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_that_is_not_built_says_what_to_run() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    std::fs::remove_file(folder.path().join("build/index_bg.wasm")).unwrap();
    let error = Edge::start(options).await.unwrap_err().to_string();
    assert!(error.ends_with("run `make build`"), "{error}");
}

/// As the deployed one is: a class.
const WORKER_CLASS: &str = r#"
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
export class Line extends DurableObject {}
export default class extends WorkerEntrypoint {
  fetch(request) { return new Response(`the worker: ${request.method} ${new URL(request.url).pathname}`); }
}
"#;

const HEADERS: &str = "# A comment.\n/*\n  X-Frame-Options: DENY\n/talk/*\n  X-Talk: yes\n";

#[tokio::test(flavor = "multi_thread")]
async fn files_are_served_with_their_headers_and_everything_else_is_the_workers() {
    let folder = tempfile::tempdir().unwrap();
    let options = options(folder.path());
    let root = folder.path();
    std::fs::write(root.join("build/index.js"), WORKER_CLASS).unwrap();
    let with_pages = format!("{WRANGLER}[assets]\ndirectory = \"pages\"\n");
    std::fs::write(root.join("wrangler.toml"), with_pages).unwrap();
    std::fs::create_dir_all(root.join("pages/talk")).unwrap();
    for (name, text) in [
        ("_headers", HEADERS),
        ("index.html", "the first page"),
        ("console.html", "the console"),
        ("talk/a.js", "a script"),
    ] {
        std::fs::write(root.join("pages").join(name), text).unwrap();
    }
    let edge = Edge::start(options).await.unwrap();
    let client = reqwest::Client::new();
    let ask = async |method: reqwest::Method, path: &str| {
        let request = client.request(method, format!("{}{path}", edge.url()));
        let answer = request.send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or(String::new(), |value| value.to_str().unwrap().to_owned())
        };
        let headers = [
            header("content-type"),
            header("x-frame-options"),
            header("x-talk"),
        ];
        (headers.join(" | "), answer.text().await.unwrap())
    };
    let html = "text/html; charset=utf-8 | DENY | ".to_owned();
    let script = "text/javascript; charset=utf-8 | DENY | yes".to_owned();
    let worker = "text/plain;charset=UTF-8 |  | ".to_owned();
    let get = reqwest::Method::GET;
    for (path, headers, text) in [
        ("/", &html, "the first page"),
        ("/?bot=mesa", &html, "the first page"),
        ("/console", &html, "the console"),
        ("/talk/a.js", &script, "a script"),
        ("/health", &worker, "the worker: GET /health"),
        ("/_headers", &worker, "the worker: GET /_headers"),
        ("/talk/b.js", &worker, "the worker: GET /talk/b.js"),
        (
            "/calls/CA1/events",
            &worker,
            "the worker: GET /calls/CA1/events",
        ),
    ] {
        assert_eq!(
            ask(get.clone(), path).await,
            (headers.clone(), text.to_owned()),
            "{path}"
        );
    }
    let (_, posted) = ask(reqwest::Method::POST, "/console").await;
    assert_eq!(posted, "the worker: POST /console");
    edge.stop().await;
}
