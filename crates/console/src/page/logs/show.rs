//! What was found, shown: the bars, the fields, the records.

use ::promise::{Lang, Timestamp};
use maud::{Markup, html};
use store::Record;

use super::{
    ask::{Question, condition},
    found::{BARS, Field, Found, SHOWN_MAX, each},
    rule,
};
use crate::{
    lang::Pick,
    mask::Mask,
    page::{ledger::grouped, offered},
    reply::{Visit, escape},
    show::time,
};

/// The plane of the bars; it stretches to any width.
const HEIGHT: u64 = 100;
/// The line of a record ends here; all of it stands below.
const LINE_CHARS_MAX: usize = 400;
/// Names under which a record tells in words what happened.
pub(super) const MESSAGES: [&str; 4] = ["message", "msg", "log", "body"];
/// Names of the time, which stands before the line already.
const TIMES: [&str; 4] = ["time", "timestamp", "@timestamp", "ts"];
/// Names under which it tells of which trace it is.
const TRACES: [&str; 4] = ["trace_id", "traceId", "traceID", "trace.id"];

pub(super) fn found(visit: &Visit, question: &Question, found: &Found, mask: &Mask) -> Markup {
    let lang = visit.lang;
    html! {
        div #found.found data-follow=[question.follows.then_some("logs")] {
            (histogram(visit, question, found))
            @if found.total > 0 {
                p.note { a href=(question.at("/logs/patterns", &question.text)) { (lang.pick("Kinds of lines", "行の種類")) } }
            }
            @if found.records.is_empty() {
                p.empty { (lang.pick("No record in this stretch of time.", "この期間に該当する記録はありません。")) }
            } @else {
                div.logs {
                    (fields(question, &found.fields, found.sampled, lang))
                    (records(visit, question, found, mask))
                }
            }
        }
        @if question.query.is_ok() { (rule::form(visit, question)) (unmask(visit, question, found, mask)) }
    }
}

fn histogram(visit: &Visit, question: &Question, found: &Found) -> Markup {
    let lang = visit.lang;
    let most = found.bars.iter().copied().max().unwrap_or(0).max(1);
    let span = question.to.since(question.from);
    let at = |bar: usize| question.from + span.mul_f64(bar as f64 / BARS as f64);
    let total = grouped(found.total);
    let head = match (lang, found.is_cut) {
        (Lang::En, false) => format!("{total} records"),
        (Lang::En, true) => format!("More than {total} records: narrow the time"),
        (Lang::Ja, false) => format!("{total} 件"),
        (Lang::Ja, true) => format!("{total} 件以上。期間を狭めてください"),
    };
    let label = match lang {
        Lang::En => format!(
            "{head}; at most {} in one of {BARS} stretches",
            grouped(most)
        ),
        Lang::Ja => format!("{head}。{BARS} 区間のうち最大 {} 件", grouped(most)),
    };
    html! {
        section.histogram aria-labelledby="count" {
            h2 #count { (head) }
            svg.bars viewBox=(format!("0 0 {BARS} {HEIGHT}")) preserveAspectRatio="none" role="img" aria-label=(label) {
                @for (i, n) in found.bars.iter().enumerate().filter(|(_, n)| **n > 0) {
                    // What there is can be seen, however little it is.
                    @let height = (n * HEIGHT / most).max(2);
                    rect x=(i) y=(HEIGHT - height) width="0.85" height=(height) {}
                }
            }
            ol.below aria-hidden="true" {
                @for part in 0..=4 { li { (time::tick(at(part * BARS / 4), span, &visit.zone(), lang)) } }
            }
            @if let Some((narrower, end)) = peak(question, found) {
                p.note { a href=(question.around(narrower, end)) { (lang.pick("Look at the busiest stretch", "最も多い区間を見る")) } }
            }
        }
    }
}

/// The highest bar, as a question of its own.
fn peak(question: &Question, found: &Found) -> Option<(&'static str, Timestamp)> {
    let (bar, most) = found.bars.iter().enumerate().max_by_key(|(_, n)| **n)?;
    let span = question.to.since(question.from);
    let end = question.from + span.mul_f64((bar + 1) as f64 / BARS as f64);
    let narrower = match question.range {
        "5m" => return None,
        "15m" | "1h" | "6h" => "5m",
        "1d" => "1h",
        _ => "1d",
    };
    // One that stands out: twice what an even spread has.
    (most * (BARS as u64) > 2 * found.total && *most > 1).then_some((narrower, end))
}

fn fields(question: &Question, fields: &[Field], sampled: usize, lang: Lang) -> Markup {
    html! {
        aside.fields aria-labelledby="fields" {
            h2 #fields { (lang.pick("Fields", "項目")) }
            p.note { (match lang {
                Lang::En => format!("Of the newest {} records.", grouped(sampled as u64)),
                Lang::Ja => format!("最新 {} 件から。", grouped(sampled as u64)),
            }) }
            @for field in fields {
                details {
                    summary { code lang="en" { (field.name) } " " span.rest { (percent(field.records, sampled)) } }
                    @if field.is_masked { p.note { (lang.pick("personal; masked", "個人情報のため伏せています")) } }
                    @else if field.values.is_empty() { p.note { (lang.pick("each record has another value", "値は記録ごとに異なります")) } }
                    ul { @for (value, n) in &field.values {
                        li { a href=(question.and(&condition(&field.name, value))) { code { (if value.is_empty() { "\"\"" } else { value }) } } " " span.rest { (n) } }
                    } }
                    p { a href=(question.and(&format!("_exists_:{}", field.name))) { (lang.pick("has it", "ある記録のみ")) } }
                }
            }
        }
    }
}

fn records(visit: &Visit, question: &Question, found: &Found, mask: &Mask) -> Markup {
    let lang = visit.lang;
    html! {
        section.records-list aria-labelledby="records" {
            h2 #records { (lang.pick("Newest first", "新しい順")) }
            ol { @for record in &found.records { li class=[tone(record)] {
                details {
                    summary {
                        (time::clock(record.at, visit.now, &visit.zone(), lang))
                        " " span.tag lang="en" { (record.stream) } " "
                        span.line lang="" { (line(record, mask)) }
                    }
                    (whole(question, record, mask, lang))
                }
            } } }
            @if found.total > found.records.len() as u64 {
                p.note { (match lang {
                    Lang::En => format!("The newest {SHOWN_MAX} are shown."),
                    Lang::Ja => format!("最新の {SHOWN_MAX} 件を表示しています。"),
                }) }
                @if let Some(last) = found.records.last() {
                    nav.paging { a href=(question.around(question.range, last.at)) { (lang.pick("Older", "さらに古い記録")) } }
                }
            }
        }
    }
}

/// What is there at all never reads 0.
pub(super) fn percent(part: usize, of: usize) -> String {
    match part * 100 / of.max(1) {
        0 => "< 1 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

/// All that a record holds, each value a way to ask for its like.
fn whole(question: &Question, record: &Record, mask: &Mask, lang: Lang) -> Markup {
    let mut all: Vec<(String, String, bool)> = Vec::new();
    each(&record.fields, "", &mut |name, value| {
        all.push((name.to_owned(), mask.show(name, value), mask.hides(name)));
    });
    html! {
        dl.terms lang="en" {
            dt { "@timestamp" } dd { (record.at) }
            @for (name, value, is_masked) in &all {
                dt { (name) }
                dd {
                    span.value { (value) }
                    @if !is_masked && value.len() < LINE_CHARS_MAX && !value.starts_with(['[', '{']) {
                        " " a.like href=(question.and(&condition(name, value))) aria-label=(match lang {
                            Lang::En => format!("only records whose {name} is this"),
                            Lang::Ja => format!("{name} がこの値の記録のみ"),
                        }) { "+" }
                    }
                    @if TRACES.contains(&name.as_str()) {
                        " " a href={ "/traces/" (escape(value)) } { (lang.pick("trace", "トレース")) }
                    }
                }
            }
        }
    }
}

/// A record as one line: its message first, where it has one, then its other fields.
fn line(record: &Record, mask: &Mask) -> String {
    let mut out = String::new();
    let message = MESSAGES.iter().find_map(|name| {
        let text = record.fields.get(*name)?.as_str()?;
        Some((*name, text))
    });
    if let Some((_, text)) = message {
        out.push_str(text);
    }
    each(&record.fields, "", &mut |name, value| {
        let is_message = message.is_some_and(|(known, _)| known == name);
        let is_known = is_message || TIMES.contains(&name);
        if !is_known && out.len() < 4 * LINE_CHARS_MAX {
            if !out.is_empty() {
                out.push(' ');
            }
            out.push_str(&format!("{name}={}", mask.show(name, value)));
        }
    });
    match out.char_indices().nth(LINE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &out[..end]),
        None => out,
    }
}

/// A record that tells of a failure wears its colour; the word stands in it all the same.
fn tone(record: &Record) -> Option<&'static str> {
    let level = ["level", "severity", "log.level"]
        .iter()
        .find_map(|name| record.fields.get(*name)?.as_str())?
        .to_ascii_lowercase();
    match level.as_str() {
        "error" | "fatal" | "critical" | "alert" | "emergency" => Some("bad"),
        "warn" | "warning" => Some("odd"),
        _ => None,
    }
}

/// The way to see personal fields in clear.
fn unmask(visit: &Visit, question: &Question, found: &Found, mask: &Mask) -> Markup {
    let lang = visit.lang;
    let is_sealed = |record: &Record| {
        let mut is_sealed = false;
        each(&record.fields, "", &mut |_, value| {
            is_sealed |= value.as_str().is_some_and(|text| mask.is_sealed(text));
        });
        is_sealed
    };
    let is_hidden = found.fields.iter().any(|field| mask.hides(&field.name));
    if !is_hidden && !found.records.iter().any(is_sealed) {
        return html! {};
    }
    html! {
        section aria-labelledby="unmask" {
            h2 #unmask { (lang.pick("Show masked fields", "伏せた項目を表示する")) }
            (offered(visit, "/logs/unmasked", || html! {
                p.lead { (lang.pick(
                    "Personal fields of these records are masked or encrypted. Who looks at them, when and why, is written into the ledger.",
                    "個人情報の項目は伏せるか暗号化しています。誰がいつなぜ見たかは台帳に残ります。",
                )) }
                form.promise-form action="/logs/unmasked" method="post" {
                    input type="hidden" name="query" value=(question.text);
                    input type="hidden" name="range" value=(question.range);
                    input type="hidden" name="end" value=(question.to);
                    p { label for="by" { (lang.pick("Your name", "お名前")) } input #by name="by" required maxlength="200" autocomplete="name" value=[visit.who.proven()] readonly[visit.who.proven().is_some()]; }
                    p { label for="reason" { (lang.pick("Reason", "理由")) } input #reason name="reason" required maxlength="2000" autocomplete="off"; }
                    button type="submit" { (lang.pick("Show", "表示")) }
                }
            }))
        }
    }
}
