//! The sink's SMTP door: as much of RFC 5321 as a sender needs to deliver one message after another.

use std::{sync::Arc, time::Duration};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use super::{MESSAGE_MAX, Message, Sink};

/// A silent sender is cut off.
const IDLE_MAX: Duration = Duration::from_secs(60);
/// RFC 5321 allows 1,000 octets a line; senders exceed it in bodies, so there is room.
const LINE_MAX: u64 = 64 << 10;

pub(super) async fn serve(sink: Arc<Sink>, listener: TcpListener, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => {
                let Ok((stream, _)) = accepted else { continue };
                let (sink, stop) = (sink.clone(), stop.clone());
                tokio::spawn(async move {
                    tokio::select! {
                        () = stop.cancelled() => {}
                        talked = converse(&sink, stream) => {
                            if let Err(error) = talked { tracing::debug!(%error, "an SMTP sender went away"); }
                        }
                    }
                });
            }
        }
    }
}

async fn converse(sink: &Sink, stream: TcpStream) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut read = BufReader::new(read);
    let mut to: Vec<String> = Vec::new();
    write.write_all(b"220 tegata sink\r\n").await?;
    while let Some(line) = next_line(&mut read).await? {
        let verb = line
            .split([' ', ':'])
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        let answer: &[u8] = match verb.as_str() {
            "EHLO" => b"250-tegata\r\n250 8BITMIME\r\n",
            "HELO" | "MAIL" | "NOOP" => b"250 ok\r\n",
            "RSET" => {
                to.clear();
                b"250 ok\r\n"
            }
            "RCPT" => {
                to.push(
                    line.split_once(':')
                        .map_or("", |(_, to)| to)
                        .trim()
                        .to_owned(),
                );
                b"250 ok\r\n"
            }
            "DATA" if to.is_empty() => b"503 no recipient\r\n",
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let Some(body) = message(&mut read).await? else {
                    write.write_all(b"552 too large\r\n").await?;
                    return Ok(());
                };
                let key = body
                    .lines()
                    .take_while(|line| !line.is_empty())
                    .find_map(|line| line.strip_prefix("Message-ID: "))
                    .map(|id| id.trim().to_owned());
                sink.take(Message {
                    at: sink.clock.now(),
                    over: "smtp",
                    to: std::mem::take(&mut to).join(", "),
                    idempotency_key: key,
                    signature: None,
                    body,
                });
                b"250 taken\r\n"
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => b"502 not known here\r\n",
        };
        write.write_all(answer).await?;
    }
    Ok(())
}

async fn next_line(
    read: &mut BufReader<tokio::net::tcp::OwnedReadHalf>,
) -> std::io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut bounded = read.take(LINE_MAX);
    let got = timeout(IDLE_MAX, bounded.read_until(b'\n', &mut line)).await;
    match got {
        Ok(Ok(0)) | Err(_) => Ok(None),
        Ok(Ok(_)) => Ok(Some(
            String::from_utf8_lossy(&line)
                .trim_end_matches(['\r', '\n'])
                .to_owned(),
        )),
        Ok(Err(error)) => Err(error),
    }
}

/// The message up to its lone dot; `None` when it is over its limit.
async fn message(
    read: &mut BufReader<tokio::net::tcp::OwnedReadHalf>,
) -> std::io::Result<Option<String>> {
    let mut body = String::new();
    while let Some(line) = next_line(read).await? {
        if line == "." {
            return Ok(Some(body));
        }
        // Dot-stuffing, RFC 5321 section 4.5.2.
        body.push_str(line.strip_prefix('.').unwrap_or(&line));
        body.push('\n');
        if body.len() > MESSAGE_MAX {
            return Ok(None);
        }
    }
    Ok(None)
}
