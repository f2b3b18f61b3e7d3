//! `/logs/holds`: legal holds, the form that sets one, the ones that end them, and sealing.
//!
//! Whoever answers for what happens now may set a hold; only an approver ends one. Each is an entry of the ledger.

use ::promise::{Lang, Timestamp, say};
use axum::{
    Form,
    extract::Path,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use store::logs::Hold;

use crate::{
    access::affects,
    api::logs::{listed, set},
    door::Refused,
    lang::Pick,
    page::{Follow, Part, explore::ask::instant, frame, offered, signature},
    reply::{Visit, escape},
    show::time,
};

pub(super) const PATH: &str = "/logs/holds";
const RELEASE: &str = "/logs/holds/{name}/release";
const SEAL: &str = "/logs/seal";

/// The last millisecond of the year 9999: the last that a time in RFC 3339 can say.
const FOR_EVER: Timestamp = Timestamp::from_millis(253_402_300_799_999);

pub(crate) async fn show(visit: Visit) -> Response {
    let holds = match listed(&visit).await {
        Ok(holds) => holds,
        Err(refused) => return visit.refused(&refused),
    };
    let lang = visit.lang;
    let title = lang.pick("Legal holds", "証拠保全");
    let main = html! {
        nav.trail aria-label=(lang.pick("Trail", "現在地")) { a href="/logs" { (lang.pick("Logs", "ログ")) } " / " (title) }
        h1 { (match (lang, holds.len()) {
            (Lang::En, 0) => "Nothing is held.".to_owned(),
            (Lang::En, 1) => "1 legal hold".to_owned(),
            (Lang::En, n) => format!("{n} legal holds"),
            (Lang::Ja, 0) => "保全中のログはありません。".to_owned(),
            (Lang::Ja, n) => format!("保全中 {n} 件"),
        }) }
        p.lead { (lang.pick(
            "What a hold covers is not deleted, neither by retention nor by a query.",
            "保全の対象は、保存期間が過ぎても、削除を求められても消えません。",
        )) }
        ol.list.holds { @for hold in &holds { (one(&visit, hold)) } }
        @if !holds.is_empty() && visit.who.barred(RELEASE).is_some() {
            h2 { (lang.pick("End a hold", "保全を解除する")) }
            (offered(&visit, RELEASE, || html! {}))
        }
        section aria-labelledby="set" {
            h2 #set { (lang.pick("Set a hold", "保全を設定する")) }
            (offered(&visit, PATH, || form(&visit)))
        }
        section aria-labelledby="seal" {
            h2 #seal { (lang.pick("Seal", "封印")) }
            p.lead { (lang.pick(
                "Each stored part is written into the ledger by its SHA-256, so that a changed or missing line is noticed. That happens by itself; here it happens at once.",
                "保存済みのログは SHA-256 で台帳に封印され、改変や欠落が分かります。自動で行われますが、ここですぐに行うこともできます。",
            )) }
            (offered(&visit, SEAL, || html! {
                form method="post" action=(SEAL) { button type="submit" { (lang.pick("Seal now", "今すぐ封印する")) } }
            }))
            p.note { (lang.pick("Check it yourself: ", "自分で確かめる: ")) code { "tegata logs verify" } }
        }
    };
    visit.page(frame(&visit, title, Part::Logs, Follow::Still, &main))
}

fn one(visit: &Visit, hold: &Hold) -> Markup {
    let lang = visit.lang;
    let at = |at: Timestamp| time::clock(at, visit.now, &visit.zone(), lang);
    let id = format!("release-{}", escape(&hold.name));
    html! { li {
        p { strong { (hold.name) } " " span.tag lang="en" { (hold.stream) } }
        p {
            @if hold.from <= Timestamp::EPOCH { (lang.pick("from the beginning", "最初から")) } @else { (at(hold.from)) }
            " – "
            @if hold.to >= FOR_EVER { (lang.pick("open-ended", "期限なし")) } @else { (at(hold.to)) }
        }
        @if visit.who.barred(RELEASE).is_none() {
            details { summary { (lang.pick("End this hold", "この保全を解除する")) }
                form.answer.narrow method="post" action={ "/logs/holds/" (escape(&hold.name)) "/release" } {
                    (signature(visit, &id))
                    button type="submit" { (lang.pick("End it", "解除する")) }
                }
            }
        }
    } }
}

fn form(visit: &Visit) -> Markup {
    let lang = visit.lang;
    let zone = &visit.board.time_zone;
    html! { form.answer.narrow method="post" action=(PATH) {
        label for="hold-name" { (lang.pick("Name of the matter", "件名")) }
        input #hold-name name="name" required maxlength="200" autocomplete="off" placeholder=(lang.pick("inquiry-2026-11", "照会-2026-11"));
        label for="hold-stream" { (time::quoted(lang.pick("Stream (`*` at its end leaves the rest open)", "ストリーム(末尾の `*` で前方一致)"))) }
        input #hold-stream name="stream" required maxlength="200" autocomplete="off" value="*";
        label for="hold-from" { (lang.pick("From", "始まり")) " (" (zone) ") " (lang.pick("– empty: from the beginning", "・空なら最初から")) }
        input #hold-from name="from" type="datetime-local";
        label for="hold-to" { (lang.pick("To", "終わり")) " (" (zone) ") " (lang.pick("– empty: open-ended", "・空なら期限なし")) }
        input #hold-to name="to" type="datetime-local";
        (signature(visit, "hold"))
        button.primary type="submit" { (lang.pick("Hold", "保全する")) }
    } }
}

/// What the form sends.
#[derive(Deserialize)]
pub(crate) struct Asked {
    name: String,
    stream: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
    by: String,
    reason: String,
}

/// `POST /logs/holds`
pub(crate) async fn hold(visit: Visit, Form(asked): Form<Asked>) -> Response {
    let name = asked.name.clone();
    let done = async {
        let hold = Hold {
            from: bound(&visit, &asked.from, Timestamp::EPOCH)?,
            to: bound(&visit, &asked.to, FOR_EVER)?,
            name: asked.name,
            stream: asked.stream,
        };
        let asked = visit.asked(&asked.by, asked.reason)?;
        set(&visit, hold, &asked).await
    };
    match done.await {
        Ok(()) => affects(Redirect::to(PATH).into_response(), name),
        Err(refused) => visit.refused(&refused),
    }
}

/// An end of a hold, where one is given.
fn bound(visit: &Visit, text: &str, open: Timestamp) -> Result<Timestamp, Refused> {
    if text.is_empty() {
        return Ok(open);
    }
    instant(text, &visit.zone()).ok_or_else(|| {
        Refused::Invalid(say!("`{text}` is no time", "`{text}` は日時ではありません"))
    })
}

/// Who ends one, and why.
#[derive(Deserialize)]
pub(crate) struct Ending {
    by: String,
    reason: String,
}

/// `POST /logs/holds/{name}/release`
pub(crate) async fn release(
    Path(name): Path<String>,
    visit: Visit,
    Form(ending): Form<Ending>,
) -> Response {
    let done = async {
        let asked = visit.asked(&ending.by, ending.reason)?;
        visit.room.desk.keeping.release(&name, &asked).await
    };
    match done.await {
        Ok(()) => Redirect::to(PATH).into_response(),
        Err(refused) => visit.refused(&refused),
    }
}

/// `POST /logs/seal`
pub(crate) async fn seal(visit: Visit) -> Response {
    match visit.room.desk.keeping.seal().await {
        Ok(_) => Redirect::to("/ledger?kind=logs_sealed").into_response(),
        Err(refused) => visit.refused(&refused),
    }
}
