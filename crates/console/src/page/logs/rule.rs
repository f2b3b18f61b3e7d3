//! `/logs/rule`: a rule made from a query: its YAML, and when it would have fired.
//!
//! Nothing is written: the text is for the person to copy into the spec.

use std::time::Duration;

use ::promise::{Lang, LogQuery, Say, record::Scalar as _, say, unit::Span};
use axum::response::Response;
use maud::{Markup, html};

use super::ask::Question;
use crate::{
    door::BackTest,
    lang::Pick,
    page::{Follow, Part, explore::ask::range_name, frame, ledger::grouped},
    reply::{Visit, escape},
    show::time,
};

/// How far back a rule may be tried.
const RANGES: [(&str, u64); 4] = [
    ("1d", 86_400),
    ("1h", 3_600),
    ("7d", 604_800),
    ("30d", 2_592_000),
];
/// Firings that are listed.
const LISTED_MAX: usize = 50;

/// What the form says.
struct Draft {
    query: String,
    name: String,
    sign: &'static str,
    count: String,
    over: String,
    by: String,
    range: (&'static str, u64),
}

/// Spaces have a meaning in the one line, so a name of a field has none.
fn is_field(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "_.-@".contains(c);
    !name.is_empty() && name.chars().all(plain)
}

fn is_name(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.len() < 64 && name.chars().all(rest)
}

impl Draft {
    fn read(visit: &Visit) -> Self {
        let param = |name: &str, default: &str| visit.param(name).unwrap_or(default).to_owned();
        let asked = param("range", RANGES[0].0);
        let range = RANGES.into_iter().find(|(name, _)| *name == asked);
        Self {
            query: param("query", "*"),
            name: param("name", "my_rule"),
            sign: if visit.param("sign") == Some("<") {
                "<"
            } else {
                ">"
            },
            count: param("count", "10"),
            over: param("over", "5m"),
            by: param("by", ""),
            range: range.unwrap_or(RANGES[0]),
        }
    }

    /// The rule in its one line, or what is wrong.
    fn line(&self) -> Result<String, Say> {
        LogQuery::parse(&self.query)?;
        Span::parse(&self.over)?;
        if self.count.parse::<u32>().is_err() {
            let count = &self.count;
            return Err(say!(
                "`{count}` is no count",
                "`{count}` は件数ではありません"
            ));
        }
        if !is_name(&self.name) {
            return Err(say!(
                "a name has small letters, digits and `_`",
                "名前には英小文字、数字、`_` が使えます"
            ));
        }
        let query = if self.query.contains(" OR ") {
            format!("({})", self.query)
        } else {
            self.query.clone()
        };
        let mut line = format!(
            "{query} AND count {} {} over {}",
            self.sign, self.count, self.over
        );
        if !self.by.is_empty() {
            if !is_field(&self.by) {
                let by = &self.by;
                return Err(say!("`{by}` is no field", "`{by}` は項目名ではありません"));
            }
            line.push_str(&format!(" by {}", self.by));
        }
        Ok(line)
    }

    /// As it stands in a spec. JSON's quotes are YAML's too.
    fn yaml(&self, line: &str) -> String {
        let quoted = serde_json::Value::from(line);
        format!(
            "log_analysis:\n  {name}:\n    pattern: \"*\"\n    alerts:\n      {name}: {{ logs: {quoted}, severity: sev2 }}\n",
            name = self.name,
        )
    }
}

/// The way from a query to a rule, below what was found.
pub(super) fn form(visit: &Visit, question: &Question) -> Markup {
    let draft = Draft {
        query: if question.text.trim().is_empty() {
            "*".to_owned()
        } else {
            question.text.clone()
        },
        name: "my_rule".to_owned(),
        sign: ">",
        count: "10".to_owned(),
        over: "5m".to_owned(),
        by: String::new(),
        range: RANGES[0],
    };
    html! {
        section.promising aria-labelledby="promising" {
            h2 #promising { (visit.lang.pick("Make a rule from this query", "この条件からルールを作る")) }
            (fields(visit, &draft))
        }
    }
}

fn fields(visit: &Visit, draft: &Draft) -> Markup {
    let lang = visit.lang;
    html! {
        form.promise-form action="/logs/rule" method="get" {
            input type="hidden" name="query" value=(draft.query);
            p { label for="rule-name" { (lang.pick("Name", "名前")) }
                input #rule-name name="name" required pattern="[a-z][a-z0-9_]{0,62}" value=(draft.name) autocomplete="off"; }
            p { label for="sign" { (lang.pick("Records", "件数")) }
                select #sign name="sign" {
                    option value=">" selected[draft.sign == ">"] { (lang.pick("more than", "超過")) }
                    option value="<" selected[draft.sign == "<"] { (lang.pick("fewer than", "未満")) }
                } }
            p { label for="rule-count" { (lang.pick("Count", "しきい値")) } input #rule-count name="count" required inputmode="numeric" pattern="[0-9]+" value=(draft.count) autocomplete="off"; }
            p { label for="over" { (lang.pick("Within", "期間")) } input #over name="over" required pattern="[0-9]+(s|m|h|d)" value=(draft.over) autocomplete="off"; }
            p { label for="rule-by" { (lang.pick("For each (field)", "項目ごと")) } input #rule-by name="by" value=(draft.by) autocomplete="off"; }
            p { label for="rule-range" { (lang.pick("Try it on", "試す期間")) }
                select #rule-range name="range" { @for (range, _) in RANGES {
                    option value=(range) selected[range == draft.range.0] { (range_name(range, lang)) }
                } } }
            button type="submit" { (lang.pick("Try it on the past", "過去に当てはめる")) }
        }
    }
}

pub(crate) async fn show(visit: Visit) -> Response {
    let draft = Draft::read(&visit);
    let lang = visit.lang;
    let from = visit.now - Duration::from_secs(draft.range.1);
    let tried = match draft.line() {
        Ok(line) => {
            let keeping = &visit.room.desk.keeping;
            match keeping.back_test(&line, from, visit.now).await {
                Ok(test) => Ok((line, test)),
                Err(refused) => Err(crate::reply::explain(&refused).1),
            }
        }
        Err(why) => Err(why),
    };
    let main = html! {
        p.trail { a href={ "/logs?query=" (escape(&draft.query)) } { (lang.pick("Logs", "ログ")) } }
        h1 { (lang.pick("A rule from a query", "条件から作るルール")) }
        p.lead { code { (draft.query) } }
        (fields(&visit, &draft))
        @match &tried {
            Ok((line, test)) => {
                (outcome(&visit, &draft, test))
                section aria-labelledby="yaml" {
                    h2 #yaml { (lang.pick("For the spec", "仕様への記述")) }
                    pre.copy tabindex="0" { (draft.yaml(line)) }
                }
            }
            Err(why) => section.refusal role="alert" { h2 { (lang.pick("This is no rule yet", "まだルールになりません")) } p { (why.get(lang)) } }
        }
    };
    let title = lang.pick("A rule from a query", "条件から作るルール");
    visit.page(frame(&visit, title, Part::Logs, Follow::Still, &main))
}

fn outcome(visit: &Visit, draft: &Draft, test: &BackTest) -> Markup {
    let lang = visit.lang;
    let (fired, records) = (grouped(test.fired_total), grouped(test.records));
    let range = range_name(draft.range.0, lang);
    let says_why = test.fired.iter().any(|one| one.why.is_some());
    html! {
        section aria-labelledby="outcome" {
            h2 #outcome { (match (lang, test.fired_total) {
                (Lang::En, 0) => format!("It would not have fired in {range}"),
                (Lang::En, 1) => format!("It would have fired once in {range}"),
                (Lang::En, _) => format!("It would have fired {fired} times in {range}"),
                (Lang::Ja, 0) => format!("過去 {range} では発報しません"),
                (Lang::Ja, _) => format!("過去 {range} では {fired} 回発報します"),
            }) }
            p.note { (match lang {
                Lang::En => format!("{records} records went through the same code that watches live."),
                Lang::Ja => format!("{records} 件の記録を、実際の監視と同じ処理に通しました。"),
            }) }
            @if test.is_cut { p.note { (lang.pick("There were more records than are tried at once; the newest are missing.", "件数が多いため、新しい記録の一部は試していません。")) } }
            @if !test.fired.is_empty() {
                div.scroll tabindex="0" role="group" aria-labelledby="outcome" { table {
                    thead { tr {
                        th scope="col" { (lang.pick("When", "時刻")) }
                        @if !draft.by.is_empty() { th scope="col" { code { (draft.by) } } }
                        th.figure scope="col" { (lang.pick("Records", "件数")) }
                        @if says_why { th scope="col" { (lang.pick("Why", "理由")) } }
                    } }
                    tbody { @for one in test.fired.iter().take(LISTED_MAX) { tr {
                        th scope="row" { (time::clock(one.at, visit.now, &visit.zone(), lang)) }
                        @if !draft.by.is_empty() { td { (one.key.as_deref().unwrap_or("–")) } }
                        td.figure { @match one.figure { Some(figure) => (figure), None => "–" } }
                        @if says_why { td { @if let Some(why) = &one.why { (why.get(lang)) } } }
                    } } }
                } }
            }
        }
    }
}
