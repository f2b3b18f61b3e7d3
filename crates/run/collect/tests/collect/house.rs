//! A running collection, its channels, and the small servers that it asks.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use collect::{Handle, Outputs};
use promise::{Clock, Timestamp, unit::Span};
use spec::section::source::{Scrape, Sources};
use store::{Error, Floats, Lines, Round, StateStore, state};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

/// Generous: the machine may be busy; a right answer comes long before.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap())
    }
}

#[derive(Default)]
pub struct Memory(std::sync::Mutex<BTreeMap<(&'static str, String), Vec<u8>>>);

#[async_trait]
impl StateStore for Memory {
    async fn get(&self, table: &'static str, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self
            .0
            .lock()
            .unwrap()
            .get(&(table, key.to_owned()))
            .cloned())
    }

    async fn scan(
        &self,
        table: &'static str,
        prefix: &str,
        limit: usize,
    ) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let all = self.0.lock().unwrap();
        let fits = all
            .iter()
            .filter(|((t, key), _)| *t == table && key.starts_with(prefix));
        Ok(fits
            .take(limit)
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    async fn write(&self, writes: Vec<state::Write>) -> Result<state::Written, Error> {
        let mut all = self.0.lock().unwrap();
        for write in writes {
            match write {
                state::Write::Put { table, key, value } => drop(all.insert((table, key), value)),
                state::Write::Delete { table, key } => drop(all.remove(&(table, key))),
                state::Write::Expect { .. } => unreachable!("collect expects nothing"),
            }
        }
        Ok(state::Written::Done)
    }
}

pub struct House {
    pub handle: Handle,
    pub rounds: mpsc::Receiver<Round>,
    pub lines: mpsc::Receiver<Lines>,
    pub stop: CancellationToken,
}

impl House {
    pub fn start(sources: &Sources) -> Self {
        Self::over(
            sources,
            Path::new("/"),
            Arc::new(Memory::default()),
            Arc::new(WallClock),
        )
    }

    pub fn in_folder(sources: &Sources, folder: &Path) -> Self {
        Self::over(
            sources,
            folder,
            Arc::new(Memory::default()),
            Arc::new(WallClock),
        )
    }

    pub fn over(sources: &Sources, dir: &Path, state: Arc<Memory>, clock: Arc<dyn Clock>) -> Self {
        let (rounds_in, rounds) = mpsc::channel(16);
        let (lines_in, lines) = mpsc::channel(16);
        let stop = CancellationToken::new();
        let out = Outputs {
            rounds: rounds_in,
            lines: lines_in,
        };
        let secrets = Arc::new(|_: &_| Ok("s3cret".to_owned()));
        let handle = collect::start(sources, dir, secrets, state, clock, out, stop.clone());
        Self {
            handle,
            rounds,
            lines,
            stop,
        }
    }

    /// The next round of a source; those of others are passed over.
    pub async fn round(&mut self, source: &str) -> Round {
        tokio::time::timeout(PATIENCE, async {
            loop {
                let round = self.rounds.recv().await.unwrap();
                if round.source == source {
                    return whole(round);
                }
            }
        })
        .await
        .unwrap()
    }

    /// Lines of one source, answered as durable.
    pub async fn lines(&mut self) -> Lines {
        let mut lines = tokio::time::timeout(PATIENCE, self.lines.recv())
            .await
            .unwrap()
            .unwrap();
        if let Some(ack) = lines.ack.take() {
            let _ = ack.try_send(Ok(()));
        }
        lines
    }

    pub async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.handle.stopped())
            .await
            .unwrap();
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// All that it says as series, so that a test need not mind which of it came as floats.
pub fn whole(round: Round) -> Round {
    Round {
        series: round.all(),
        floats: Floats::default(),
        ..round
    }
}

pub fn value(round: &Round, series: &str) -> Option<f64> {
    round
        .series
        .iter()
        .find(|one| one.labels.to_string() == series)
        .map(|one| one.samples[0].value)
}

pub fn scrape(targets: &[String]) -> Scrape {
    Scrape {
        targets: targets.to_vec(),
        interval: Span::secs(1),
        timeout: Span::secs(1),
        body_max: promise::unit::Bytes(1 << 20),
        series_max: 1_000,
        labels_max: 8,
        ..Scrape::default()
    }
}

pub fn sources(job: &str, scrape: Scrape) -> Sources {
    Sources {
        scrape: [(job.to_owned(), scrape)].into(),
        ..Sources::default()
    }
}

/// A server that hands each connection, its request already read, to `answer`.
pub async fn server<F, A>(answer: F) -> String
where
    F: Fn(usize, String, TcpStream) -> A + Send + Sync + 'static,
    A: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        for turn in 0.. {
            let Ok((mut stream, _)) = listener.accept().await else {
                return;
            };
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !request.ends_with(b"\r\n\r\n") {
                match stream.read(&mut buffer).await {
                    Ok(n) if n > 0 => request.extend_from_slice(&buffer[..n]),
                    _ => break,
                }
            }
            tokio::spawn(answer(
                turn,
                String::from_utf8_lossy(&request).into_owned(),
                stream,
            ));
        }
    });
    address
}

pub async fn reply(mut stream: TcpStream, head: &str, body: &[u8]) {
    let head = format!(
        "HTTP/1.1 {head}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body).await;
    let _ = stream.shutdown().await;
}

/// A server that always says `body`.
pub async fn says(body: &'static [u8]) -> String {
    server(move |_, _, stream| reply(stream, "200 OK", body)).await
}
