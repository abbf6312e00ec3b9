//! One HTTP server for everything here: it can be taken away and brought back on the same port, which is what a test of
//! an outage needs, and dropping it closes its connections at once.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::ConnectInfo;
use hyper::body::Incoming;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt as _;

/// A listening server.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    open: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// Binds a port of this machine's loopback interface; 0 takes a free one.
///
/// # Errors
/// Names the port when it is taken.
pub async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|error| bind_error(port, &error))
}

/// Why a port cannot be had.
pub(crate) fn bind_error(port: u16, error: &io::Error) -> io::Error {
    let message = match error.kind() {
        io::ErrorKind::AddrInUse => format!("port {port} is taken: does another platform run?"),
        _ => format!("port {port}: {error}"),
    };
    io::Error::new(error.kind(), message)
}

impl Server {
    /// Serves a router. Handlers may extract `ConnectInfo<SocketAddr>`.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn start(listener: TcpListener, router: Router) -> Self {
        Self::accept(listener, move |stream, peer| {
            let router = router.clone();
            let service = hyper::service::service_fn(move |mut request: Request<Incoming>| {
                request.extensions_mut().insert(ConnectInfo(peer));
                let router = router.clone();
                async move {
                    Ok::<Response<Body>, Infallible>(infallible(
                        router.oneshot(request.map(Body::new)).await,
                    ))
                }
            });
            async move {
                let connection = Builder::new(TokioExecutor::new());
                // An error is a peer that went away.
                drop(
                    connection
                        .serve_connection_with_upgrades(TokioIo::new(stream), service)
                        .await,
                );
            }
        })
    }

    /// Accepts connections and runs `connection` for each. While closed, they are dropped as soon as they come: the port
    /// stays ours.
    pub fn accept<F, C>(listener: TcpListener, connection: F) -> Self
    where
        F: Fn(TcpStream, SocketAddr) -> C + Send + 'static,
        C: Future<Output = ()> + Send + 'static,
    {
        let address = listener
            .local_addr()
            .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let (open, mut is_open) = watch::channel(true);
        let task = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        if let Ok((stream, peer)) = accepted && *is_open.borrow() {
                            // Small frames go out as they come; waiting for more would add 40 ms to speech.
                            drop(stream.set_nodelay(true));
                            connections.spawn(connection(stream, peer));
                        }
                    }
                    changed = is_open.changed() => match changed {
                        Ok(()) if !*is_open.borrow_and_update() => connections.shutdown().await,
                        Ok(()) => {}
                        Err(_) => return,
                    },
                    Some(_) = connections.join_next(), if !connections.is_empty() => {}
                }
            }
        });
        Self {
            address,
            open,
            task,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:<port>`, without a final slash.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on connections end as soon as they are made, and those that exist are cut.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    /// Serves again, on the same port.
    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn infallible<T>(result: Result<T, Infallible>) -> T {
    match result {
        Ok(value) => value,
    }
}
