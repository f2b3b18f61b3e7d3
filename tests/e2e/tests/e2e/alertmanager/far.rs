//! A receiver of notifications: it takes Alertmanager's webhook and Tegata's, and says of both who fires and who ended.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

/// What came, and how long after the script began.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Heard {
    pub(crate) after: Duration,
    /// `alertname/job` of those that fire.
    pub(crate) firing: BTreeSet<String>,
    pub(crate) ended: BTreeSet<String>,
}

/// Answers the first `refusals` requests with 500.
pub(crate) struct Far {
    pub(crate) url: String,
    heard: Arc<Mutex<Vec<(Instant, Value)>>>,
}

impl Far {
    pub(crate) async fn start(refusals: usize) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let heard: Arc<Mutex<Vec<(Instant, Value)>>> = Arc::default();
        let left = Arc::new(Mutex::new(refusals));
        let shelf = heard.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (shelf, left) = (shelf.clone(), left.clone());
                tokio::spawn(async move { answer(stream, &shelf, &left).await });
            }
        });
        Ok(Self { url, heard })
    }

    /// What was accepted since `start`, oldest first.
    pub(crate) fn heard(&self, start: Instant) -> Vec<Heard> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        let heard = heard.iter().map(|(at, body)| {
            let (ended, firing): (Vec<&Value>, Vec<&Value>) =
                members(body).into_iter().partition(|one| is_over(one));
            let names = |list: Vec<&Value>| list.into_iter().map(name).collect();
            Heard {
                after: at.saturating_duration_since(start),
                firing: names(firing),
                ended: names(ended),
            }
        });
        heard.collect()
    }

    /// What was accepted, as it came.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().map(|(_, body)| body.clone()).collect()
    }
}

/// The alerts of a notification in either form.
fn members(body: &Value) -> Vec<&Value> {
    body["alerts"]
        .as_array()
        .map(|list| list.iter().collect())
        .unwrap_or_default()
}

fn is_over(alert: &Value) -> bool {
    alert["status"] == "resolved" || alert["ended"].is_string()
}

fn name(alert: &Value) -> String {
    let label = |name: &str| {
        alert["labels"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    format!("{}/{}", label("alertname"), label("job"))
}

/// One request after the other, until the sender closes.
async fn answer(
    stream: TcpStream,
    shelf: &Mutex<Vec<(Instant, Value)>>,
    left: &Mutex<usize>,
) -> anyhow::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut line, mut length) = (String::new(), 0_usize);
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            let text = line.trim();
            if let Some(value) = text.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            if text.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let refuses = {
            let mut left = left.lock().unwrap_or_else(PoisonError::into_inner);
            let refuses = *left > 0;
            *left = left.saturating_sub(1);
            refuses
        };
        let status = if refuses {
            "500 Internal Server Error"
        } else {
            "200 OK"
        };
        if !refuses {
            let body = serde_json::from_slice(&body)?;
            let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
            shelf.push((Instant::now(), body));
        }
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
    }
}
