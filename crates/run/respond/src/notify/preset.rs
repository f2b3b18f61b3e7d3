//! The requests of services that are known: what `preset` in an `http` receiver fills in.
//!
//! Limits stand where they are used, each from its service's own documentation where that names one: Opsgenie "Alert API"
//! (message 130, alias 512, description 15,000, note 25,000 characters), Jira "Create issue" (summary 255; texts 32,767, its
//! default of `jira.text.field.character.limit`), GitHub "Create an issue" (title 256, body 65,536). Chatwork names none for
//! "POST /rooms/{room_id}/messages"; 40,000 letters were taken and 80,000 answered 400 when people tried it (qiita.com,
//! a012de576c43effcd280), and two texts of 10,000 characters are below 65,535 bytes in Japanese too. LINE WORKS names none
//! for its Incoming Webhook app either; its Bot API takes a text of 2,000.

use spec::section::receiver::{ContentType, Http, Method, Preset, Request};

fn json(method: Method, path: &str, body: &str) -> Option<Request> {
    Some(Request {
        method,
        path: path.to_owned(),
        body: body.to_owned(),
        content_type: ContentType::Json,
    })
}

/// The receiver with everything filled in that it leaves to its preset.
#[must_use]
pub fn filled(section: &Http) -> Http {
    let mut filled = section.clone();
    let Some(known) = known(section.preset) else {
        return filled;
    };
    filled.open = filled.open.or(known.open);
    filled.update = filled.update.or(known.update);
    filled.close = filled.close.or(known.close);
    filled.message = filled.message.or(known.message);
    filled.handle = filled.handle.or(known.handle.map(str::to_owned));
    filled
}

#[derive(Default)]
struct Known {
    open: Option<Request>,
    update: Option<Request>,
    close: Option<Request>,
    message: Option<Request>,
    handle: Option<&'static str>,
}

fn known(preset: Preset) -> Option<Known> {
    Some(match preset {
        Preset::None => return None,
        Preset::Opsgenie => Known {
            message: json(Method::Post, "/v2/alerts", OPSGENIE),
            close: json(
                Method::Post,
                "/v2/alerts/{{ thread|cut(512) }}/close?identifierType=alias",
                r#"{ "source": {{ service|cut(100) }}, "note": {{ text|cut(25000) }} }"#,
            ),
            ..Known::default()
        },
        Preset::Jira => Known {
            open: json(Method::Post, "/rest/api/2/issue", JIRA),
            message: json(
                Method::Post,
                "/rest/api/2/issue/{{ handle }}/comment",
                r#"{ "body": {{ text|cut(32000) }} }"#,
            ),
            handle: Some("{{ answer.key }}"),
            ..Known::default()
        },
        Preset::Github => Known {
            open: json(Method::Post, "/issues", GITHUB),
            update: json(
                Method::Post,
                "/issues/{{ handle }}/comments",
                r#"{ "body": {{ text|cut(65000) }} }"#,
            ),
            close: json(
                Method::Patch,
                "/issues/{{ handle }}",
                r#"{ "state": "closed", "state_reason": "completed" }"#,
            ),
            handle: Some("{{ answer.number }}"),
            ..Known::default()
        },
        Preset::LineWorks => Known {
            message: json(Method::Post, "", LINE_WORKS),
            ..Known::default()
        },
        Preset::Chatwork => Known {
            message: Some(Request {
                method: Method::Post,
                path: String::new(),
                body: "self_unread=1&body=%5Binfo%5D%5Btitle%5D{{ title|cut(200) }}%5B%2Ftitle%5D\
                       {{ text|cut(10000) }}%0A%0A{{ text_other|cut(10000) }}%5B%2Finfo%5D"
                    .to_owned(),
                content_type: ContentType::Form,
            }),
            ..Known::default()
        },
    })
}

const OPSGENIE: &str = r#"{
  "message": {{ title|cut(130) }},
  "alias": {{ thread|cut(512) }},
  "description": {{ text|cut(15000) }},
  "priority": {% if level == 1 %}"P1"{% elif level == 2 %}"P2"{% elif level == 3 %}"P3"{% else %}"P4"{% endif %},
  "source": {{ service|cut(100) }},
  "entity": {{ promise|cut(512) }},
  "details": { "key": {{ key }}, "state": {{ state }}, "owner": {{ owner }}{% if incident %}, "incident": {{ incident.url }}{% endif %}{% if acknowledge %}, "take_it_on": {{ acknowledge }}{% endif %} }
}"#;

const JIRA: &str = r#"{
  "fields": {
    "project": { "key": {{ params.project }} },
    "issuetype": { "name": {{ params.issue_type|default("Bug") }} },
    "summary": {{ title|cut(255) }},
    "description": {{ text|cut(32000) }},
    "labels": ["tegata"]
  }
}"#;

const GITHUB: &str = r#"{
  "title": {{ title|cut(256) }},
  "body": {{ text|cut(65000) }},
  "labels": ["incident"]
}"#;

const LINE_WORKS: &str = r#"{
  "title": {{ title|cut(100) }},
  "body": { "text": {{ text|cut(2000) }} }{% if acknowledge %},
  "button": { "label": {% if lang == "ja" %}"対応する"{% else %}"Take it on"{% endif %}, "url": {{ acknowledge }} }{% elif incident %},
  "button": { "label": {{ incident.id }}, "url": {{ incident.url }} }{% endif %}
}"#;
