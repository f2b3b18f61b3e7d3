//! `/logs/patterns`: the kinds of lines among what a query means: how often each comes, and when.
//!
//! A thousand lines are seldom more than a dozen kinds; what is new among them, or has become many, is seen at once. Each
//! leads to its own records.

use std::cmp::Reverse;

use ::promise::{Lang, LogQuery, Say, Timestamp, say};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;
use store::{LogStore, logs::Scan};

use super::{
    ask::Question,
    form, refused,
    show::{MESSAGES, percent},
};
use crate::{
    door::Patterns,
    lang::Pick,
    mask::Mask,
    page::{Follow, Part, frame, ledger::grouped},
    reply::Visit,
};

/// Lines that are looked at: what takes a moment.
const LINES_MAX: usize = 100_000;
/// Kinds that are listed.
const LISTED_MAX: usize = 50;
/// Bars of each.
const BARS: usize = 30;
const HEIGHT: u32 = 20;
/// Words of a kind that its records are looked for by.
const WORDS_MAX: usize = 12;
/// As the patterns write what varies.
const VARIES: &str = "<*>";

/// What was found of the lines.
struct Kinds {
    /// The field in which they stand.
    field: &'static str,
    /// The most frequent first: its text, how many, and how many along the time.
    kinds: Vec<(String, usize, [u32; BARS])>,
    lines: usize,
    is_cut: bool,
}

pub(crate) async fn show(visit: Visit) -> Response {
    let question = Question::read(&visit);
    let lang = visit.lang;
    let found = match &question.query {
        Err(why) => Err(why.clone()),
        Ok(query) => find(&visit, query, (question.from, question.to)).await,
    };
    let title = lang.pick("Kinds of lines", "行の種類");
    let main = html! {
        p.trail { a href=(question.with(&question.text)) { (lang.pick("Logs", "ログ")) } }
        h1 { (title) }
        (form(&visit, &question, "/logs/patterns"))
        @match &found {
            Ok(found) => (list(&question, found, lang)),
            Err(why) => (refused(why, lang)),
        }
    };
    visit.page(frame(&visit, title, Part::Logs, Follow::Still, &main))
}

async fn find(
    visit: &Visit,
    query: &LogQuery,
    times: (Timestamp, Timestamp),
) -> Result<Kinds, Say> {
    let keeping = &visit.room.desk.keeping;
    let mask = Mask::new(keeping.masked());
    let read = read(&*visit.room.desk.logs, query, times, &mask).await;
    let (lines, field, is_cut) = read.map_err(|error| {
        tracing::error!(%error, "the logs could not be read");
        say!(
            "the logs could not be read; Tegata's own log says why",
            "ログを読めませんでした。詳細は Tegata のログにあります"
        )
    })?;
    let (at, texts): (Vec<Timestamp>, Vec<String>) = lines.into_iter().unzip();
    let Patterns { texts, of } = keeping.patterns(texts).await;
    let mut kinds: Vec<(String, usize, [u32; BARS])> =
        texts.into_iter().map(|text| (text, 0, [0; BARS])).collect();
    for (at, kind) in at.iter().zip(&of) {
        let bar = super::found::bar_of(*at, times, BARS);
        if let (Some((_, count, bars)), Some(bar)) = (kinds.get_mut(*kind), bar) {
            *count += 1;
            bars[bar] += 1;
        }
    }
    kinds.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
    Ok(Kinds {
        field,
        kinds,
        lines: of.len(),
        is_cut,
    })
}

type Lines = Vec<(Timestamp, String)>;

/// The lines, the field that most of them stand in, and whether there were more.
async fn read(
    logs: &dyn LogStore,
    query: &LogQuery,
    (from, to): (Timestamp, Timestamp),
    mask: &Mask,
) -> Result<(Lines, &'static str, bool), store::Error> {
    let names: Vec<&'static str> = MESSAGES
        .into_iter()
        .filter(|name| !mask.hides(name))
        .collect();
    let scan = Scan {
        query: query.clone(),
        from,
        to,
        columns: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let mut of_each: Vec<Lines> = vec![Vec::new(); names.len()];
    let (mut read, mut is_cut) = (0, false);
    let mut batches = logs.scan(&scan).await?;
    while let Some(batch) = batches.next().await {
        let batch = batch?;
        for (row, at) in batch.at.iter().enumerate() {
            let message = batch
                .columns
                .iter()
                .zip(&mut of_each)
                .find_map(|(cells, lines)| match cells.get(row)? {
                    Value::String(text) => Some((lines, text)),
                    _ => None,
                });
            let Some((lines, text)) = message else {
                continue;
            };
            is_cut = read == LINES_MAX;
            if is_cut {
                break;
            }
            lines.push((*at, text));
            read += 1;
        }
        if is_cut {
            break;
        }
    }
    let most = of_each
        .into_iter()
        .zip(names)
        .max_by_key(|(lines, _)| lines.len());
    let (lines, field) = most.unwrap_or((Vec::new(), MESSAGES[0]));
    Ok((lines, field, is_cut))
}

fn list(question: &Question, found: &Kinds, lang: Lang) -> Markup {
    let (kinds, lines) = (
        grouped(found.kinds.len() as u64),
        grouped(found.lines as u64),
    );
    html! {
        section aria-labelledby="kinds" {
            h2 #kinds { (match (lang, found.kinds.len()) {
                (Lang::En, 1) => format!("1 kind of line in {lines} lines"),
                (Lang::En, _) => format!("{kinds} kinds of lines in {lines} lines"),
                (Lang::Ja, _) => format!("{lines} 行、{kinds} 種類"),
            }) }
            @if found.is_cut { p.note { (match lang {
                Lang::En => format!("There are more lines; {} of them were looked at.", grouped(LINES_MAX as u64)),
                Lang::Ja => format!("行数が多いため、{} 行だけを調べました。", grouped(LINES_MAX as u64)),
            }) } }
            @if found.kinds.is_empty() {
                p.empty { (lang.pick("No record here has a message.", "メッセージのある記録がありません。")) }
            } @else {
                p.note { code { (VARIES) } " " (lang.pick("stands for what differs from line to line.", "は行ごとに異なる部分です。")) }
                div.scroll tabindex="0" role="group" aria-labelledby="kinds" { table.kinds {
                    thead { tr {
                        th.figure scope="col" { (lang.pick("Lines", "行数")) }
                        th.figure scope="col" { (lang.pick("Share", "割合")) }
                        th scope="col" { (lang.pick("Over the time", "時間ごと")) }
                        th scope="col" { (lang.pick("Kind", "種類")) }
                    } }
                    tbody { @for (text, count, bars) in found.kinds.iter().take(LISTED_MAX) { tr {
                        td.figure { (grouped(*count as u64)) }
                        td.figure { (percent(*count, found.lines)) }
                        td { (spark(bars, lang)) }
                        th scope="row" lang="" {
                            @match condition(found.field, text) {
                                Some(condition) => a href=(question.and(&condition)) { code { (text) } },
                                None => code { (text) },
                            }
                        }
                    } } }
                } }
                @if found.kinds.len() > LISTED_MAX { p.note { (match lang {
                    Lang::En => format!("The {LISTED_MAX} most frequent are shown."),
                    Lang::Ja => format!("多い順に {LISTED_MAX} 種類を表示しています。"),
                }) } }
            }
        }
    }
}

fn spark(bars: &[u32; BARS], lang: Lang) -> Markup {
    let most = bars.iter().copied().max().unwrap_or(0).max(1);
    let label = match lang {
        Lang::En => format!("at most {most} in one of {BARS} stretches"),
        Lang::Ja => format!("{BARS} 区間のうち最大 {most} 件"),
    };
    html! {
        svg.bars.small viewBox=(format!("0 0 {BARS} {HEIGHT}")) preserveAspectRatio="none" role="img" aria-label=(label) {
            @for (i, n) in bars.iter().enumerate().filter(|(_, n)| **n > 0) {
                // What there is can be seen, however little it is.
                @let height = (u64::from(*n) * u64::from(HEIGHT) / u64::from(most)).max(2);
                rect x=(i) y=(u64::from(HEIGHT) - height) width="0.85" height=(height) {}
            }
        }
    }
}

/// What finds the records of a kind, and perhaps some more: the words that do not vary, those side by side as a phrase.
fn condition(field: &str, text: &str) -> Option<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut left = WORDS_MAX;
    let mut phrases = Vec::new();
    let last = text.split(VARIES).count() - 1;
    for (n, mut part) in text.split(VARIES).enumerate() {
        // What goes on in what varies is no whole word.
        if n > 0 {
            part = part.trim_start_matches(is_word);
        }
        if n < last {
            part = part.trim_end_matches(is_word);
        }
        let words: Vec<&str> = part
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()))
            .filter(|word| !word.is_empty())
            .take(left)
            .collect();
        left -= words.len();
        if !words.is_empty() {
            phrases.push(format!("{field}:{}", LogQuery::phrase(&words.join(" "))));
        }
    }
    (!phrases.is_empty()).then(|| phrases.join(" AND "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_found_by_the_words_that_do_not_vary() {
        assert_eq!(
            condition(
                "message",
                "Payment pay_<*> by user <*>s \"declined\" (code=<*>)"
            )
            .as_deref(),
            Some(r#"message:"Payment" AND message:"by user" AND message:"declined code""#)
        );
        assert_eq!(condition("message", "<*> <*>"), None);
    }
}
