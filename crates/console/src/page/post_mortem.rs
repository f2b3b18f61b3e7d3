//! `/incidents/{id}/post-mortem`: the draft from the record, to read, to print, and to take away as Markdown (`?as=md`).

use ::promise::{Lang, say};
use axum::{
    extract::Path,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use respond::incident::post_mortem::{Block, Document};

use crate::{
    lang::Pick,
    page::{Follow, Part, frame},
    reply::{Visit, escape},
    show::time,
};

pub(crate) async fn show(Path(id): Path<String>, visit: Visit) -> Response {
    let dossier = match visit.room.desk.cases.dossier(&id).await {
        Ok(Some(dossier)) => dossier,
        Ok(None) => {
            return visit.missing(&say!(
                "there is no incident {id}",
                "インシデント {id} はありません"
            ));
        }
        Err(refused) => return visit.refused(&refused),
    };
    let lang = visit.lang;
    let document = &dossier.post_mortem;
    if visit.param("as") == Some("md") {
        let mut response = document.markdown(lang).into_response();
        let kind = HeaderValue::from_static("text/markdown; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        return response;
    }
    let main = html! {
        nav.trail aria-label=(lang.pick("Trail", "現在地")) {
            a href="/incidents" { (lang.pick("Incidents", "インシデント")) } " / "
            a href={ "/incidents/" (escape(&id)) } { (id) } " / " (lang.pick("Post-mortem", "事後検証"))
        }
        h1 { (document.title.get(lang)) }
        p.note.paging {
            a href={ "?as=md&lang=" (lang.tag()) } { (lang.pick("As Markdown", "Markdown で保存")) }
            span { (lang.pick("Print this page for a PDF.", "PDF にするには、このページを印刷してください。")) }
        }
        (sections(&visit, document, lang))
    };
    let title = document.title.get(lang);
    visit.page(frame(&visit, title, Part::Incidents, Follow::Still, &main))
}

fn sections(visit: &Visit, document: &Document, lang: Lang) -> Markup {
    let zone = visit.zone();
    let sentence = |text: &str| time::sentence(text, visit.now, &zone, lang);
    html! { @for section in &document.sections {
        section.document {
            h2 { (section.title.get(lang)) }
            @for block in &section.blocks { @match block {
                Block::Text(text) => p { (sentence(text.get(lang))) },
                Block::List(items) => ul.bullets { @for item in items { li { (sentence(item.get(lang))) } } },
                Block::Table { head, rows } => div.scroll tabindex="0" role="group" aria-label=(section.title.get(lang)) { table {
                    @if !head.is_empty() { thead { tr { @for cell in head { th scope="col" { (cell.get(lang)) } } } } }
                    tbody { @for row in rows { tr { @for (at, cell) in row.iter().enumerate() {
                        @if head.is_empty() && at == 0 { th scope="row" { (cell.get(lang)) } } @else { td { (sentence(cell.get(lang))) } }
                    } } } }
                } },
            } }
        }
    } }
}
