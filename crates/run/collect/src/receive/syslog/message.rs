//! One syslog message as fields: RFC 5424, or RFC 3164, which only describes what was seen.
//!
//! What is no syslog at all is kept as a message of the default priority, as RFC 3164 (4.3.3) tells relays to do: a
//! device that writes badly is still evidence.

use promise::Timestamp;
use serde_json::{Map, Value};

/// RFC 5424, table 1. The names are those of `syslog.conf`.
const FACILITIES: [&str; 24] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv",
    "ftp", "ntp", "audit", "alert", "clock", "local0", "local1", "local2", "local3", "local4",
    "local5", "local6", "local7",
];

/// RFC 5424, table 2.
const SEVERITIES: [&str; 8] = [
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug",
];

/// `user.notice`, for a message that says none.
const PRIORITY: usize = 13;

/// Elements of structured data; senders have one or two.
const ELEMENTS_MAX: usize = 32;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A message: when it happened, where it says so with a year and a zone, and its fields.
pub(super) fn read(text: &str) -> (Option<Timestamp>, Map<String, Value>) {
    let text = text.trim_end_matches(['\n', '\r', '\0']);
    let (priority, rest) = priority(text).unwrap_or((PRIORITY, text));
    let mut out = Fields::default();
    out.put("facility", FACILITIES[priority / 8]);
    out.put("severity", SEVERITIES[priority % 8]);
    let is_new = rest.strip_prefix("1 ").and_then(|rest| out.of_today(rest));
    if is_new.is_none() && rest.len() < text.len() {
        out.old(rest);
    } else if is_new.is_none() {
        out.message(text);
    }
    (out.at, out.fields)
}

/// `<PRI>` of 0 to 191.
fn priority(text: &str) -> Option<(usize, &str)> {
    let (digits, rest) = text.strip_prefix('<')?.split_once('>')?;
    let is_number = (1..=3).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let number = digits.parse().ok().filter(|number| *number < 192)?;
    is_number.then_some((number, rest))
}

#[derive(Default)]
struct Fields {
    at: Option<Timestamp>,
    fields: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, name: &str, value: &str) {
        // RFC 5424's NILVALUE.
        if !value.is_empty() && value != "-" {
            self.fields.insert(name.to_owned(), value.into());
        }
    }

    /// A text, or a JSON object, which some senders announce by `@cee:`: its fields become the record's, where the
    /// header has said nothing under their names.
    fn message(&mut self, text: &str) {
        let text = text.trim_start_matches(['\u{feff}', ' ']);
        let json = text.strip_prefix("@cee:").unwrap_or(text);
        for (name, value) in super::super::message(json.to_owned()) {
            self.fields.entry(name).or_insert(value);
        }
    }

    /// RFC 5424, behind its version. `None` where it is not one; nothing was put then.
    fn of_today(&mut self, text: &str) -> Option<()> {
        let mut parts = text.splitn(6, ' ');
        let mut next = || parts.next();
        let (time, host, app, pid, id) = (next()?, next()?, next()?, next()?, next()?);
        let (data, rest) = elements(next()?)?;
        let at: Option<Timestamp> = time.parse().ok();
        if at.is_none() && time != "-" {
            return None;
        }
        self.at = at;
        self.put("time", time);
        self.put("host", host);
        self.put("app", app);
        self.put("procid", pid);
        self.put("msgid", id);
        if !data.is_empty() {
            self.fields.insert("data".to_owned(), Value::Object(data));
        }
        if !rest.is_empty() {
            self.message(rest);
        }
        Some(())
    }

    /// RFC 3164, behind its priority. Its time names neither a year nor a zone, so when it arrives counts; a time of
    /// RFC 3339 in its place, as rsyslog forwards it, counts itself.
    fn old(&mut self, text: &str) {
        let mut rest = text;
        if let Some((time, behind)) = old_time(text) {
            self.put("time", time);
            rest = behind;
        } else if let Some((time, behind)) = text.split_once(' ')
            && let Ok(at) = time.parse()
        {
            self.at = Some(at);
            self.put("time", time);
            rest = behind;
        }
        // Without a time there is no host either: `logger` on the same machine leaves out both.
        if rest.len() < text.len()
            && let Some((host, behind)) = rest.split_once(' ')
            && !host.ends_with(':')
            && !host.contains('[')
        {
            self.put("host", host);
            rest = behind;
        }
        if let Some((app, pid, behind)) = tag(rest) {
            self.put("app", app);
            self.put("procid", pid);
            rest = behind;
        }
        self.message(rest);
    }
}

/// `Nov 22 08:00:01 `; a day of one digit has a blank before it.
fn old_time(text: &str) -> Option<(&str, &str)> {
    const LENGTH: usize = "Nov 22 08:00:01".len();
    let (time, rest) = (text.get(..LENGTH)?, text.get(LENGTH..)?);
    let bytes = time.as_bytes();
    let fits = bytes.iter().enumerate().all(|(place, byte)| match place {
        0..=2 => byte.is_ascii_alphabetic(),
        3 | 6 => *byte == b' ',
        4 => byte.is_ascii_digit() || *byte == b' ',
        9 | 12 => *byte == b':',
        _ => byte.is_ascii_digit(),
    });
    let is_month = MONTHS.contains(&time.get(..3)?);
    (fits && is_month).then_some((time, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// `app[pid]: `, or `app: `.
fn tag(text: &str) -> Option<(&str, &str, &str)> {
    /// RFC 3164 says 32; container names are longer.
    const TAG_MAX: usize = 128;
    let end = text.find([':', '[', ' '])?;
    let (app, rest) = text.split_at(end);
    if app.is_empty() || app.len() > TAG_MAX || rest.starts_with(' ') {
        return None;
    }
    let (pid, rest) = match rest.strip_prefix('[') {
        Some(inner) => inner.split_once(']')?,
        None => ("", rest),
    };
    Some((app, pid, rest.strip_prefix(':')?))
}

/// `[id name="value" …]…`, or `-`; and what stands behind.
fn elements(text: &str) -> Option<(Map<String, Value>, &str)> {
    let mut all = Map::new();
    if let Some(rest) = text.strip_prefix('-') {
        return Some((all, rest.strip_prefix(' ').unwrap_or(rest)));
    }
    let mut rest = text;
    while let Some(inner) = rest.strip_prefix('[') {
        let end = inner.find([' ', ']'])?;
        let (id, mut behind) = inner.split_at(end);
        let mut pairs = Map::new();
        while let Some(pair) = behind.strip_prefix(' ') {
            let (name, quoted) = pair.split_once("=\"")?;
            let (value, after) = unquoted(quoted)?;
            pairs.insert(name.to_owned(), value.into());
            behind = after;
        }
        rest = behind.strip_prefix(']')?;
        if all.len() < ELEMENTS_MAX {
            all.insert(id.to_owned(), Value::Object(pairs));
        }
    }
    (!all.is_empty()).then_some((all, rest.strip_prefix(' ').unwrap_or(rest)))
}

/// Up to the closing quote; `\"`, `\\` and `\]` stand for what they escape, any other backslash for itself.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((place, c)) = chars.next() {
        match c {
            '"' => return Some((value, &text[place + 1..])),
            '\\' => match chars.next_if(|(_, next)| matches!(next, '"' | '\\' | ']')) {
                Some((_, escaped)) => value.push(escaped),
                None => value.push('\\'),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn fields(text: &str) -> Value {
        Value::Object(read(text).1)
    }

    /// The examples of RFC 5424, 6.5; 34 is 4 * 8 + 2, 165 is 20 * 8 + 5.
    #[test]
    fn the_examples_of_rfc_5424_are_read() {
        let (at, _) = read(
            "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed for lonvick on /dev/pts/8",
        );
        assert_eq!(at, Some("2003-10-11T22:14:15.003Z".parse().unwrap()));
        assert_eq!(
            fields(
                "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \u{feff}'su root' failed for lonvick on /dev/pts/8"
            ),
            json!({ "facility": "auth", "severity": "crit", "time": "2003-10-11T22:14:15.003Z",
                "host": "mymachine.example.com", "app": "su", "msgid": "ID47",
                "message": "'su root' failed for lonvick on /dev/pts/8" })
        );
        assert_eq!(
            fields(
                r#"<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut="3" eventSource="Application" eventID="1011"][examplePriority@32473 class="high"]"#
            ),
            json!({ "facility": "local4", "severity": "notice", "time": "2003-10-11T22:14:15.003Z",
                "host": "mymachine.example.com", "app": "evntslog", "msgid": "ID47",
                "data": { "exampleSDID@32473": { "iut": "3", "eventSource": "Application", "eventID": "1011" },
                    "examplePriority@32473": { "class": "high" } } })
        );
        assert_eq!(
            fields(
                r#"<165>1 2003-08-24T05:14:15.000003-07:00 192.0.2.1 myproc 8710 - [a b="\"\\\]\n"] x"#
            ),
            json!({ "facility": "local4", "severity": "notice", "time": "2003-08-24T05:14:15.000003-07:00",
                "host": "192.0.2.1", "app": "myproc", "procid": "8710",
                "data": { "a": { "b": "\"\\]\\n" } }, "message": "x" })
        );
    }

    /// The examples of RFC 3164, 5.4.
    #[test]
    fn the_examples_of_rfc_3164_are_read() {
        assert_eq!(
            fields("<34>Oct 11 22:14:15 mymachine su: 'su root' failed for lonvick on /dev/pts/8"),
            json!({ "facility": "auth", "severity": "crit", "time": "Oct 11 22:14:15", "host": "mymachine",
                "app": "su", "message": "'su root' failed for lonvick on /dev/pts/8" })
        );
        // Kept with the default priority, 13.
        assert_eq!(
            fields("Use the BFG!"),
            json!({ "facility": "user", "severity": "notice", "message": "Use the BFG!" })
        );
        assert_eq!(
            fields("<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!"),
            json!({ "facility": "user", "severity": "notice", "time": "Feb  5 17:32:18", "host": "10.0.0.99",
                "message": "Use the BFG!" })
        );
        assert_eq!(
            fields("<13>2026-11-22T09:00:00+09:00 web nginx[42]: {\"status\":500,\"host\":\"x\"}"),
            json!({ "facility": "user", "severity": "notice", "time": "2026-11-22T09:00:00+09:00", "host": "web",
                "app": "nginx", "procid": "42", "status": 500 })
        );
    }

    proptest! {
        #[test]
        fn any_text_is_a_message(text in r#"(<[0-9]{0,4}>)?(1 )?([\[\]"\\=: a-z0-9日-]|Oct 11 22:14:15 ){0,60}"#) {
            let (_, fields) = read(&text);
            prop_assert!(fields.contains_key("severity"));
        }
    }
}
