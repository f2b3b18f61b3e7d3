//! Which engine holds the samples: the one inside, or the one that the spec names.

use std::{path::Path, sync::Arc};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use promise::{Clock, Say};
use spec::section::engine::Engine;
use store::{
    MetricStore,
    metrics::{Credentials, RemoteMetrics, RemoteOptions},
};

use crate::secrets;

/// Why there is none.
#[derive(Debug)]
pub(crate) enum Problem {
    Store(store::Error),
    /// No client can be made for it.
    Client(Say),
}

pub(crate) fn open(
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

fn credentials(engine: Engine) -> Credentials {
    Arc::new(move || {
        let mut headers = Vec::new();
        if let Some(secret) = &engine.bearer {
            let token = secrets::resolve(secret)?;
            headers.push((
                "authorization".to_owned(),
                format!("Bearer {}", token.trim()),
            ));
        } else if let Some(user) = &engine.user {
            let password = engine.password.as_ref().map(secrets::resolve);
            let pair = format!("{user}:{}", password.transpose()?.unwrap_or_default());
            let basic = format!("Basic {}", BASE64_STANDARD.encode(pair));
            headers.push(("authorization".to_owned(), basic));
        }
        if let Some(tenant) = &engine.tenant {
            headers.push(("x-scope-orgid".to_owned(), tenant.clone()));
        }
        Ok(headers)
    })
}
