//! `email`: plain text and simple HTML over SMTP, both languages in one mail.
//!
//! `Message-ID` is made from the page's key, so a mail that was sent twice because its acceptance was lost is known as one;
//! the mails of an incident name the incident in `References`, so mail programs show them as one thread. A mail without
//! encryption leaves only for loopback.

use std::{
    net::IpAddr,
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{Error, authentication::Credentials},
};
use promise::{Lang, say};
use spec::section::receiver::{self, Security};

use super::{Notifier, Outside, Receipt, SendError};
use crate::Page;

pub struct Email {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: String,
    to: Vec<String>,
    timeout: Duration,
}

impl Email {
    pub fn of(section: &receiver::Email, outside: &Outside) -> Result<Self, SendError> {
        let (host, port) = host_and_port(&section.server)
            .ok_or_else(|| SendError::lasting("the mail server is not written as `host:port`"))?;
        let wrong_name = |_| SendError::lasting("the mail server's name cannot be used for TLS");
        let builder = match section.security {
            Security::None if !is_loopback(host) => {
                return Err(SendError::lasting(
                    "mail without encryption may only go to loopback",
                ));
            }
            Security::None => AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host),
            Security::StartTls => {
                AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host).map_err(wrong_name)?
            }
            Security::Tls => {
                AsyncSmtpTransport::<Tokio1Executor>::relay(host).map_err(wrong_name)?
            }
        };
        let mut builder = builder.port(port).timeout(Some(section.timeout.0));
        if let (Some(user), Some(password)) = (&section.user, &section.password) {
            let password = (outside.secrets)(password).map_err(SendError::lasting)?;
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self {
            transport: builder.build(),
            from: section.from.clone(),
            to: section.to.clone(),
            timeout: section.timeout.0,
        })
    }
}

#[async_trait]
impl Notifier for Email {
    async fn send(&self, page: &Page) -> Result<Receipt, SendError> {
        let mail = mail(page, &self.from, &self.to)?;
        // The transport's own timeout is for each command; a server that answers each of them slowly is slow all the same.
        let response = tokio::time::timeout(self.timeout, self.transport.send(mail))
            .await
            .map_err(|_| {
                SendError::passing(format!("no answer within {} ms", self.timeout.as_millis()))
            })?
            .map_err(|error| explain(&error))?;
        Ok(Receipt {
            answer: format!("SMTP {}", response.code()),
            handle: None,
        })
    }
}

/// The whole mail. The same page gives the same bytes, on every try.
pub fn mail(page: &Page, from: &str, to: &[String]) -> Result<Message, SendError> {
    // Addresses are personal data, so none is repeated in an error.
    let mailbox = |text: &str| {
        text.parse::<Mailbox>()
            .map_err(|_| SendError::lasting("an address is not a mail address"))
    };
    let from = mailbox(from)?;
    let domain = from.email.domain().to_owned();
    let thread = format!("<{}@{domain}>", page.thread());
    let [first, second] = page.languages();
    let title = page.title();
    let millis = u64::try_from(page.at.as_millis()).unwrap_or(0);

    let mut builder = Message::builder()
        .from(from)
        .subject(one_line(title.get(first)))
        .message_id(Some(format!("<{}@{domain}>", page.key)))
        .in_reply_to(thread.clone())
        .references(thread)
        .date(SystemTime::UNIX_EPOCH + Duration::from_millis(millis))
        // RFC 3834: no holiday notice answers a page.
        .raw_header(raw("Auto-Submitted", "auto-generated")?)
        .raw_header(raw("X-Idempotency-Key", &page.key)?);
    for address in to {
        builder = builder.to(mailbox(address)?);
    }
    let plain = format!("{}\n\n--\n\n{}\n", page.text(first), page.text(second));
    let html = format!(
        "<!doctype html><html lang=\"{}\"><body>{}<hr>{}</body></html>",
        first.tag(),
        html(page, first),
        html(page, second)
    );
    let parts = MultiPart::alternative()
        .boundary(format!("tegata-{}", page.key))
        .singlepart(SinglePart::plain(plain))
        .singlepart(SinglePart::html(html));
    builder
        .multipart(parts)
        .map_err(|_| SendError::lasting("the mail has no recipient or cannot be written"))
}

fn raw(name: &str, value: &str) -> Result<HeaderValue, SendError> {
    let name = HeaderName::new_from_ascii(name.to_owned())
        .map_err(|_| SendError::lasting("a header has no valid name"))?;
    Ok(HeaderValue::new(name, one_line(value)))
}

fn html(page: &Page, lang: Lang) -> String {
    let mut out = format!(
        "<section lang=\"{}\"><h2>{}</h2><table>",
        lang.tag(),
        escape(page.title().get(lang))
    );
    for (label, value) in page.lines() {
        out.push_str(&format!(
            "<tr><th align=\"left\" valign=\"top\">{}</th><td>{}</td></tr>",
            escape(label.get(lang)),
            escape(value.get(lang))
        ));
    }
    out.push_str("</table>");
    if let Some(link) = &page.incident {
        out.push_str(&format!(
            "<p><a href=\"{}\">{}</a></p>",
            escape(&link.url),
            escape(&link.id)
        ));
    }
    if let Some(link) = &page.acknowledge {
        let word = say!("Take it on", "対応する");
        out.push_str(&format!(
            "<p><a href=\"{}\">{}</a></p>",
            escape(&link.url),
            word.get(lang)
        ));
    }
    out.push_str("</section>");
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A line break in a name must not begin a header of its own.
fn one_line(text: &str) -> String {
    text.split(char::is_control).collect::<Vec<_>>().join(" ")
}

fn host_and_port(server: &str) -> Option<(&str, u16)> {
    let (host, port) = server.rsplit_once(':')?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then_some((host, port.parse().ok()?))
}

pub(super) fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// Says what failed by its code alone: servers repeat addresses in their answers.
fn explain(error: &Error) -> SendError {
    let code = error.status().map(|code| format!("SMTP {code}"));
    if error.is_permanent() {
        return SendError::lasting(code.unwrap_or_else(|| "the mail was refused".to_owned()));
    }
    SendError::passing(code.unwrap_or_else(|| {
        if error.is_timeout() {
            "the mail server did not answer in time".to_owned()
        } else if error.is_tls() {
            "the encrypted connection failed".to_owned()
        } else {
            "the connection to the mail server failed".to_owned()
        }
    }))
}

#[cfg(test)]
mod tests {
    use promise::Say;

    use super::*;
    use crate::page::samples;

    fn text(page: &Page) -> String {
        let mail = mail(
            page,
            "Tegata <tegata@example.jp>",
            &["ops@example.jp".to_owned()],
        );
        mail.map(|mail| String::from_utf8_lossy(&mail.formatted()).into_owned())
            .unwrap_or_default()
    }

    #[test]
    fn a_try_repeats_the_same_bytes() {
        assert_eq!(text(&samples::broken()), text(&samples::broken()));
        assert!(
            text(&samples::broken()).contains("Message-ID: <9f86d081-INC-2026-0007-1@example.jp>")
        );
    }

    #[test]
    fn a_line_break_in_a_name_adds_no_header() {
        let mut page = samples::broken();
        page.promise.name = Say::same("pay\r\nBcc: thief@example.com\r\n\r\nhello");
        let text = text(&page);
        let headers = text.split("\r\n\r\n").next().unwrap_or_default();
        assert!(
            !headers.lines().any(|line| line.starts_with("Bcc:")),
            "{headers}"
        );
    }

    #[test]
    fn only_loopback_is_loopback() {
        for host in ["localhost", "127.0.0.1", "127.8.8.8", "[::1]", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "mail.example.jp",
            "10.0.0.1",
            "127.0.0.1.example.jp",
            "0.0.0.0",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
        assert_eq!(host_and_port("[::1]:25"), Some(("::1", 25)));
        assert_eq!(host_and_port("mail.example.jp"), None);
    }
}
