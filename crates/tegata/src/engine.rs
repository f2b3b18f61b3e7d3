//! Which engines hold the samples and the log records: those inside, or those that the spec names.

use std::{fmt, path::Path, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use promise::{Clock, Say};
use spec::section::{engine::Engine, log_engine::LogEngine, receiver::Secret};
use store::{
    Credentials, LogStore, MetricStore,
    logs::{ElasticLogs, ElasticOptions},
    metrics::{RemoteMetrics, RemoteOptions},
};

use crate::secrets;

/// Why there is none.
#[derive(Debug)]
pub(crate) enum Problem {
    Store(store::Error),
    /// No client can be made for it.
    Client(Say),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Client(why) => f.write_str(&why.en),
        }
    }
}

pub(crate) fn metrics(
    engine: Option<&Engine>,
    folder: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn MetricStore>, Problem> {
    let Some(engine) = engine else {
        return store::metrics::open("embedded", folder).map_err(Problem::Store);
    };
    let options = RemoteOptions {
        write: engine.write_url(),
        query: engine.query.clone(),
        credentials: credentials(engine.clone()),
        queue_max: engine.queue_max.0,
        timeout: engine.timeout.0,
        client: collect::http_client(clock).map_err(Problem::Client)?,
    };
    tracing::info!(
        query = engine.query,
        "metrics are held by an engine elsewhere"
    );
    let remote = RemoteMetrics::open(folder, options).map_err(Problem::Store)?;
    Ok(Arc::new(remote))
}

pub(crate) fn logs(
    engine: Option<&LogEngine>,
    folder: &Path,
    clock: Arc<dyn Clock>,
) -> Result<Arc<dyn LogStore>, Problem> {
    let Some(engine) = engine else {
        return store::logs::open("embedded", folder).map_err(Problem::Store);
    };
    let credentials = {
        let engine = engine.clone();
        Arc::new(move || {
            let basic = (engine.user.as_deref(), engine.password.as_ref());
            let said = match &engine.api_key {
                Some(key) => Some(format!("ApiKey {}", secrets::resolve(key)?.trim())),
                None => authorization(engine.bearer.as_ref(), basic)?,
            };
            Ok(said.map(named).into_iter().collect())
        })
    };
    let options = ElasticOptions {
        url: engine.url.clone(),
        prefix: engine.prefix.to_string(),
        credentials,
        timeout: engine.timeout.0,
        client: collect::http_client(clock).map_err(Problem::Client)?,
    };
    tracing::info!(url = engine.url, "logs are held by an engine elsewhere");
    let remote = ElasticLogs::open(&folder.join("remote"), options).map_err(Problem::Store)?;
    Ok(Arc::new(remote))
}

fn credentials(engine: Engine) -> Credentials {
    Arc::new(move || {
        let basic = (engine.user.as_deref(), engine.password.as_ref());
        let said = authorization(engine.bearer.as_ref(), basic)?.map(named);
        let tenant = engine.tenant.clone();
        let tenant = tenant.map(|tenant| ("x-scope-orgid".to_owned(), tenant));
        Ok(said.into_iter().chain(tenant).collect())
    })
}

fn named(said: String) -> (String, String) {
    ("authorization".to_owned(), said)
}

/// A token, or else a user's name and password.
fn authorization(
    bearer: Option<&Secret>,
    (user, password): (Option<&str>, Option<&Secret>),
) -> Result<Option<String>, String> {
    if let Some(secret) = bearer {
        return Ok(Some(format!("Bearer {}", secrets::resolve(secret)?.trim())));
    }
    let Some(user) = user else { return Ok(None) };
    let password = password.map(secrets::resolve).transpose()?;
    let pair = format!("{user}:{}", password.unwrap_or_default());
    Ok(Some(format!("Basic {}", BASE64_STANDARD.encode(pair))))
}
