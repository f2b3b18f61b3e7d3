//! The pages. Each file is one page: its handler, then what it shows.

pub(crate) mod acknowledge;
pub(crate) mod alerts;
mod around;
pub(crate) mod board;
pub(crate) mod case;
pub(crate) mod checklists;
pub(crate) mod deeds;
pub(crate) mod erase;
pub(crate) mod evidence;
pub(crate) mod explore;
pub(crate) mod figures;
pub(crate) mod inbox;
pub(crate) mod incident;
pub(crate) mod incidents;
pub(crate) mod ledger;
pub(crate) mod login;
pub(crate) mod logs;
pub(crate) mod payments;
pub(crate) mod post_mortem;
pub(crate) mod problem;
pub(crate) mod promise;
pub(crate) mod sources;
pub(crate) mod traces;

use ::promise::{Lang, State};
use maud::{DOCTYPE, Markup, html};

use crate::{asset, lang::Pick, reply::Visit, show::mark};

/// Which part of the house a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Board,
    Payments,
    Explore,
    Logs,
    Incidents,
    Alerts,
    Checklists,
    Inbox,
    Ledger,
    Sources,
    None,
}

/// How a page follows what happens, where it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    /// Rows are replaced one by one.
    Rows,
    /// The page is fetched again when anything happened.
    Whole,
    /// Stays as it was made.
    Still,
}

impl Follow {
    fn tag(self) -> Option<&'static str> {
        match self {
            Self::Rows => Some("rows"),
            Self::Whole => Some("whole"),
            Self::Still => None,
        }
    }
}

/// The frame that every page stands in.
pub(crate) fn frame(
    visit: &Visit,
    title: &str,
    part: Part,
    follow: Follow,
    main: &Markup,
) -> Markup {
    let lang = visit.lang;
    let service = visit.board.service.get(lang);
    html! {
        (DOCTYPE)
        html lang=(lang.tag()) {
            head {
                meta charset="utf-8";
                title { (title) " · " (service) " · Tegata" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="stylesheet" href=(asset::href("style.css"));
                link rel="icon" type="image/svg+xml" href=(asset::href("mark.svg"));
                @for module in ["ages.js", "live.js", "keys.js"] {
                    script type="module" src=(asset::href(module)) {}
                }
            }
            body data-now=(visit.now) data-follow=[follow.tag()] {
                a.skip href="#main" { (lang.pick("Skip to the content", "本文へ移動")) }
                header.top { div.inner {
                    a.brand href="/" { (mark::house()) span { "Tegata" } span.service { (service) } }
                    nav aria-label=(lang.pick("Main", "メイン")) { ul { (links(visit, part)) } }
                    p.live #live role="status" {}
                    (login::badge(visit))
                    (languages(visit))
                } }
                main #main tabindex="-1" { (main) }
                footer.bottom { div.inner {
                    p {
                        (lang.pick("As of ", "時点: "))
                        (crate::show::time::clock(visit.now, visit.now, &visit.zone(), lang))
                        " " (visit.board.time_zone)
                    }
                    p { "Tegata " (visit.room.desk.status.version().version) " · " a href="/openapi.json" { "API" } }
                } }
            }
        }
    }
}

fn links(visit: &Visit, part: Part) -> Markup {
    let lang = visit.lang;
    let open = visit
        .board
        .rows
        .iter()
        .filter(|row| row.incident.is_some())
        .count();
    let all = [
        (Part::Board, "/", lang.pick("Promises", "約束")),
        (Part::Payments, "/payments", lang.pick("Payments", "決済")),
        (
            Part::Explore,
            "/explore",
            lang.pick("Metrics", "メトリクス"),
        ),
        (Part::Logs, "/logs", lang.pick("Logs", "ログ")),
        (
            Part::Incidents,
            "/incidents",
            lang.pick("Incidents", "インシデント"),
        ),
        (Part::Alerts, "/alerts", lang.pick("Alerts", "警報")),
        (
            Part::Checklists,
            "/checklists",
            lang.pick("Checklists", "チェックリスト"),
        ),
        (Part::Inbox, "/inbox", lang.pick("Inbox", "受信箱")),
        (Part::Ledger, "/ledger", lang.pick("Ledger", "台帳")),
        (Part::Sources, "/sources", lang.pick("Sources", "情報源")),
    ];
    html! {
        @for (this, href, name) in all {
            @if this != Part::Payments || visit.room.desk.demo.is_some() {
                li { a href=(href) aria-current=[(this == part).then_some("page")] {
                    (name)
                    @if this == Part::Incidents && open > 0 {
                        " " span.count aria-label=(match lang {
                            Lang::En => format!("{open} promises in open incidents"),
                            Lang::Ja => format!("対応中の約束 {open} 件"),
                        }) { (open) }
                    }
                } }
            }
        }
    }
}

fn languages(visit: &Visit) -> Markup {
    let other = if visit.lang == Lang::En {
        Lang::Ja
    } else {
        Lang::En
    };
    let name = other.pick("English", "日本語");
    html! { a.lang href=(visit.in_lang(other)) lang=(other.tag()) hreflang=(other.tag()) rel="alternate" { (name) } }
}

/// What only some may send, shown to them; to everybody else, whose it is. `pattern` is the route that takes it.
pub(crate) fn offered(visit: &Visit, pattern: &str, form: impl FnOnce() -> Markup) -> Markup {
    match visit.who.barred(pattern) {
        None => form(),
        Some(why) => html! { p.note.barred {
            (visit.lang.pick("Not offered to you: ", "利用できません。"))
            (why.get(visit.lang)) (visit.lang.pick(".", "。"))
        } },
    }
}

/// Who asks and why, in a form whose deed the ledger keeps. `id` tells the fields of one form from those of another.
pub(crate) fn signature(visit: &Visit, id: &str) -> Markup {
    let lang = visit.lang;
    let proven = visit.who.proven();
    html! {
        label for={ (id) "-by" } { (lang.pick("Your name", "お名前")) }
        input id={ (id) "-by" } name="by" required maxlength="200" autocomplete="name" value=[proven] readonly[proven.is_some()];
        label for={ (id) "-reason" } { (lang.pick("Reason (the ledger keeps it)", "理由(台帳に残ります)")) }
        input id={ (id) "-reason" } name="reason" required maxlength="2000" autocomplete="off";
    }
}

/// A link to an entry of the ledger, or nothing where it has none yet.
pub(crate) fn entry(index: Option<u64>, lang: Lang) -> Markup {
    html! { @if let Some(index) = index {
        a.entry href={ "/ledger/" (index) } title=(lang.pick("Entry in the ledger", "台帳の記録")) { "#" (index) }
    } }
}

/// A link to a promise by the name that people know.
pub(crate) fn promise_link(visit: &Visit, id: &str) -> Markup {
    let name = visit
        .board
        .row(id)
        .map_or(id, |row| row.promise.name(visit.lang));
    html! { a href={ "/promises/" (crate::reply::escape(id)) } { (name) } }
}

/// The sentence at the top of the board.
pub(crate) fn headline(board: &crate::Board, lang: Lang) -> String {
    let all = board.rows.len();
    let n = |state| board.count(state);
    let (broken, unproven, risk) = (n(State::Broken), n(State::Unproven), n(State::AtRisk));
    match lang {
        Lang::En => {
            let are = |n: usize| if n == 1 { "is" } else { "are" };
            let mut parts = Vec::new();
            if broken > 0 {
                parts.push(format!("{broken} {} broken", are(broken)));
            }
            if unproven > 0 {
                parts.push(format!("{unproven} cannot be proven"));
            }
            if risk > 0 {
                parts.push(format!("{risk} {} at risk", are(risk)));
            }
            match (all, parts.as_slice()) {
                (0, _) => "No promise is declared yet.".to_owned(),
                (1, []) => "The promise is kept.".to_owned(),
                (_, []) => format!("All {all} promises are kept."),
                (_, parts) => format!("Of {all} promises, {}.", joined(parts)),
            }
        }
        Lang::Ja => {
            let mut parts = Vec::new();
            if broken > 0 {
                parts.push(format!("{broken} 件が破れています"));
            }
            if unproven > 0 {
                parts.push(format!("{unproven} 件は証拠がありません"));
            }
            if risk > 0 {
                parts.push(format!("{risk} 件が危うい状態です"));
            }
            match (all, parts.as_slice()) {
                (0, _) => "約束はまだ宣言されていません。".to_owned(),
                (_, []) => format!("{all} 件の約束はすべて守れています。"),
                (_, parts) => format!("{all} 件の約束のうち、{}。", parts.join("。")),
            }
        }
    }
}

fn joined(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
