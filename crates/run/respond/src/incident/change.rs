//! Changes: what was deployed around an incident, read from the events that other services post. Pure.
//!
//! Sources: GitHub "Webhook events and payloads" (deployment_status, push, release, workflow_run), GitLab "Webhook events"
//! (deployment, pipeline, push, tag_push, release), Argo CD "Notifications". Any other event counts where it says itself what
//! was deployed: `service` or `app`, with `version` or `revision`.

use promise::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

/// Something that was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub at: Timestamp,
    /// The stream that it came in.
    pub stream: String,
    /// `deployment`, `push`, `release`, `pipeline`.
    pub kind: &'static str,
    /// What: repository or service, version, environment, state.
    pub what: String,
    pub who: Option<String>,
    pub url: Option<String>,
}

/// Longest text that is shown of somebody else's event.
const TEXT_MAX: usize = 200;

/// The change that an event tells of; `None` where it tells of none.
#[must_use]
pub fn of(stream: &str, at: Timestamp, fields: &Map<String, Value>) -> Option<Change> {
    let text = |path: &str| text(fields, path);
    let change = |kind, parts: &[Option<String>], who: &[&str], url: &[&str]| {
        let parts: Vec<String> = parts.iter().flatten().cloned().collect();
        let first = |paths: &[&str]| paths.iter().find_map(|path| text(path));
        let is_web = |url: &String| url.starts_with("https://") || url.starts_with("http://");
        Some(Change {
            at,
            stream: stream.to_owned(),
            kind,
            what: parts.join(" · "),
            who: first(who),
            url: first(url).filter(is_web),
        })
    };
    let sha = |path: &str| text(path).map(|sha| sha.chars().take(10).collect::<String>());
    match (text("event").as_deref(), text("object_kind").as_deref()) {
        (Some("deployment_status"), _) => change(
            "deployment",
            &[
                text("repository.full_name"),
                text("deployment.environment"),
                sha("deployment.sha"),
                text("deployment_status.state"),
            ],
            &["deployment_status.creator.login", "sender.login"],
            &["deployment_status.target_url", "deployment.url"],
        ),
        (Some("push"), _) => change(
            "push",
            &[
                text("repository.full_name"),
                text("ref"),
                sha("after"),
                text("head_commit.message"),
            ],
            &["pusher.name", "sender.login"],
            &["compare"],
        ),
        (Some("release"), _) => change(
            "release",
            &[
                text("repository.full_name"),
                text("release.tag_name"),
                text("action"),
            ],
            &["sender.login"],
            &["release.html_url"],
        ),
        (Some("workflow_run"), _) => change(
            "pipeline",
            &[
                text("repository.full_name"),
                text("workflow_run.name"),
                text("workflow_run.conclusion"),
            ],
            &["sender.login"],
            &["workflow_run.html_url"],
        ),
        (Some(_), None) if fields.contains_key("repository") => None,
        (_, Some("deployment")) => change(
            "deployment",
            &[
                text("project.path_with_namespace"),
                text("environment"),
                text("short_sha"),
                text("status"),
            ],
            &["user.name", "user.username"],
            &["deployable_url", "commit_url"],
        ),
        (_, Some("pipeline")) => change(
            "pipeline",
            &[
                text("project.path_with_namespace"),
                text("object_attributes.ref"),
                text("object_attributes.status"),
            ],
            &["user.name"],
            &["object_attributes.url", "project.web_url"],
        ),
        (_, Some("push" | "tag_push")) => change(
            "push",
            &[
                text("project.path_with_namespace"),
                text("ref"),
                sha("after"),
            ],
            &["user_name", "user_username"],
            &["project.web_url"],
        ),
        (_, Some("release")) => change(
            "release",
            &[
                text("project.path_with_namespace"),
                text("tag"),
                text("action"),
            ],
            &[],
            &["url"],
        ),
        (_, Some(_)) => None,
        _ => {
            let of = text("service").or_else(|| text("app"))?;
            let version = text("version").or_else(|| text("revision"))?;
            let rest = [
                text("environment"),
                text("status").or_else(|| text("phase")),
            ];
            let [environment, status] = rest;
            change(
                "deployment",
                &[Some(of), Some(version), environment, status],
                &["by", "user"],
                &["url"],
            )
        }
    }
}

/// A text at a path: within objects, or under one name that holds the path, as a store may keep it.
fn text(fields: &Map<String, Value>, path: &str) -> Option<String> {
    let flat = fields.get(path);
    let nested = || {
        let mut parts = path.split('.');
        let first = fields.get(parts.next()?)?;
        parts.try_fold(first, |value, part| value.get(part))
    };
    let text = match flat.or_else(nested)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    let line = text.lines().next().unwrap_or_default().trim();
    (!line.is_empty()).then(|| crate::notify::cut::chars(line, TEXT_MAX))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: Value) -> Option<Change> {
        of("deploys", Timestamp::EPOCH, value.as_object()?)
    }

    #[test]
    fn each_service_tells_of_a_deploy_in_its_own_words() {
        let github = json!({
            "event": "deployment_status",
            "repository": { "full_name": "acme/shop" },
            "deployment": { "environment": "production", "sha": "0123456789abcdef" },
            "deployment_status": { "state": "success", "creator": { "login": "aoi" }, "target_url": "https://ci.example/1" },
        });
        let change = read(github);
        assert_eq!(
            change.as_ref().map(|it| it.what.as_str()),
            Some("acme/shop · production · 0123456789 · success")
        );
        assert_eq!(change.and_then(|it| it.who), Some("aoi".to_owned()));

        let gitlab = json!({ "object_kind": "deployment", "status": "success", "environment": "prod", "short_sha": "279484c0",
            "project": { "path_with_namespace": "acme/shop" }, "user": { "name": "Aoi" } });
        assert_eq!(
            read(gitlab).map(|it| it.what),
            Some("acme/shop · prod · 279484c0 · success".to_owned())
        );

        let argo = json!({ "app": "shop", "revision": "279484c0", "phase": "Succeeded", "url": "javascript:alert(1)" });
        let change = read(argo);
        assert_eq!(
            change.as_ref().map(|it| it.what.as_str()),
            Some("shop · 279484c0 · Succeeded")
        );
        assert_eq!(
            change.and_then(|it| it.url),
            None,
            "only a web address is a link"
        );
    }

    #[test]
    fn an_event_that_changes_nothing_is_none() {
        assert_eq!(
            read(json!({ "event": "star", "repository": { "full_name": "acme/shop" } })),
            None
        );
        assert_eq!(read(json!({ "object_kind": "issue" })), None);
        assert_eq!(
            read(json!({ "id": "evt_1", "type": "charge.failed" })),
            None
        );
    }
}
