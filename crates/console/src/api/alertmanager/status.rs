//! `/api/v2/status` and `/api/v2/receivers`.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::reply::Visit;

/// The version of Alertmanager whose API is spoken; amtool and Grafana ask for it.
const SPOKEN: &str = "0.33.1";

pub(crate) async fn show(visit: Visit) -> Response {
    let status = &visit.room.desk.status;
    let version = status.version();
    let names = visit.room.desk.alerts.receivers();
    let first = names.first().cloned().unwrap_or_else(|| "inbox".to_owned());
    // Clients read the configuration as Alertmanager's: the receivers stand there, the routes are the spec's.
    let original = json!({
        "route": { "receiver": first },
        "receivers": names.iter().map(|name| json!({ "name": name })).collect::<Vec<Value>>(),
    });
    Json(json!({
        "cluster": { "name": "", "peers": [], "status": "disabled" },
        "config": { "original": original.to_string() },
        "uptime": status.runtime().started,
        "versionInfo": {
            "branch": "", "buildDate": "", "buildUser": "",
            "goVersion": format!("tegata {}", version.version),
            "revision": version.commit.unwrap_or_default(),
            "version": SPOKEN,
        },
    }))
    .into_response()
}

pub(crate) async fn receivers(visit: Visit) -> Response {
    let names = visit.room.desk.alerts.receivers();
    let names: Vec<Value> = names.iter().map(|name| json!({ "name": name })).collect();
    Json(names).into_response()
}
