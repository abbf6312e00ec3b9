//! A small function for the emulator's tests: tells what it was asked, and fails on demand.

#![allow(clippy::panic, reason = "failing on demand is its purpose")]

use std::time::Duration;

use lambda_http::{Body, Error, Request, Response, run, service_fn};

#[tokio::main]
async fn main() -> Result<(), Error> {
    if std::env::var("FAIL_AT_START").is_ok() {
        return Err("this function was told not to start".into());
    }
    run(service_fn(answer)).await
}

async fn answer(request: Request) -> Result<Response<Body>, Error> {
    let header = |name: &str| {
        request
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    match request.uri().path() {
        "/panic" => panic!("told to"),
        "/error" => Err("told to".into()),
        "/exit" => std::process::exit(3),
        "/slow" => {
            tokio::time::sleep(Duration::from_millis(
                request.uri().query().unwrap_or_default().parse()?,
            ))
            .await;
            Ok(Response::new(Body::Empty))
        }
        "/large" => Ok(Response::new(Body::Text("x".repeat(7 * 1024 * 1024)))),
        "/audio" => Ok(Response::builder()
            .header("content-type", "audio/wav")
            .body(Body::Binary(vec![0, 255, 7]))?),
        "/environment" => {
            let mut names: Vec<_> = std::env::vars()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            names.sort();
            Ok(Response::new(Body::Text(names.join("\n"))))
        }
        _ => {
            let body = String::from_utf8_lossy(request.body().as_ref());
            let text = format!(
                "{} {} host={} proto={} port={} for={} trace={} cookie={} body={body}",
                request.method(),
                request.uri(),
                header("host"),
                header("x-forwarded-proto"),
                header("x-forwarded-port"),
                header("x-forwarded-for"),
                header("x-amzn-trace-id").starts_with("Root=1-"),
                header("cookie"),
            );
            let response = Response::builder()
                .status(201)
                .header("set-cookie", "a=1")
                .header("set-cookie", "b=2");
            Ok(response
                .header("content-type", "text/plain")
                .body(Body::Text(text))?)
        }
    }
}
