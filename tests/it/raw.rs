//! A client that sends any bytes it likes, and sees every byte that comes back.

use crate::harness::PATIENCE;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Who takes nothing for so long takes nothing.
const NO_PROGRESS: Duration = Duration::from_secs(2);

/// One connection.
pub(crate) struct Raw {
    stream: TcpStream,
    received: Vec<u8>,
    /// Answers to HEAD have a length and no body.
    asked_for_head: bool,
}

/// One answer, head and body.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl RawAnswer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }
}

impl Raw {
    pub(crate) async fn connect(to: SocketAddr) -> Self {
        Self::over(TcpStream::connect(to).await.unwrap())
    }

    /// From another address of this machine.
    pub(crate) async fn connect_from(from: [u8; 4], to: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::from(from), 0)).unwrap();
        Self::over(socket.connect(to).await.unwrap())
    }

    /// With a receive buffer as small as the system makes it.
    pub(crate) async fn connect_narrow(to: SocketAddr) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        Self::over(socket.connect(to).await.unwrap())
    }

    /// A connection that was made before.
    pub(crate) fn of(stream: std::net::TcpStream) -> Self {
        stream.set_nonblocking(true).unwrap();
        Self::over(TcpStream::from_std(stream).unwrap())
    }

    fn over(stream: TcpStream) -> Self {
        Self { stream, received: Vec::new(), asked_for_head: false }
    }

    /// Sends; a peer that has closed is no failure, what it answered tells.
    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.asked_for_head = bytes.as_ref().starts_with(b"HEAD ");
        let _gone = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Sends; `false` once the peer takes no more for a while, or has closed.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> bool {
        timeout(NO_PROGRESS, self.stream.write_all(bytes)).await.is_ok_and(|sent| sent.is_ok())
    }

    /// What comes until these words have, them with it.
    pub(crate) async fn until(&mut self, words: &str) -> String {
        let reading = async {
            loop {
                let found = self.received.windows(words.len()).position(|part| part == words.as_bytes());
                if let Some(at) = found {
                    return self.received.drain(..at + words.len()).collect();
                }
                assert!(self.read().await > 0, "it ended: {}", String::from_utf8_lossy(&self.received));
            }
        };
        String::from_utf8(timeout(PATIENCE, reading).await.expect("these words")).unwrap()
    }

    /// The next answer; `None` if the connection ends before one. Interim answers (1xx) are answers.
    pub(crate) async fn answer(&mut self) -> Option<RawAnswer> {
        timeout(PATIENCE, self.read_answer()).await.expect("an answer or an end")
    }

    async fn read_answer(&mut self) -> Option<RawAnswer> {
        let end = loop {
            if let Some(at) = self.received.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if self.read().await == 0 {
                assert!(self.received.is_empty(), "cut: {:?}", String::from_utf8_lossy(&self.received));
                return None;
            }
        };
        let head = String::from_utf8(self.received.drain(..end).collect()).unwrap();
        let status = head.split(' ').nth(1).expect("a status").parse().unwrap();
        let mut answer = RawAnswer { status, head, body: Vec::new() };
        assert_eq!(answer.header("transfer-encoding"), None, "this client knows lengths only");
        let length = answer.header("content-length").filter(|_| !self.asked_for_head);
        let length = length.map_or(0, |length| length.parse().unwrap());
        while self.received.len() < length {
            assert!(self.read().await > 0, "the body is cut: {answer:?}");
        }
        answer.body = self.received.drain(..length).collect();
        Some(answer)
    }

    /// Everything that comes until the other side ends the connection.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let reading = async { while self.read().await > 0 {} };
        timeout(PATIENCE, reading).await.expect("the connection ends");
        std::mem::take(&mut self.received)
    }

    /// Reads at most so many bytes and forgets them; 0 at the end.
    pub(crate) async fn skip(&mut self, most: usize) -> usize {
        self.stream.read(&mut vec![0; most]).await.unwrap_or(0)
    }

    /// A connection reset is an end like any other.
    async fn read(&mut self) -> usize {
        self.stream.read_buf(&mut self.received).await.unwrap_or(0)
    }
}
