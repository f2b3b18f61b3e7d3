//! What a query comes to: a chart and a table of its series, or why there is none.

use ::promise::Lang;
use maud::{Markup, html};
use promql::{Answer, Element, Histogram, Labels, Number, Query, Series, Value};

use super::{
    ask::Question,
    behind,
    marks::{self, Mark},
    promise,
};
use crate::{
    api::prometheus::query::{Refusal, along, at},
    lang::Pick,
    reply::Visit,
    show::{
        lines::{Plot, STYLES, number},
        time,
    },
};

/// Series that are drawn: more cannot be told apart.
const DRAWN_MAX: usize = 20;
/// Rows of a table.
const ROWS_MAX: usize = 500;

pub(super) async fn show(visit: &Visit, question: &Question) -> Markup {
    let query = match Query::parse(&question.query) {
        Ok(query) => query,
        Err(why) => return unread(visit, &question.query, &why),
    };
    let found = if question.is_table || !is_drawn(&query) {
        table(visit, question, &query).await
    } else {
        chart(visit, question, &query).await
    };
    match found {
        Ok(found) => html! {
            (found)
            @if is_drawn(&query) { (promise::form(visit, &question.query)) }
        },
        Err(why) => refused(visit, &why),
    }
}

/// Only numbers over time can be drawn.
fn is_drawn(query: &Query) -> bool {
    ["scalar", "instant vector"].contains(&query.gives())
}

/// Where reading stopped: the letter or word there is underlined.
fn unread(visit: &Visit, text: &str, why: &promql::ParseError) -> Markup {
    let lang = visit.lang;
    let start = why.offset.filter(|at| text.is_char_boundary(*at));
    html! {
        section.refusal role="alert" aria-labelledby="refused" {
            h2 #refused { (lang.pick("This is not PromQL", "PromQL として読めません")) }
            p { code lang="en" { (why) } }
            @if let Some(start) = start {
                @let (before, rest) = text.split_at(start);
                @let (wrong, after) = rest.split_at(word(rest));
                pre { (before) mark { @if wrong.is_empty() { " " } @else { (wrong) } } (after) }
                p.note { (lang.pick(
                    "Reading stopped at the underlined place; what is missing often stands before it.",
                    "下線の位置で読めなくなりました。原因はその手前にあることがよくあります。",
                )) }
            }
        }
    }
}

/// The bytes of the word or sign that a text begins with.
fn word(text: &str) -> usize {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
    match (end, text.chars().next()) {
        (0, Some(sign)) => sign.len_utf8(),
        (end, _) => end,
    }
}

fn refused(visit: &Visit, why: &Refusal) -> Markup {
    let lang = visit.lang;
    html! {
        section.refusal role="alert" aria-labelledby="refused" {
            h2 #refused { (lang.pick("There is no answer", "答えが得られません")) }
            p { (why.say().get(lang)) }
        }
    }
}

async fn chart(visit: &Visit, question: &Question, query: &Query) -> Result<Markup, Refusal> {
    let (from, to) = (question.from, question.to);
    let answer = along(visit, query.clone(), from, to, question.step).await?;
    let Value::Matrix(all) = &answer.value else {
        return table(visit, question, query).await;
    };
    let marks = marks::between(visit, from, to).await;
    let (drawn, lang) = (&all[..all.len().min(DRAWN_MAX)], visit.lang);
    Ok(html! {
        (head(visit, question, all.len()))
        (notes(visit, &answer))
        @if all.is_empty() { (nothing(visit)) } @else {
            figure.explored data-query=(question.query) data-start=(from) data-end=(to)
                data-step=(question.step.as_secs_f64()) data-zone=(visit.board.time_zone)
            {
                (plot(visit, question, drawn, &marks))
                @if all.len() > drawn.len() {
                    p.note { (match lang {
                        Lang::En => format!("The first {DRAWN_MAX} series are drawn; the table has all."),
                        Lang::Ja => format!("先頭の {DRAWN_MAX} 系列を描いています。表にはすべてあります。"),
                    }) }
                }
                (legend(visit, drawn))
            }
        }
        (behind::list(visit, question, query).await)
        (marks::list(visit, &marks))
    })
}

fn plot(visit: &Visit, question: &Question, drawn: &[Series], marks: &[Mark]) -> Markup {
    let plot = Plot {
        from: question.from,
        to: question.to,
        step: question.step,
        lines: drawn
            .iter()
            .map(|series| series.samples.as_slice())
            .collect(),
        bands: marks.iter().map(|mark| mark.band(visit.now)).collect(),
        targets: Vec::new(),
    };
    let label = match visit.lang {
        Lang::En => format!(
            "{} series of {} over {}",
            drawn.len(),
            question.query,
            question.range
        ),
        Lang::Ja => format!(
            "{} の {} 系列({})",
            question.query,
            drawn.len(),
            question.range
        ),
    };
    plot.show(&label, &visit.zone(), visit.lang)
}

/// The series that are drawn, with the figures that the lines show.
fn legend(visit: &Visit, drawn: &[Series]) -> Markup {
    let lang = visit.lang;
    html! {
        div.scroll tabindex="0" role="group" aria-label=(lang.pick("Series", "系列")) { table.legend-table {
            thead { tr {
                th scope="col" { (lang.pick("Series", "系列")) }
                th.figure scope="col" { (lang.pick("Last", "最新")) }
                th.figure scope="col" { (lang.pick("Least", "最小")) }
                th.figure scope="col" { (lang.pick("Mean", "平均")) }
                th.figure scope="col" { (lang.pick("Most", "最大")) }
            } }
            tbody { @for (i, series) in drawn.iter().enumerate() { tr {
                th scope="row" {
                    svg.key viewBox="0 0 28 8" aria-hidden="true" { path class={ "series s" (i % STYLES) } d="M0 4h28" {} }
                    code { (name(&series.labels)) }
                }
                @match Figures::of(series) {
                    Some(seen) => {
                        @for value in [seen.last, seen.least, seen.mean, seen.most] { td.figure { (number(value)) } }
                    }
                    None => { td.figure colspan="4" { (lang.pick("histograms", "ヒストグラム")) } }
                }
            } } }
        } }
    }
}

struct Figures {
    last: f64,
    least: f64,
    mean: f64,
    most: f64,
}

impl Figures {
    fn of(series: &Series) -> Option<Self> {
        let last = series.samples.last()?.value;
        let finite = || {
            series
                .samples
                .iter()
                .map(|sample| sample.value)
                .filter(|value| !value.is_nan())
        };
        #[allow(clippy::cast_precision_loss)]
        let count = finite().count() as f64;
        Some(Self {
            last,
            least: finite().fold(f64::NAN, f64::min),
            mean: finite().map(|value| value / count).sum(),
            most: finite().fold(f64::NAN, f64::max),
        })
    }
}

async fn table(visit: &Visit, question: &Question, query: &Query) -> Result<Markup, Refusal> {
    let answer = at(visit, query.clone(), question.to).await?;
    let rows: Vec<(Labels, String)> = match &answer.value {
        Value::Scalar(value) => vec![(Labels::default(), value.to_string())],
        Value::String(text) => vec![(Labels::default(), text.clone())],
        Value::Vector(all) => all.iter().map(row).collect(),
        Value::Matrix(all) => all.iter().map(|series| samples(visit, series)).collect(),
    };
    let lang = visit.lang;
    Ok(html! {
        (head(visit, question, rows.len()))
        (notes(visit, &answer))
        @if rows.is_empty() { (nothing(visit)) } @else {
            p.note { (lang.pick("At ", "時点: ")) (time::clock(question.to, visit.now, &visit.zone(), lang)) }
            div.scroll tabindex="0" role="group" aria-label=(lang.pick("Values", "値")) { table.values {
                thead { tr { th scope="col" { (lang.pick("Series", "系列")) } th.figure scope="col" { (lang.pick("Value", "値")) } } }
                tbody { @for (labels, value) in rows.iter().take(ROWS_MAX) {
                    tr { th scope="row" { code { (name(labels)) } } td.figure { (value) } }
                } }
            } }
            @if rows.len() > ROWS_MAX { p.note { (match lang {
                Lang::En => format!("The first {ROWS_MAX} are shown; topk or sum by make it fewer."),
                Lang::Ja => format!("先頭の {ROWS_MAX} 件です。topk や sum by で絞り込めます。"),
            }) } }
        }
    })
}

fn row(element: &Element) -> (Labels, String) {
    let value = match &element.value {
        Number::Float(value) => value.to_string(),
        Number::Histogram(histogram) => counted(histogram),
    };
    (element.labels.clone(), value)
}

fn counted(histogram: &Histogram) -> String {
    format!(
        "count {} · sum {}",
        number(histogram.count),
        number(histogram.sum)
    )
}

/// The newest of a series' samples, and how many there are.
fn samples(visit: &Visit, series: &Series) -> (Labels, String) {
    let float = series.samples.last().map(|sample| number(sample.value));
    let last = float.or_else(|| {
        series
            .histograms
            .last()
            .map(|sample| counted(&sample.value))
    });
    let text = match visit.lang {
        Lang::En => format!(
            "{} samples, last {}",
            series.len(),
            last.unwrap_or_default()
        ),
        Lang::Ja => format!("{} 件、最新 {}", series.len(), last.unwrap_or_default()),
    };
    (series.labels.clone(), text)
}

/// A series without labels is named by braces, as it is written.
fn name(labels: &Labels) -> String {
    labels.to_string()
}

fn head(visit: &Visit, question: &Question, found: usize) -> Markup {
    let lang = visit.lang;
    html! {
        nav.views aria-label=(lang.pick("Show as", "表示")) { ul.filters {
            @for (table, word) in [(false, lang.pick("Chart", "グラフ")), (true, lang.pick("Table", "表"))] {
                li { a href=(question.href(table)) aria-current=[(table == question.is_table).then_some("true")] { (word) } }
            }
            li.count-of { (match lang {
                Lang::En => format!("{found} series"),
                Lang::Ja => format!("{found} 系列"),
            }) }
        } }
    }
}

fn nothing(visit: &Visit) -> Markup {
    html! { p.empty { (visit.lang.pick(
        "No series matches, or none has a sample in this time.",
        "当てはまる系列がないか、この期間にサンプルがありません。",
    )) } }
}

/// What the engine says about its answer.
fn notes(visit: &Visit, answer: &Answer) -> Markup {
    let lang = visit.lang;
    let notes = &answer.notes;
    html! { @if !notes.warnings.is_empty() || !notes.infos.is_empty() {
        ul.notes aria-label=(lang.pick("Notes on the answer", "答えへの注意")) {
            @for text in &notes.warnings { li.risk { code lang="en" { (text) } } }
            @for text in &notes.infos { li { code lang="en" { (text) } } }
        }
    } }
}
