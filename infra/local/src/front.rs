//! The front door: one port through which a tunnel reaches all that Twilio asks for. What is deployed has a host for each
//! part; a tunnel has one.
//!
//! | path | part |
//! |---|---|
//! | `/voice/…` | the function `voice` |
//! | `/twilio/…`, and what the edge tells: `/records`, `/uploads`, `/errands`, `/speech` | the function `status` |
//! | all else: `/media/…`, `/fallback`, `/ws`, the pages | the edge |
//!
//! Only the head of each request is looked at; sockets and bodies pass through as bytes. `Host` stays as the caller wrote it,
//! because Twilio signs it.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::serve::Server;

/// Longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// How long a head may take to arrive.
const HEAD_MAX: Duration = Duration::from_secs(10);

/// Where the parts are.
#[derive(Clone, Copy, Debug)]
pub struct Rooms {
    /// The function `voice`.
    pub voice: SocketAddr,
    /// The function `status`.
    pub status: SocketAddr,
    /// The edge.
    pub edge: SocketAddr,
}

impl Rooms {
    fn of(&self, path: &str) -> SocketAddr {
        let first = path.trim_start_matches('/').split(['/', '?']).next();
        match first {
            Some("voice") => self.voice,
            Some("twilio" | "records" | "uploads" | "errands" | "speech") => self.status,
            _ => self.edge,
        }
    }
}

/// Opens the door. Each connection carries one request, so that the next may go elsewhere.
#[must_use]
pub fn open(listener: TcpListener, rooms: Rooms) -> Server {
    Server::accept(listener, move |stream, _| async move {
        // An error is a peer that went away.
        drop(pass(stream, rooms).await);
    })
}

async fn pass(mut caller: TcpStream, rooms: Rooms) -> io::Result<()> {
    let (head, rest) = tokio::time::timeout(HEAD_MAX, read_head(&mut caller)).await??;
    let Some((head, room)) = rewritten(&head, rooms) else {
        let refusal = "HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return caller.write_all(refusal.as_bytes()).await;
    };
    let Ok(mut part) = TcpStream::connect(room).await else {
        let refusal = "HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        return caller.write_all(refusal.as_bytes()).await;
    };
    part.set_nodelay(true)?;
    part.write_all(head.as_bytes()).await?;
    part.write_all(&rest).await?;
    copy_bidirectional(&mut caller, &mut part).await?;
    Ok(())
}

/// Reads up to the empty line; what came after it is handed back too.
async fn read_head(stream: &mut TcpStream) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Ok((bytes, rest));
        }
        if bytes.len() > HEAD_BYTES_MAX || stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

/// The head as the part gets it, and where that is; none if it is no request. The connection ends with the answer, unless
/// it becomes a socket.
fn rewritten(head: &[u8], rooms: Rooms) -> Option<(String, SocketAddr)> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n").filter(|line| !line.is_empty());
    let request = lines.next()?;
    let path = request
        .split(' ')
        .nth(1)
        .filter(|path| path.starts_with('/'))?;
    let fields: Vec<&str> = lines.collect();
    let named = |line: &str, name: &str| {
        let field = line.split(':').next().unwrap_or_default();
        field.trim().eq_ignore_ascii_case(name)
    };
    let is_socket = fields.iter().any(|line| named(line, "upgrade"));
    let mut rewritten = format!("{request}\r\n");
    for line in fields {
        if is_socket || !named(line, "connection") {
            rewritten.push_str(line);
            rewritten.push_str("\r\n");
        }
    }
    if !is_socket {
        rewritten.push_str("connection: close\r\n");
    }
    rewritten.push_str("\r\n");
    Some((rewritten, rooms.of(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rooms() -> Rooms {
        let room = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Rooms {
            voice: room(1),
            status: room(2),
            edge: room(3),
        }
    }

    #[test]
    fn each_path_leads_to_its_part() {
        for (path, port) in [
            ("/voice/incoming", 1),
            ("/twilio/call?x=1", 2),
            ("/records", 2),
            ("/media/CA1/ticket", 3),
            ("/fallback", 3),
            ("/", 3),
            ("/voices", 3),
        ] {
            assert_eq!(rooms().of(path).port(), port, "{path}");
        }
    }

    #[test]
    fn a_request_keeps_its_host_and_ends_its_connection_unless_it_becomes_a_socket() {
        let head =
            b"POST /voice/incoming HTTP/1.1\r\nHost: x.test\r\nConnection: keep-alive\r\n\r\n";
        let (text, _) = rewritten(head, rooms()).unwrap();
        assert_eq!(
            text,
            "POST /voice/incoming HTTP/1.1\r\nHost: x.test\r\nconnection: close\r\n\r\n"
        );
        let head = b"GET /media HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        let (text, _) = rewritten(head, rooms()).unwrap();
        assert!(text.contains("Connection: Upgrade\r\n") && !text.contains("close"));
        assert_eq!(rewritten(b"GET x HTTP/1.1\r\n\r\n", rooms()), None);
        assert_eq!(rewritten(b"\xff\r\n\r\n", rooms()), None);
    }
}
