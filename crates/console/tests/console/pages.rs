//! Every page in both languages: whole, small, labelled, and without a line that the policy would refuse.

use std::{collections::HashSet, io::Write as _};

use flate2::{Compression, write::GzEncoder};

use super::{ask, console, fixture, get, to};

const PAGES: [&str; 30] = [
    "/",
    "/?state=broken",
    "/promises/payment-success",
    "/payments",
    "/explore",
    "/explore?query=sum+by+(status)+(payments_total)&range=6h",
    "/explore?query=payments_total&view=table",
    "/explore?query=rate(payments_total%5B5m%5D",
    "/explore?query=no_such_metric",
    "/explore/promise?query=payments_total&id=few&bound=at_most&value=5",
    "/logs",
    "/logs?query=status:failed+AND+amount:%3E2000&range=1d",
    "/logs?query=status:(failed",
    "/traces",
    "/traces?service=shop&failed=1&least=1ms",
    "/logs/rule?query=status:failed&name=failures&count=10&over=5m&by=payment",
    "/logs/patterns?query=status:failed&range=1d",
    "/logs/patterns?query=status:(failed",
    "/incidents",
    "/incidents/INC-7",
    "/incidents/INC-7/post-mortem",
    "/incidents/figures",
    "/acknowledge/GOOD",
    "/checklists",
    "/checklists/daily",
    "/inbox",
    "/ledger",
    "/ledger/48200",
    "/sources",
    "/no/such/page",
];

fn in_lang(page: &str, lang: &str) -> String {
    format!(
        "{page}{}lang={lang}",
        if page.contains('?') { '&' } else { '?' }
    )
}

/// What stands between tags, without what only machines read.
fn words(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html.split("</head>").nth(1).unwrap();
    while let Some(open) = rest.find('<') {
        out.push_str(&rest[..open]);
        out.push(' ');
        let close = rest[open..].find('>').unwrap();
        let tag = &rest[open..open + close];
        rest = &rest[open + close + 1..];
        for raw in ["code", "pre", "time"] {
            if tag == format!("<{raw}") || tag.starts_with(&format!("<{raw} ")) {
                let end = format!("</{raw}>");
                rest = &rest[rest.find(&end).unwrap() + end.len()..];
            }
        }
    }
    out
}

#[tokio::test]
async fn every_page_is_small_labelled_and_free_of_inline_code() {
    let router = console();
    for page in PAGES {
        for lang in ["ja", "en"] {
            let answer = get(&router, &in_lang(page, lang)).await;
            let html = answer.text();
            let wanted = if page == "/no/such/page" { 404 } else { 200 };
            assert_eq!(answer.status, wanted, "{page}");

            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(&answer.body).unwrap();
            let bytes = gzip.finish().unwrap().len();
            println!(
                "{page} {lang}: {} bytes, {bytes} gzipped",
                answer.body.len()
            );
            assert!(bytes <= 30 << 10, "{page} {lang} has {bytes} bytes gzipped");

            assert!(html.starts_with("<!DOCTYPE html><html lang=\""), "{page}");
            assert!(html.contains(&format!("<html lang=\"{lang}\">")), "{page}");
            for once in [
                "<h1>",
                "<main id=\"main\"",
                "<header class=\"top\">",
                "<title>",
                "<footer",
            ] {
                assert_eq!(html.matches(once).count(), 1, "{page} {lang}: {once}");
            }
            for refused in [
                " style=",
                "<style",
                " onclick",
                " onload",
                "javascript:",
                "<script>",
                "http-equiv",
            ] {
                assert!(!html.contains(refused), "{page} {lang}: {refused}");
            }
            for (at, _) in html.match_indices("<script") {
                assert!(
                    html[at..].starts_with("<script type=\"module\" src=\"/assets/"),
                    "{page}"
                );
            }
            let ids: Vec<&str> = html
                .split(" id=\"")
                .skip(1)
                .map(|rest| rest.split('"').next().unwrap())
                .collect();
            let unique: HashSet<&str> = ids.iter().copied().collect();
            assert_eq!(ids.len(), unique.len(), "{page}: an id stands twice");
            for named in ["aria-labelledby=\"", " for=\""] {
                for name in html
                    .split(named)
                    .skip(1)
                    .map(|rest| rest.split('"').next().unwrap())
                {
                    assert!(unique.contains(name), "{page}: nothing has the id {name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_left_in_the_other_language() {
    let router = console();
    let kana =
        |c: char| ('\u{3041}'..='\u{30ff}').contains(&c) || ('\u{4e00}'..='\u{9fff}').contains(&c);
    for page in PAGES {
        let en = words(&get(&router, &in_lang(page, "en")).await.text());
        // The switch to Japanese names itself in Japanese; people's names are their own.
        let stray: String = en
            .replace("日本語", "")
            .replace("佐藤", "")
            .chars()
            .filter(|c| kana(*c))
            .collect();
        assert_eq!(stray, "", "{page}");

        let ja = words(&get(&router, &in_lang(page, "ja")).await.text());
        for word in [
            " the ", " is ", " of ", "Promise", "Verdict", "Budget", "Evidence", "Ledger", "kept",
            "broken", " ago",
        ] {
            assert!(!ja.contains(word), "{page}: {word:?} in {ja}");
        }
    }
}

#[tokio::test]
async fn the_board_begins_with_what_most_needs_a_person_and_every_figure_has_a_link() {
    let html = get(&console(), "/?lang=en").await.text();
    let states: Vec<&str> = html
        .split("data-state=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(
        states[..5],
        ["broken", "unproven", "at_risk", "at_risk", "kept"]
    );
    assert_eq!(states.len(), 30);
    assert!(
        html.contains(
            "<h1>Of 30 promises, 1 is broken, 1 cannot be proven and 2 are at risk.</h1>"
        )
    );
    for link in ["#evidence", "#budget", "#history"] {
        assert!(
            html.contains(&format!("href=\"/promises/payment-success{link}\"")),
            "{link}"
        );
    }
    assert!(html.contains("href=\"/ledger/48200\""));
}

#[tokio::test]
async fn the_filter_shows_one_state_and_counts_all() {
    let html = get(&console(), "/?state=at_risk&lang=en").await.text();
    assert_eq!(html.matches("data-state=\"at_risk\"").count(), 2);
    assert_eq!(html.matches("data-state=").count(), 2);
    assert!(html.contains("<b>26</b> kept"));
}

#[tokio::test]
async fn a_spec_that_was_refused_puts_its_row_at_risk() {
    let mut board = fixture::board(1);
    board.spec.problem = Some(promise::say!("line 3 is wrong", "3 行目に誤りがあります"));
    let router = console::router(fixture::desk(board).0);
    let html = get(&router, "/?lang=ja").await.text();
    let spec = html
        .split("<p class=\"spec\"")
        .nth(1)
        .unwrap()
        .split("</p>")
        .next()
        .unwrap();
    assert!(
        spec.contains("危うい")
            && spec.contains("3 行目に誤りがあります")
            && spec.contains("引き続き有効"),
        "{spec}"
    );
}

#[tokio::test]
async fn an_unproven_promise_names_no_figure() {
    let html = get(&console(), "/?state=unproven&lang=en").await.text();
    assert!(html.contains("not measured") && html.contains("no budget"));
    assert!(!html.contains("NaN"));
}

#[tokio::test]
async fn a_hostile_name_is_shown_and_not_run() {
    let mut board = fixture::board(1);
    let mut promise = (*board.rows[0].promise).clone();
    promise.id = "a/b?\"><script>alert(1)</script>".into();
    promise.terms.name = None;
    board.rows[0].promise = promise.into();
    let router = console::router(fixture::desk(board).0);
    let html = get(&router, "/").await.text();
    assert!(!html.contains("<script>alert"));
    let href = html
        .split("href=\"/promises/")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    assert_eq!(get(&router, &format!("/promises/{href}")).await.status, 200);
}

#[tokio::test]
async fn the_language_is_remembered_once_it_was_chosen() {
    let router = console();
    let chosen = get(&router, "/sources?lang=ja").await;
    assert_eq!(
        chosen.header("set-cookie"),
        "tegata_lang=ja; Path=/; Max-Age=31536000; SameSite=Strict"
    );
    let later = ask(
        &router,
        to("GET", "/sources").header("cookie", "tegata_lang=ja"),
        "",
    )
    .await;
    assert!(later.text().contains("<html lang=\"ja\">"));
    assert_eq!(later.header("set-cookie"), "");
    let asked = ask(
        &router,
        to("GET", "/").header("accept-language", "ja,en;q=0.8"),
        "",
    )
    .await;
    assert!(asked.text().contains("<html lang=\"ja\">"));
}

#[tokio::test]
async fn two_hundred_promises_are_answered_from_the_snapshot() {
    let router = console::router(fixture::desk(fixture::board(200)).0);
    let html = get(&router, "/").await.text();
    assert_eq!(html.matches("data-state=").count(), 200);
    assert_eq!(html, get(&router, "/").await.text());
}

#[tokio::test]
async fn a_promise_shows_its_series_and_similar_names_where_nothing_matched() {
    let page = get(&console(), "/promises/payment-success?lang=en")
        .await
        .text();
    for part in [
        "2 series or conditions feed it",
        "payments_total{status=&quot;failed&quot;}",
        "Nothing matches it. Similar names: <code>payments_total</code>",
        "no answer: connection refused",
    ] {
        assert!(page.contains(part), "{part}");
    }
}

/// The address stands in a record of the fixture; the form says who asks and why.
#[tokio::test]
async fn personal_fields_of_logs_are_masked_until_somebody_says_why() {
    let router = console();
    let page = get(&router, "/logs?lang=en").await.text();
    assert!(page.contains("••••") && !page.contains("203.0.113.9") && !page.contains("s-3"));
    let complete = get(&router, "/logs/fields").await.text();
    assert!(complete.contains("status") && !complete.contains("203.0.113.9"));
    let post = async |form: &'static str| {
        let request = to("POST", "/logs/unmasked?lang=en")
            .header("content-type", "application/x-www-form-urlencoded");
        ask(&router, request, form).await
    };
    let refused = post("query=*&by=ito").await;
    assert_eq!(refused.status, 400);
    let clear = post("query=*&by=ito&reason=a+customer+asked").await.text();
    assert!(clear.contains("203.0.113.9") && clear.contains("s-3"));
}

#[tokio::test]
async fn a_deletion_is_counted_first_and_takes_only_what_was_counted() {
    let router = console();
    let page =
        async |query: &'static str| get(&router, &format!("/logs/delete?{query}")).await.text();
    // Without a word nothing is meant.
    assert!(!page("lang=en").await.contains("records=") && !page("").await.contains("#meant"));
    let shown = page("query=status:failed&range=1d&lang=en").await;
    assert!(shown.contains("20 records are meant"), "{shown}");
    assert!(shown.contains("The legal hold case 7 keeps"), "{shown}");
    let post = async |records: &'static str| {
        let form = format!(
            "query=status:failed&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z&by=ito&reason=asked&records={records}"
        );
        let request = to("POST", "/logs/delete?lang=en")
            .header("content-type", "application/x-www-form-urlencoded");
        ask(&router, request, form).await
    };
    let other = post("21").await;
    assert_eq!(other.status, 409);
    assert!(
        other
            .text()
            .contains("20 records are meant now, and 21 were confirmed")
    );
    let done = post("20").await;
    assert_eq!(done.status, 200);
    assert!(done.text().contains("records deleted"));
}

#[tokio::test]
async fn an_erasure_tells_where_a_name_stood_and_what_is_left() {
    let router = console();
    let post = async |form: &'static str| {
        let request = to("POST", "/ledger/erase?lang=en")
            .header("content-type", "application/x-www-form-urlencoded");
        ask(&router, request, form).await
    };
    assert_eq!(post("value=Sato&by=ito&reason=").await.status, 400);
    let counted = post("value=Sato&by=ito&reason=asked").await.text();
    assert!(counted.contains("2 records hold it still"), "{counted}");
    assert!(
        counted.contains("/logs/delete?range=90d&amp;query=%22Sato%22"),
        "{counted}"
    );
    assert!(
        counted.contains("1 kept: what is still under way needs it"),
        "{counted}"
    );
    let deleted = post("value=Sato&by=ito&reason=asked&logs=true")
        .await
        .text();
    assert!(!deleted.contains("hold it still"), "{deleted}");
    let mistyped = post("value=Satou&by=ito&reason=asked").await.text();
    assert!(
        mistyped.contains("Found nowhere") && !counted.contains("Found nowhere"),
        "{mistyped}"
    );
}

#[tokio::test]
async fn kinds_of_lines_are_counted_and_lead_to_their_records() {
    let router = console();
    let page = get(
        &router,
        "/logs/patterns?query=status:failed&range=1d&lang=en",
    )
    .await
    .text();
    assert!(page.contains("1 kind of line in 20 lines"), "{page}");
    assert!(page.contains("payment &lt;*&gt; &lt;b&gt;") && page.contains("100 %"));
    // The question, and the words of the kind.
    let href = "/logs?query=status%3Afailed%20AND%20message%3A%22payment%22%20AND%20message%3A%22b%22&amp;range=1d";
    assert!(page.contains(href), "{page}");
}

#[tokio::test]
async fn a_rule_from_a_query_says_when_it_would_have_fired() {
    let router = console();
    let page = get(
        &router,
        "/logs/rule?query=status:failed+OR+a:b&name=failures&count=10&over=5m&by=user&lang=en",
    )
    .await
    .text();
    assert!(page.contains("would have fired once"), "{page}");
    assert!(page.contains("11 is more than 10"), "{page}");
    assert!(
        page.contains("(status:failed OR a:b) AND count &gt; 10 over 5m by user"),
        "{page}"
    );
    let quiet = get(
        &router,
        "/logs/rule?query=never&name=n&count=1&over=5m&lang=ja",
    )
    .await
    .text();
    assert!(quiet.contains("発報しません"));
    let wrong = get(
        &router,
        "/logs/rule?query=x&name=n&count=1&over=5m&by=a+b&lang=en",
    )
    .await
    .text();
    assert!(wrong.contains("is no field"));
}
