//! `/ledger/erase`: a person asks to be forgotten, and what is past its retention goes: what an approver may take out of the
//! ledger, though nobody can take out that it was there.

use ::promise::{Lang, LogQuery, Say, say};
use axum::{Form, response::Response};
use maud::{Markup, html};
use serde::Deserialize;

use crate::{
    api::{self, ledger::Erasing, logs::deletes},
    door::Erased,
    lang::Pick,
    page::{Follow, Part, entry, frame, ledger::grouped, offered, signature},
    reply::{Visit, escape},
    show::time::quoted,
};

const ERASE: &str = "/ledger/erase";
const PRUNE: &str = "/ledger/prune";

/// Longer is no name and no address.
const VALUE_MAX: usize = 1_000;

pub(crate) async fn show(visit: Visit) -> Response {
    page(&visit, &html! {})
}

/// The page, below what was done.
fn page(visit: &Visit, done: &Markup) -> Response {
    let lang = visit.lang;
    let title = lang.pick("Erase and prune", "消去と間引き");
    let main = html! {
        nav.trail aria-label=(lang.pick("Trail", "現在地")) { a href="/ledger" { (lang.pick("Ledger", "台帳")) } " / " (title) }
        h1 { (title) }
        (done)
        section aria-labelledby="erase" {
            h2 #erase { (lang.pick("Erase a person", "個人の消去")) }
            p.lead { (lang.pick(
                "The ledger holds names only as salted commitments: what is erased lies beside them, so every proof and signature holds as before. What is erased cannot come back.",
                "台帳の氏名はソルト付きのコミットメントとして記録され、消去するのはその横にある値です。証明と署名はそのまま有効です。消去した値は元に戻せません。",
            )) }
            (offered(visit, ERASE, || erase_form(visit)))
        }
        section aria-labelledby="prune" {
            h2 #prune { (lang.pick("Drop what is past its retention", "保存期間を過ぎた記録の間引き")) }
            p.lead { (quoted(lang.pick(
                "Bodies of entries older than `ledger.keep` of the spec go; their hashes stay, so that proofs hold. That happens by itself; here it happens at once.",
                "仕様の `ledger.keep` より古い記録の本文を間引きます。ハッシュは残り、証明は有効です。自動で行われますが、ここですぐに行うこともできます。",
            ))) }
            (offered(visit, PRUNE, || html! { form.answer.narrow method="post" action=(PRUNE) {
                (signature(visit, "prune"))
                button type="submit" { (lang.pick("Prune now", "今すぐ間引く")) }
            } }))
        }
    };
    visit.page(frame(visit, title, Part::Ledger, Follow::Still, &main))
}

fn erase_form(visit: &Visit) -> Markup {
    let lang = visit.lang;
    html! { form.answer.narrow method="post" action=(ERASE) {
        label for="erase-value" { (lang.pick("Name or address, just as it was written", "氏名またはアドレス(記録されたとおりに)")) }
        input #erase-value name="value" required maxlength=(VALUE_MAX) autocomplete="off";
        @match deletes(visit) {
            Ok(()) => p.check { label { input type="checkbox" name="logs" value="true"; " " (lang.pick(
                "Delete the log records in which it stands, too",
                "この値を含むログも削除する",
            )) } },
            Err(_) => p.note { (quoted(lang.pick(
                "Log records in which it stands are counted and left: deleting takes `console.deletes: true` in the spec.",
                "この値を含むログは件数を数えるだけで残ります。削除するには仕様で `console.deletes: true` を指定してください。",
            ))) },
        }
        (signature(visit, "erase"))
        p.check { label { input type="checkbox" required; " " (lang.pick("I know that it cannot come back", "元に戻せないことを確認しました")) } }
        button.primary type="submit" { (lang.pick("Erase for good", "完全に消去する")) }
    } }
}

/// `POST /ledger/erase`
pub(crate) async fn erase(visit: Visit, Form(form): Form<Erasing>) -> Response {
    let done = async {
        let asked = visit.asked(&form.by, form.reason)?;
        api::ledger::erased(&visit, &form.value, form.logs, &asked).await
    };
    match done.await {
        Ok(erased) => page(&visit, &outcome(&visit, &form.value, &erased)),
        Err(refused) => visit.refused(&refused),
    }
}

/// Where it stood and what is left, in words; whoever asked must be able to pass it on.
fn outcome(visit: &Visit, value: &str, erased: &Erased) -> Markup {
    let lang = visit.lang;
    let row = |what: &Say, n: u64, note: Option<Say>| {
        html! { tr {
            th scope="row" { (what.get(lang)) }
            td.figure { (grouped(n)) }
            td { @if let Some(note) = note { (note.get(lang)) } }
        } }
    };
    // A name that was mistyped is the likeliest reason to find none.
    let heading = if is_unknown(erased) {
        say!(
            "Found nowhere: nothing was erased",
            "どこにも見つからず、何も消去していません"
        )
    } else {
        say!("Erased", "消去しました")
    };
    html! { section role="status" aria-labelledby="reached" {
        h2 #reached { (heading.get(lang)) " " (entry(erased.entry, lang)) }
        div.scroll tabindex="0" role="group" aria-labelledby="reached" { table {
            thead { tr {
                th scope="col" { (lang.pick("Where", "場所")) }
                th.figure scope="col" { (lang.pick("Erased", "消去")) }
                th scope="col" { (lang.pick("Left", "残り")) }
            } }
            tbody {
                (row(&say!("fields of the ledger", "台帳の項目"), erased.fields, None))
                (row(&say!("incidents, silences, checklists, inbox", "インシデント・サイレンス・チェックリスト・受信箱"), erased.places, None))
                (row(&say!("log records", "ログ"), erased.deleted.map_or(0, |it| it.records), logs_left(erased)))
                @for one in &erased.state {
                    (row(&one.what, one.erased, (one.kept > 0).then(|| state_left(one.kept))))
                }
            }
        } }
        @if erased.logs.is_some_and(|n| n > 0) && erased.deleted.is_none() {
            p { a href={ "/logs/delete?range=90d&query=" (escape(&LogQuery::phrase(value))) } { (lang.pick("Delete these log records by a query", "これらのログを条件で削除する")) } }
        }
        p.note { (lang.pick(
            "Not searched: the spec, labels of metrics, fields of logs that are tokenised or encrypted, exported files, messages that were sent, and backups.",
            "対象外: 仕様、メトリクスのラベル、トークン化・暗号化されたログの項目、書き出したファイル、送信済みの通知、バックアップ。",
        )) }
    } }
}

/// Whether it stood in no place that was searched.
fn is_unknown(erased: &Erased) -> bool {
    let state: u64 = erased.state.iter().map(|one| one.erased + one.kept).sum();
    let logs = erased.deleted.map_or(0, |it| it.records);
    erased.logs == Some(0) && erased.fields + erased.places + logs + state == 0
}

fn logs_left(erased: &Erased) -> Option<Say> {
    let held = erased.deleted.map_or(0, |it| it.held);
    match erased.logs {
        None => Some(say!(
            "they could not be counted",
            "件数を数えられませんでした"
        )),
        Some(0) => None,
        Some(left) if held > 0 => Some(say!(
            "{left} records hold it still; a legal hold keeps {held}",
            "{left} 件に残っています(証拠保全の対象 {held} 件を含む)"
        )),
        Some(left) => Some(say!(
            "{left} records hold it still",
            "{left} 件に残っています"
        )),
    }
}

fn state_left(kept: u64) -> Say {
    say!(
        "{kept} kept: what is still under way needs it, and it goes when that ends",
        "{kept} 件: 進行中のため残し、終わりしだい消えます"
    )
}

/// Who asks, and why.
#[derive(Deserialize)]
pub(crate) struct Pruning {
    by: String,
    reason: String,
}

/// `POST /ledger/prune`
pub(crate) async fn prune(visit: Visit, Form(form): Form<Pruning>) -> Response {
    let done = async {
        let asked = visit.asked(&form.by, form.reason)?;
        visit.room.desk.ledger.prune(&asked).await
    };
    let lang = visit.lang;
    match done.await {
        Ok(entries) => page(
            &visit,
            &html! { section role="status" { h2 { (match lang {
                Lang::En if entries == 1 => "1 entry pruned".to_owned(),
                Lang::En => format!("{} entries pruned", grouped(entries)),
                Lang::Ja => format!("{} 件を間引きました", grouped(entries)),
            }) } } },
        ),
        Err(refused) => visit.refused(&refused),
    }
}
