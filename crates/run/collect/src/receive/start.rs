//! Every door that the spec opens for senders.

use std::{path::Path, sync::Arc};

use spec::section::source::Sources;
use tokio_util::task::TaskTracker;

use super::{
    LokiError, LokiTaken, Otlp, Packing, Pushes, Receiver, WebhookError, Writes, intake::Intake,
    loki, syslog, webhook::Hook,
};
use crate::start::Shared;

/// Where the protocols over HTTP arrive.
pub(crate) struct Doors {
    pub receivers: Vec<Receiver>,
    pub writes: Arc<Writes>,
    pub otlp: Arc<Otlp>,
    pub pushes: Pushes,
    loki: Option<Arc<Intake>>,
    hooks: Vec<Hook>,
}

impl Doors {
    /// Relative paths are looked for under `data_dir`. What is declared says that it lives until stopped.
    pub fn open(
        sources: &Sources,
        data_dir: &Path,
        shared: &Arc<Shared>,
        tasks: &TaskTracker,
    ) -> Self {
        let open = |source: String, stream: &str, shown: &str| {
            let intake = Intake::open(source, stream, shown.to_owned(), shared);
            tasks.spawn(intake.clone().beat(shared.clone()));
            intake
        };
        let receive = &sources.receive;
        for (name, declared) in &receive.syslog {
            let tls = declared
                .tls
                .as_ref()
                .map(|tls| format!("tls {}", tls.listen));
            let udp = declared.udp.as_ref().map(|udp| format!("udp {udp}"));
            let tcp = declared.tcp.as_ref().map(|tcp| format!("tcp {tcp}"));
            let shown: Vec<String> = [udp, tcp, tls].into_iter().flatten().collect();
            let intake = open(
                format!("syslog/{name}"),
                &declared.stream,
                &shown.join(", "),
            );
            syslog::start(declared, data_dir, &intake, shared, tasks);
        }
        let hooks = receive.webhooks.iter().map(|(name, hook)| {
            let shown = format!("/ingest/webhooks/{name}");
            let intake = open(format!("webhook/{name}"), hook.stream(), &shown);
            Hook::new(name, hook, shared.secrets.clone(), intake)
        });
        let writes = Arc::new(Writes::new(shared));
        let otlp = receive.otlp.as_ref();
        let logs = otlp.map(|otlp| open("otlp/logs".to_owned(), &otlp.logs, "/v1/logs"));
        let traces = otlp.map(|otlp| open("otlp/traces".to_owned(), &otlp.traces, "/v1/traces"));
        let posts = sources.logs.iter().filter(|(_, logs)| logs.post);
        Self {
            receivers: posts
                .map(|(name, logs)| Receiver::new(name, logs.clone(), shared))
                .collect(),
            otlp: Arc::new(Otlp::new(writes.clone(), logs, traces)),
            pushes: Pushes::new(writes.clone(), shared.clock.clone()),
            loki: receive
                .loki
                .as_ref()
                .map(|loki| open("loki".to_owned(), &loki.stream, "/loki/api/v1/push")),
            hooks: hooks.collect(),
            writes,
        }
    }

    pub async fn loki(
        &self,
        is_json: bool,
        packing: Packing,
        body: &[u8],
    ) -> Result<LokiTaken, LokiError> {
        let intake = self.loki.as_ref().ok_or(LokiError::NotDeclared)?;
        loki::receive(intake, is_json, packing, body).await
    }

    pub async fn webhook(
        &self,
        name: &str,
        header: &(dyn Fn(&str) -> Option<String> + Sync),
        body: &[u8],
    ) -> Result<(), WebhookError> {
        let hook = self.hooks.iter().find(|hook| hook.name == name);
        hook.ok_or_else(|| WebhookError::NotDeclared(name.to_owned()))?
            .receive(header, body)
            .await
    }
}
