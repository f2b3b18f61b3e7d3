//! One kind of object: listed page by page, then watched from where the list ended.
//!
//! A watch ends now and then, by the server's will; it goes on from the version seen last. Where that has been
//! forgotten (410 Gone) everything is listed anew.

use std::{collections::BTreeMap, time::Duration};

use promise::{Say, say};
use serde_json::Value;
use spec::section::discovery::KubernetesDiscovery;
use tokio::sync::mpsc;

use super::{OBJECTS_MAX, access::Api, role::Kind};

/// Objects of one page.
const PAGE: usize = 500;
/// A page of 500 pods with long annotations.
const PAGE_BYTES_MAX: usize = 64 << 20;
/// One object of a watch; the API itself takes none above 1.5 MiB.
const LINE_MAX: usize = 4 << 20;
/// The server ends a watch after so long, so that a connection that died unnoticed is noticed.
const WATCH_SECS: u64 = 300;
/// Before a watch that has ended is opened again, for a server may end it at once each time.
const RECONNECT: Duration = Duration::from_secs(1);
/// Nothing came for longer than the server promised.
const SILENCE: Duration = Duration::from_secs(WATCH_SECS + 30);

pub(super) enum Change {
    Listed {
        kind: &'static str,
        namespace: Option<String>,
        objects: BTreeMap<String, Value>,
    },
    Set {
        kind: &'static str,
        name: String,
        object: Value,
    },
    Gone {
        kind: &'static str,
        name: String,
    },
}

pub(super) struct Watch<'w> {
    pub api: &'w Api,
    pub kind: &'static Kind,
    pub namespace: Option<String>,
    pub config: &'w KubernetesDiscovery,
    pub told: mpsc::Sender<Change>,
}

/// Why a watch has ended.
enum Ended {
    /// As it does from time to time.
    Peacefully,
    /// The version is too old to go on from.
    Forgotten,
    Failed(Say),
}

impl Watch<'_> {
    /// Runs until something fails.
    pub async fn run(self) -> Say {
        loop {
            let mut version = match self.list().await {
                Ok(version) => version,
                Err(why) => return why,
            };
            loop {
                match self.watch(&mut version).await {
                    Ended::Peacefully => tokio::time::sleep(RECONNECT).await,
                    Ended::Forgotten => break,
                    Ended::Failed(why) => return why,
                }
            }
        }
    }

    fn path(&self) -> String {
        let Kind { group, plural, .. } = self.kind;
        match &self.namespace {
            Some(namespace) => format!("{group}/namespaces/{namespace}/{plural}"),
            None => format!("{group}/{plural}"),
        }
    }

    fn query(&self, own: &[(&'static str, String)]) -> Vec<(&'static str, String)> {
        let mut query = own.to_vec();
        // Selectors choose among the objects that become targets, not among those that are looked up.
        if self.kind.is_selected(self.config.role) {
            let selectors = [
                ("labelSelector", &self.config.label_selector),
                ("fieldSelector", &self.config.field_selector),
            ];
            for (name, selector) in selectors {
                query.extend(selector.clone().map(|selector| (name, selector)));
            }
        }
        query
    }

    async fn list(&self) -> Result<String, Say> {
        let mut objects = BTreeMap::new();
        let mut more = String::new();
        loop {
            let mut query = vec![("limit", PAGE.to_string())];
            if !more.is_empty() {
                query.push(("continue", more));
            }
            let page = self
                .api
                .get(&self.path(), &self.query(&query), PAGE_BYTES_MAX)
                .await?;
            let page: Value = serde_json::from_slice(&page).map_err(|error| unreadable(&error))?;
            for item in page["items"].as_array().into_iter().flatten() {
                objects.insert(name(item), item.clone());
            }
            if objects.len() > OBJECTS_MAX {
                let plural = self.kind.plural;
                return Err(say!(
                    "there are more than {OBJECTS_MAX} {plural}",
                    "{plural} が {OBJECTS_MAX} 個を超えています"
                ));
            }
            more = text(&page["metadata"]["continue"]).to_owned();
            if more.is_empty() {
                let version = text(&page["metadata"]["resourceVersion"]).to_owned();
                self.tell(Change::Listed {
                    kind: self.kind.plural,
                    namespace: self.namespace.clone(),
                    objects,
                })
                .await?;
                return Ok(version);
            }
        }
    }

    async fn watch(&self, version: &mut String) -> Ended {
        let query = [
            ("watch", "1".to_owned()),
            ("resourceVersion", version.clone()),
            ("allowWatchBookmarks", "true".to_owned()),
            ("timeoutSeconds", WATCH_SECS.to_string()),
        ];
        let mut response = match self
            .api
            .open_stream(&self.path(), &self.query(&query))
            .await
        {
            Ok(response) if response.status() == 410 => return Ended::Forgotten,
            Ok(response) if response.status().is_success() => response,
            Ok(response) => return Ended::Failed(super::access::refused(response.status())),
            Err(why) => return Ended::Failed(why),
        };
        let mut waiting: Vec<u8> = Vec::new();
        loop {
            let chunk = match tokio::time::timeout(SILENCE, response.chunk()).await {
                Ok(Ok(Some(chunk))) => chunk,
                Ok(Ok(None)) | Err(_) => return Ended::Peacefully,
                // A connection that breaks is opened again from the same version.
                Ok(Err(_)) => return Ended::Peacefully,
            };
            waiting.extend_from_slice(&chunk);
            while let Some(end) = memchr::memchr(b'\n', &waiting) {
                let line: Vec<u8> = waiting.drain(..=end).collect();
                match self.event(&line, version).await {
                    Ok(true) => {}
                    Ok(false) => return Ended::Forgotten,
                    Err(why) => return Ended::Failed(why),
                }
            }
            if waiting.len() > LINE_MAX {
                return Ended::Failed(say!(
                    "an object is larger than {LINE_MAX} bytes",
                    "オブジェクトが {LINE_MAX} バイトを超えています"
                ));
            }
        }
    }

    /// False where the server has forgotten our version.
    async fn event(&self, line: &[u8], version: &mut String) -> Result<bool, Say> {
        if line.trim_ascii().is_empty() {
            return Ok(true);
        }
        let mut event: Value = serde_json::from_slice(line).map_err(|error| unreadable(&error))?;
        let object = event["object"].take();
        let kind = self.kind.plural;
        match event["type"].as_str() {
            Some("ADDED" | "MODIFIED") => {
                let name = name(&object);
                remember(version, &object);
                self.tell(Change::Set { kind, name, object }).await?;
            }
            Some("DELETED") => {
                remember(version, &object);
                let name = name(&object);
                self.tell(Change::Gone { kind, name }).await?;
            }
            Some("BOOKMARK") => remember(version, &object),
            _ => return Ok(false),
        }
        Ok(true)
    }

    async fn tell(&self, change: Change) -> Result<(), Say> {
        let sent = self.told.send(change).await;
        sent.map_err(|_| say!("collecting has ended", "収集は終わりました"))
    }
}

fn remember(version: &mut String, object: &Value) {
    let newer = text(&object["metadata"]["resourceVersion"]);
    if !newer.is_empty() {
        newer.clone_into(version);
    }
}

/// `namespace/name`; of what has no namespace `/name`.
fn name(object: &Value) -> String {
    let metadata = &object["metadata"];
    format!(
        "{}/{}",
        text(&metadata["namespace"]),
        text(&metadata["name"])
    )
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn unreadable(error: &serde_json::Error) -> Say {
    say!(
        "the answer is no object: {error}",
        "応答がオブジェクトではありません: {error}"
    )
}
