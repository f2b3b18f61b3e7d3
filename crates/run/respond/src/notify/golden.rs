//! What a person or a program receives for one broken and one resolved page. A change here is a change for users.

#![allow(clippy::unwrap_used)]
use std::{collections::BTreeMap, sync::Arc};

use async_trait::async_trait;
use promise::{Lang, ManualClock, Say, unit::Span};
use spec::section::receiver::{self, Preset, Receiver, Secret};

use super::{Outside, email, inbox::Shelf, slack, slack_bot};
use crate::{
    InboxItem, Page,
    page::{AcknowledgeLink, samples},
};

struct NoShelf;

#[async_trait]
impl Shelf for NoShelf {
    async fn put(&self, _: InboxItem) -> Result<(), crate::Error> {
        Ok(())
    }
}

/// A page as it leaves: with a link.
fn leaving() -> Page {
    Page {
        acknowledge: Some(AcknowledgeLink {
            url: "http://127.0.0.1:8400/acknowledge/7-1-1795395604-00".into(),
            until: samples::broken().at,
        }),
        ..samples::broken()
    }
}

/// What a receiver would send for a broken page and a resolved one, its secrets never shown.
fn preview(name: &str, receiver: &Receiver) {
    let clock = ManualClock::at(samples::broken().at);
    let secrets: crate::Secrets = Arc::new(|_| Ok("S3CRET-URL-OR-TOKEN".to_owned()));
    let outside = Outside::new(secrets, Arc::new(clock), Arc::new(NoShelf));
    for (kind, page) in [("broken", leaving()), ("resolved", samples::resolved())] {
        let notifier = super::of(receiver, &outside);
        let shown = notifier.and_then(|notifier| notifier.preview(&page));
        insta::assert_snapshot!(format!("{name}_{kind}"), shown.unwrap_or_default());
    }
}

fn secret() -> Secret {
    Secret::Env("SECRET".to_owned())
}

#[test]
fn the_card_of_teams() {
    let section = receiver::Teams {
        url: secret(),
        timeout: Span::secs(5),
    };
    preview("teams", &Receiver::Teams(section));
}

#[test]
fn the_event_of_pagerduty() {
    let section = receiver::PagerDuty {
        key: secret(),
        api: "https://events.pagerduty.com".into(),
        timeout: Span::secs(5),
    };
    preview("pagerduty", &Receiver::PagerDuty(section));
}

#[test]
fn the_message_of_ntfy() {
    let section = receiver::Ntfy {
        topic: secret(),
        server: "https://ntfy.sh".into(),
        token: None,
        timeout: Span::secs(5),
    };
    preview("ntfy", &Receiver::Ntfy(section));
}

fn known(preset: Preset) -> Receiver {
    Receiver::Http(receiver::Http {
        url: secret(),
        headers: BTreeMap::new(),
        preset,
        params: [
            ("project".to_owned(), "OPS".to_owned()),
            ("issue_type".to_owned(), "Incident".to_owned()),
        ]
        .into(),
        open: None,
        update: None,
        close: None,
        message: None,
        handle: None,
        timeout: Span::secs(5),
    })
}

#[test]
fn the_requests_of_each_preset() {
    for preset in [
        Preset::Opsgenie,
        Preset::Jira,
        Preset::Github,
        Preset::LineWorks,
        Preset::Chatwork,
    ] {
        preview(preset.as_str(), &known(preset));
    }
}

/// The limits are those that `preset` names with their sources, in characters as Java counts them; Chatwork's is in bytes.
#[test]
fn the_longest_page_keeps_every_limit_of_a_preset() {
    let mut page = leaving();
    // Three bytes and one unit, four bytes and two units.
    page.promise.name = Say::same("長🍎".repeat(5_000));
    page.reason.text = Say::same("字𠮷".repeat(50_000));
    let clock = ManualClock::at(page.at);
    let outside = Outside::new(
        Arc::new(|_| Ok(String::new())),
        Arc::new(clock),
        Arc::new(NoShelf),
    );
    let body = |preset: Preset| {
        let notifier = super::of(&known(preset), &outside).unwrap();
        let shown = notifier.preview(&page).unwrap();
        shown.split_once("\n\n").unwrap().1.to_owned()
    };
    for (preset, limits) in [
        (
            Preset::Jira,
            vec![("/fields/summary", 255), ("/fields/description", 32_767)],
        ),
        (
            Preset::LineWorks,
            vec![("/title", 100), ("/body/text", 2_000)],
        ),
        (Preset::Github, vec![("/title", 256), ("/body", 65_536)]),
        (
            Preset::Opsgenie,
            vec![("/message", 130), ("/description", 15_000)],
        ),
    ] {
        let body: serde_json::Value = serde_json::from_str(&body(preset)).unwrap();
        for (field, most) in limits {
            let text = body.pointer(field).and_then(|text| text.as_str()).unwrap();
            let units = text.encode_utf16().count();
            // It is cut, and not far below what may be said.
            assert!(text.ends_with('…'), "{preset} {field}");
            assert!(
                units <= most && units * 20 >= most * 19,
                "{preset} {field}: {units}"
            );
        }
    }
    let form = body(Preset::Chatwork);
    // What `%` and two digits stand for is one byte.
    let bytes = form.len() - 2 * form.matches('%').count();
    assert!((40_000..65_535).contains(&bytes), "{bytes}");
}

#[test]
fn the_messages_of_a_bot() {
    let show = |name: &str, message: &serde_json::Value| {
        let text = serde_json::to_string_pretty(message).unwrap_or_default();
        insta::assert_snapshot!(name, text);
    };
    show(
        "slack_bot_first",
        &slack_bot::first(&leaving(), "C0123456789"),
    );
    let (channel, ts) = ("C0123456789", "1795309204.000100");
    show(
        "slack_bot_edit",
        &slack_bot::edit(&samples::resolved(), channel, ts),
    );
    show(
        "slack_bot_reply",
        &slack_bot::reply(&samples::resolved(), channel, ts),
    );
}

fn each(check: impl Fn(&str, &Page)) {
    check("broken", &samples::broken());
    check("resolved", &samples::resolved());
}

#[test]
fn the_body_of_a_webhook() {
    each(|name, page| {
        let body = serde_json::to_string_pretty(page).unwrap_or_default();
        insta::assert_snapshot!(format!("webhook_{name}"), body);
    });
}

#[test]
fn the_message_to_slack() {
    each(|name, page| {
        let message = serde_json::to_string_pretty(&slack::message(page, Some("#payments")))
            .unwrap_or_default();
        insta::assert_snapshot!(format!("slack_{name}"), message);
    });
}

#[test]
fn the_text_of_a_mail() {
    each(|name, page| {
        let mail = email::mail(
            page,
            "Tegata <tegata@example.jp>",
            &["oncall@example.jp".to_owned()],
        );
        let bytes = mail.map(|mail| mail.formatted()).unwrap_or_default();
        let wire = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
        let head = wire.split("\n\n").next().unwrap_or_default();
        let [first, second] = page.languages();
        let text = format!(
            "{head}\n\n{}\n\n--\n\n{}",
            page.text(first),
            page.text(second)
        );
        insta::assert_snapshot!(format!("email_{name}"), text);
        assert_eq!(first, Lang::Ja);
    });
}
