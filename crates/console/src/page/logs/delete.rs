//! `/logs/delete`: log records that a query means are deleted for good: first how many they are, then the second word.
//!
//! The stretch of time is fixed when the records are counted, and whoever confirms writes the count: what has become another
//! since then is not deleted. What a legal hold covers stays, and the ledger says who asked, why, and how many went.

use ::promise::{Lang, LogQuery, Timestamp, record::Scalar as _, say};
use axum::{Form, response::Response};
use maud::{Markup, html};
use serde::Deserialize;
use store::logs::{Deleted, Deletion, Hold};

use super::ask::Question;
use crate::{
    access::affects,
    api::logs::{deletes, listed},
    door::Refused,
    lang::Pick,
    page::{Follow, Part, entry, frame, ledger::grouped, offered, signature},
    reply::{Visit, explain},
    show::time,
};

pub(super) const PATH: &str = "/logs/delete";

pub(crate) async fn show(visit: Visit) -> Response {
    let question = Question::read(&visit);
    let lang = visit.lang;
    let main = html! {
        (head(&visit))
        @if visit.who.barred(PATH).is_none() {
            (super::form(&visit, &question, PATH))
            (preview(&visit, &question).await)
        } @else { (offered(&visit, PATH, || html! {})) }
    };
    let title = lang.pick("Delete log records", "ログの削除");
    visit.page(frame(&visit, title, Part::Logs, Follow::Still, &main))
}

fn head(visit: &Visit) -> Markup {
    let lang = visit.lang;
    let title = lang.pick("Delete log records", "ログの削除");
    html! {
        nav.trail aria-label=(lang.pick("Trail", "現在地")) { a href="/logs" { (lang.pick("Logs", "ログ")) } " / " (title) }
        h1 { (title) }
        p.lead { (lang.pick(
            "What is deleted cannot come back. What a legal hold covers stays, and the ledger keeps who asked and why.",
            "削除したログは元に戻せません。証拠保全の対象は残り、依頼者と理由は台帳に記録されます。",
        )) }
    }
}

/// How many records are meant, and the form that takes the second word.
async fn preview(visit: &Visit, question: &Question) -> Markup {
    let refused = |refused: &Refused| super::refused(&explain(refused).1, visit.lang);
    let query = match (&question.query, deletes(visit)) {
        (Err(why), _) => return super::refused(why, visit.lang),
        (_, Err(why)) => {
            let why = explain(&why).1;
            return html! { p.note.barred { (time::quoted(why.get(visit.lang))) (visit.lang.pick(".", "。")) } };
        }
        // Without a word nobody means everything.
        (Ok(_), Ok(())) if question.text.trim().is_empty() => return html! {},
        (Ok(query), Ok(())) => query,
    };
    let (count, holds) = match (
        counted(visit, query, question.from, question.to).await,
        listed(visit).await,
    ) {
        (Ok(count), Ok(holds)) => (count, holds),
        (Err(why), _) | (_, Err(why)) => return refused(&why),
    };
    let near: Vec<&Hold> = holds
        .iter()
        .filter(|hold| hold.from <= question.to && hold.to > question.from)
        .collect();
    let lang = visit.lang;
    let (number, zone) = (grouped(count), visit.zone());
    let at = |at: Timestamp| time::clock(at, visit.now, &zone, lang);
    html! { section aria-labelledby="meant" {
        h2 #meant { (match lang {
            Lang::En if count == 1 => "1 record is meant".to_owned(),
            Lang::En => format!("{number} records are meant"),
            Lang::Ja => format!("対象 {number} 件"),
        }) }
        p { code { (question.text) } " · " (at(question.from)) " – " (at(question.to)) " · "
            a href=(question.with(&question.text)) { (lang.pick("look at them", "内容を見る")) } }
        @for hold in near {
            p.note { (match lang {
                Lang::En => format!("The legal hold {} keeps what it covers of the streams {}.", hold.name, hold.stream),
                Lang::Ja => format!("証拠保全「{}」の対象(ストリーム {})は残ります。", hold.name, hold.stream),
            }) }
        }
        @if count > 0 {
            form.answer.narrow method="post" action=(PATH) {
                input type="hidden" name="query" value=(question.text);
                input type="hidden" name="from" value=(question.from);
                input type="hidden" name="to" value=(question.to);
                (signature(visit, "delete"))
                label for="delete-records" { (match lang {
                    Lang::En => format!("To confirm, write how many records are meant: {count}"),
                    Lang::Ja => format!("確認のため、対象の件数 {count} を入力してください"),
                }) }
                input #delete-records name="records" required inputmode="numeric" pattern=(count) autocomplete="off";
                button.primary type="submit" { (lang.pick("Delete for good", "完全に削除する")) }
            }
        }
    } }
}

async fn counted(
    visit: &Visit,
    query: &LogQuery,
    from: Timestamp,
    to: Timestamp,
) -> Result<u64, Refused> {
    let counted = visit.room.desk.logs.count(query, from, to).await;
    counted.map_err(|error| Refused::Internal(error.to_string()))
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Asked {
    query: String,
    from: Timestamp,
    to: Timestamp,
    records: u64,
    by: String,
    reason: String,
}

/// `POST /logs/delete`
pub(crate) async fn take(visit: Visit, Form(form): Form<Asked>) -> Response {
    let text = form.query.clone();
    let done = async {
        deletes(&visit)?;
        let asked = visit.asked(&form.by, form.reason)?;
        let deletion = Deletion {
            query: LogQuery::parse(&form.query).map_err(Refused::Invalid)?,
            from: form.from,
            to: form.to,
        };
        let count = counted(&visit, &deletion.query, form.from, form.to).await?;
        if count != form.records {
            let said = form.records;
            return Err(Refused::Conflict(say!(
                "{count} records are meant now, and {said} were confirmed: nothing was deleted; look again",
                "いまの対象は {count} 件で、確認された {said} 件と異なるため、何も削除していません。もう一度確認してください"
            )));
        }
        visit.room.desk.keeping.delete(deletion, &asked).await
    };
    let (deleted, index) = match done.await {
        Ok(done) => done,
        Err(refused) => return visit.refused(&refused),
    };
    let lang = visit.lang;
    let main = html! { (head(&visit)) (outcome(&deleted, index, lang)) };
    let title = lang.pick("Delete log records", "ログの削除");
    let page = visit.page(frame(&visit, title, Part::Logs, Follow::Still, &main));
    affects(page, text)
}

fn outcome(deleted: &Deleted, index: u64, lang: Lang) -> Markup {
    let (records, held) = (grouped(deleted.records), grouped(deleted.held));
    html! { section role="status" aria-labelledby="gone" {
        h2 #gone { (match lang {
            Lang::En => format!("{records} records deleted"),
            Lang::Ja => format!("{records} 件を削除しました"),
        }) " " (entry(Some(index), lang)) }
        dl.terms { @for (stream, n) in &deleted.by_stream { dt lang="en" { (stream) } dd { (grouped(*n)) } } }
        @if deleted.held > 0 { p { (match lang {
            Lang::En => format!("{held} records stay: a legal hold covers them."),
            Lang::Ja => format!("証拠保全の対象 {held} 件は残しました。"),
        }) } }
        p { a href="/logs" { (lang.pick("Back to the logs", "ログへ戻る")) } }
    } }
}
