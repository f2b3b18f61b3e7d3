//! An API server that answers as a cluster's does: lists, watches, bookmarks, and a history that is forgotten
//! (Kubernetes API concepts, "Efficient detection of changes").

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::objects::{Kind, event};

/// An API server for one client: each kind is listed, watched up to a bookmark, the connection ends; the watch that goes
/// on from there is told that the version is gone; then the list has moved on, and the last watch stays.
pub(super) async fn serve(kinds: Arc<Vec<Kind>>) -> anyhow::Result<(u16, Arc<AtomicUsize>)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let port = listener.local_addr()?.port();
    let forgotten = Arc::new(AtomicUsize::new(0));
    let told = forgotten.clone();
    let gone: Arc<Vec<AtomicUsize>> = Arc::new(kinds.iter().map(|_| AtomicUsize::new(0)).collect());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (kinds, gone, told) = (kinds.clone(), gone.clone(), told.clone());
            tokio::spawn(async move {
                let _ = answer(stream, &kinds, &gone, &told).await;
            });
        }
    });
    Ok((port, forgotten))
}

async fn answer(
    mut stream: TcpStream,
    kinds: &[Kind],
    gone: &[AtomicUsize],
    told: &AtomicUsize,
) -> anyhow::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.ends_with(b"\r\n\r\n") {
        let length = stream.read(&mut buffer).await?;
        anyhow::ensure!(length > 0, "it ended");
        request.extend_from_slice(&buffer[..length]);
    }
    let text = String::from_utf8(request)?;
    let target = text.split(' ').nth(1).context("no target")?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let of = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .find(|(given, _)| *given == name)
            .map(|(_, value)| value.to_owned())
    };
    let whole = async |stream: &mut TcpStream, status: &str, body: Value| -> anyhow::Result<()> {
        let body = body.to_string();
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await?;
        Ok(stream.write_all(body.as_bytes()).await?)
    };
    let Some(place) = kinds.iter().position(|kind| kind.path == path) else {
        let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404});
        return whole(&mut stream, "404 Not Found", status).await;
    };
    let (kind, is_gone) = (&kinds[place], gone[place].load(Ordering::SeqCst) > 0);
    let (name, group) = kind.kind;
    if of("sendInitialEvents").is_some() {
        let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422});
        return whole(&mut stream, "422 Unprocessable Entity", status).await;
    }
    if of("watch").is_none() {
        let (version, items) = match is_gone {
            false => ("10", &kind.first),
            true => ("50", &kind.last),
        };
        let list = json!({"kind": format!("{name}List"), "apiVersion": group, "metadata": {"resourceVersion": version}, "items": items});
        return whole(&mut stream, "200 OK", list).await;
    }
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let version = of("resourceVersion").unwrap_or_default();
    let events = match version.as_str() {
        "10" => {
            let mut events = kind.changes.clone();
            let bookmark = json!({"metadata": {"resourceVersion": "30"}});
            events.push(event("BOOKMARK", bookmark));
            events
        }
        "50" => {
            std::future::pending::<()>().await;
            Vec::new()
        }
        _ => {
            gone[place].store(1, Ordering::SeqCst);
            told.fetch_add(1, Ordering::SeqCst);
            let status = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 410,
                "reason": "Expired", "message": "too old resource version"});
            vec![event("ERROR", status)]
        }
    };
    for mut event in events {
        // The API names the kind in each object of a watch.
        if event["type"] != "ERROR" {
            event["object"]["kind"] = name.into();
            event["object"]["apiVersion"] = group.into();
        }
        stream.write_all(format!("{event}\n").as_bytes()).await?;
    }
    // Long enough for both to take in what came before the connection ends.
    tokio::time::sleep(Duration::from_secs(2)).await;
    Ok(())
}
