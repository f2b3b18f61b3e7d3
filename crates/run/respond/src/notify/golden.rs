//! What a person or a program receives for one broken and one resolved page. A change here is a change for users.

use promise::Lang;

use super::{email, slack};
use crate::{Page, page::samples};

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
