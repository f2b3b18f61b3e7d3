//! A small world: time that tokio can jump, a state store that can die, receivers that fail on schedule.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use promise::{
    Clock, Promise, Reason, Say, State, Timestamp, Verdict,
    document::{Key, Node, Value},
    unit::Span,
};
use respond::{
    Config, Event, Page, Responder, Transition,
    notify::{Make, Notifier, Receipt, SendError},
};
use spec::section::{
    alerting::Alerting,
    receiver::{Inbox, Receiver},
    route::Route,
    severity::Severity,
};
use store::{
    Error, StateStore,
    state::{Write, Written},
};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;

/// 2026-11-22T01:00:00Z, or what it was set to, plus whatever tokio's time has moved since.
pub struct TokioClock(Mutex<(Timestamp, tokio::time::Instant)>);

impl TokioClock {
    pub fn new() -> Arc<Self> {
        let begin = "2026-11-22T01:00:00Z".parse().unwrap();
        Arc::new(Self(Mutex::new((begin, tokio::time::Instant::now()))))
    }

    /// Sets it, as a person or a time server does.
    pub fn set(&self, to: Timestamp) {
        *self.0.lock().unwrap() = (to, tokio::time::Instant::now());
    }
}

impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        let (begin, since) = *self.0.lock().unwrap();
        begin + since.elapsed()
    }
}

/// How the store dies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Death {
    /// The write that kills it is not on disk.
    Before,
    /// It is on disk, but nobody is told.
    After,
}

type Tables = BTreeMap<(&'static str, String), Vec<u8>>;

/// Memory that outlives its handles; a handle can be made to die at its n-th write.
pub struct Memory {
    tables: Arc<Mutex<Tables>>,
    left: Mutex<Option<(usize, Death)>>,
    /// Whether it only fails to answer that write, and goes on.
    recovers: bool,
}

impl Memory {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            tables: Arc::default(),
            left: Mutex::new(None),
            recovers: false,
        })
    }

    pub fn reopened(&self) -> Arc<Self> {
        Arc::new(Self {
            tables: self.tables.clone(),
            left: Mutex::new(None),
            recovers: false,
        })
    }

    pub fn dying_at(&self, write: usize, death: Death) -> Arc<Self> {
        Arc::new(Self {
            tables: self.tables.clone(),
            left: Mutex::new(Some((write, death))),
            recovers: false,
        })
    }

    /// A database whose answer to one write is lost.
    pub fn stumbling_at(&self, write: usize, death: Death) -> Arc<Self> {
        Arc::new(Self {
            tables: self.tables.clone(),
            left: Mutex::new(Some((write, death))),
            recovers: true,
        })
    }

    pub fn is_dead(&self) -> bool {
        self.left.lock().unwrap().is_some_and(|(left, _)| left == 0)
    }

    pub fn rows(&self, table: &str) -> usize {
        self.tables
            .lock()
            .unwrap()
            .keys()
            .filter(|(name, _)| *name == table)
            .count()
    }
}

#[async_trait]
impl StateStore for Memory {
    async fn get(&self, table: &'static str, key: &str) -> Result<Option<Vec<u8>>, Error> {
        Ok(self
            .tables
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
        let tables = self.tables.lock().unwrap();
        let rows = tables
            .iter()
            .filter(|((name, key), _)| *name == table && key.starts_with(prefix));
        Ok(rows
            .take(limit)
            .map(|((_, key), value)| (key.clone(), value.clone()))
            .collect())
    }

    async fn write(&self, writes: Vec<Write>) -> Result<Written, Error> {
        let mut left = self.left.lock().unwrap();
        let mut dies = None;
        match left.as_mut() {
            Some((0, _)) if self.recovers => {}
            Some((0, _)) => return Err(Error::Closed),
            Some((count, death)) => {
                *count -= 1;
                dies = (*count == 0).then_some(*death);
            }
            None => {}
        }
        let error = if self.recovers {
            Error::Remote("the connection broke off".to_owned())
        } else {
            Error::Closed
        };
        if dies == Some(Death::Before) {
            return Err(error);
        }
        let mut tables = self.tables.lock().unwrap();
        for write in writes {
            match write {
                Write::Put { table, key, value } => {
                    tables.insert((table, key), value);
                }
                Write::Delete { table, key } => {
                    tables.remove(&(table, key));
                }
                Write::Expect { .. } => {}
            }
        }
        if dies.is_some() {
            Err(error)
        } else {
            Ok(Written::Done)
        }
    }
}

/// What a made-up receiver does with one try.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Does {
    Accept,
    /// Accepts, but the answer is lost.
    AcceptUnheard,
    Answer500,
    /// 429 with `Retry-After`.
    Wait(u64),
    /// Says nothing for 5 s.
    Hang,
    Refuse,
    Answer404,
}

/// Receivers that honour idempotency keys: what each has accepted, in order, once a key.
#[derive(Default)]
pub struct Far {
    pub accepted: Mutex<Vec<(String, Page)>>,
    pub tries: Mutex<Vec<(String, String, Timestamp)>>,
}

impl Far {
    pub fn keys(&self) -> Vec<String> {
        self.accepted
            .lock()
            .unwrap()
            .iter()
            .map(|(_, page)| page.key.clone())
            .collect()
    }

    pub fn by(&self, receiver: &str) -> Vec<Page> {
        let accepted = self.accepted.lock().unwrap();
        accepted
            .iter()
            .filter(|(name, _)| name == receiver)
            .map(|(_, page)| page.clone())
            .collect()
    }

    fn accept(&self, receiver: &str, page: &Page) {
        let mut accepted = self.accepted.lock().unwrap();
        match accepted.iter().find(|(_, known)| known.key == page.key) {
            Some((name, known)) => {
                assert_eq!(
                    (name.as_str(), known),
                    (receiver, page),
                    "one key, two different pages"
                );
            }
            None => accepted.push((receiver.to_owned(), page.clone())),
        }
    }
}

type Script = Arc<dyn Fn(&str) -> Does + Send + Sync>;

struct MadeUp {
    name: String,
    far: Arc<Far>,
    script: Script,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Notifier for MadeUp {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        self.far.tries.lock().unwrap().push((
            self.name.clone(),
            page.key.clone(),
            self.clock.now(),
        ));
        let passing = |why: &str, after| {
            Err(SendError::Passing {
                why: why.to_owned(),
                after,
            })
        };
        match (self.script)(&self.name) {
            Does::Accept => {
                self.far.accept(&self.name, page);
                Ok(Receipt {
                    answer: "HTTP 200".to_owned(),
                    handle: None,
                })
            }
            Does::AcceptUnheard => {
                self.far.accept(&self.name, page);
                passing("the connection broke off", None)
            }
            Does::Answer500 => passing("HTTP 500", None),
            Does::Wait(secs) => passing("HTTP 429", Some(Duration::from_secs(secs))),
            Does::Hang => {
                tokio::time::sleep(Duration::from_secs(5)).await;
                passing("no answer within 5000 ms", None)
            }
            Does::Refuse => passing("the connection failed", None),
            Does::Answer404 => Err(SendError::Lasting {
                why: "HTTP 404".to_owned(),
            }),
        }
    }
}

/// A responder that runs, and what it has told.
pub struct House {
    pub responder: Arc<Responder>,
    pub task: JoinHandle<()>,
    pub events: mpsc::Receiver<Event>,
}

pub struct World {
    pub clock: Arc<TokioClock>,
    pub far: Arc<Far>,
    pub script: Script,
}

impl World {
    pub fn new(script: impl Fn(&str) -> Does + Send + Sync + 'static) -> Self {
        Self {
            clock: TokioClock::new(),
            far: Arc::default(),
            script: Arc::new(script),
        }
    }

    pub async fn start(&self, config: Config, state: Arc<Memory>) -> Result<House, respond::Error> {
        let (sender, events) = mpsc::channel(100_000);
        let (far, script, clock) = (self.far.clone(), self.script.clone(), self.clock.clone());
        let make: Make = Arc::new(move |name, _| {
            Ok(Box::new(MadeUp {
                name: name.to_owned(),
                far: far.clone(),
                script: script.clone(),
                clock: clock.clone(),
            }))
        });
        let responder =
            Responder::open_simulated(config, state, self.clock.clone(), sender, make).await?;
        let task = tokio::spawn(responder.clone().run(CancellationToken::new()));
        Ok(House {
            responder,
            task,
            events,
        })
    }

    pub fn transition(&self, id: &str, state: State, before: Option<State>) -> Transition {
        Transition {
            promise: Arc::new(promise(id, Some("critical"))),
            verdict: verdict(state, self.clock.now()),
            before,
            evidence_entry: Some(7),
            bad_since: self.clock.now(),
        }
    }
}

pub fn verdict(state: State, at: Timestamp) -> Verdict {
    Verdict {
        state,
        reason: Reason::new("no-evidence", []),
        measured: None,
        budget: None,
        severity: None,
        corrected: None,
        newest: Some(at),
        due: None,
        at,
    }
}

pub fn promise(id: &str, severity: Option<&str>) -> Promise {
    let scalar = |text: &str| Node {
        span: 0..0,
        value: Value::Scalar(text.to_owned()),
    };
    let mut fields = vec![
        ("kind", "ratio"),
        ("name", "決済成功率"),
        ("total", "requests_total"),
        ("good", "requests_good"),
        ("at_least", "99.5 %"),
        ("window", "30d"),
    ];
    fields.extend(severity.map(|severity| ("severity", severity)));
    let entries = fields.into_iter().map(|(name, text)| {
        (
            Key {
                span: 0..0,
                name: name.to_owned(),
            },
            scalar(text),
        )
    });
    let node = Node {
        span: 0..0,
        value: Value::Map(entries.collect()),
    };
    let mut mistakes = Vec::new();
    let read = Promise::read(id, &node, &mut mistakes);
    assert_eq!(mistakes, []);
    read.unwrap()
}

/// Receivers `a`, `b` and `c`; one route to `a` and `b`, told again each 5 minutes.
pub fn config() -> Config {
    let severity = |level, page_at_risk| Severity {
        level,
        page_within: Some(Span::secs(60)),
        answer_within: Some(Span::secs(300)),
        page_at_risk,
        ..Severity::default()
    };
    Config {
        service: Say::new("Card payments", "カード決済"),
        owner: "payments-sre".into(),
        time_zone: "Asia/Tokyo".into(),
        promises: (0..10).map(|n| format!("p{n}")).collect(),
        severities: [
            ("critical".to_owned(), severity(1, false)),
            ("strict".to_owned(), severity(1, true)),
        ]
        .into(),
        routes: vec![Route {
            receivers: vec!["a".into(), "b".into()],
            repeat: Some(Span::secs(300)),
            ..Route::default()
        }],
        alerting: Alerting::default(),
        receivers: ["a", "b", "c"]
            .map(|name| (name.to_owned(), Receiver::Inbox(Inbox {})))
            .into(),
        on_call: None,
        escalations: [].into(),
        checklists: [].into(),
        canary: None,
        rules: [].into(),
        rule_severity: None,
        console_url: "http://127.0.0.1:8400".into(),
    }
}

/// Lets everything that is ready happen, in virtual time.
pub async fn pass(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}

pub fn drain(events: &mut mpsc::Receiver<Event>) -> Vec<Event> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}
