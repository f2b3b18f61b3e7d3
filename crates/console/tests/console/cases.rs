//! Links that acknowledge, work on incidents, checklists: what a person and a program may do, and what they may not.

use super::{Answer, ask, console, get, to};

async fn form(path: &str, body: &'static str) -> Answer {
    let request = to("POST", path)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "http://127.0.0.1:8400");
    ask(&console(), request, body).await
}

async fn json(path: &str, body: &'static str) -> Answer {
    let request = to("POST", path).header("content-type", "application/json");
    ask(&console(), request, body).await
}

#[tokio::test]
async fn a_link_shows_a_button_and_only_the_button_acknowledges() {
    let page = get(&console(), "/acknowledge/GOOD?lang=ja").await;
    assert_eq!(page.status, 200);
    let html = page.text();
    assert!(
        html.contains("method=\"post\" action=\"/acknowledge/GOOD\""),
        "{html}"
    );
    assert!(
        html.contains("value=\"佐藤 葵\""),
        "whose phone it is stands there already"
    );
    assert_eq!(page.header("cache-control"), "no-store");
    let taken = form("/acknowledge/GOOD", "by=%E4%BD%90%E8%97%A4&reason=").await;
    assert_eq!(
        (taken.status.as_u16(), taken.header("location")),
        (303, "/incidents/INC-7")
    );
}

#[tokio::test]
async fn a_bad_link_is_refused_in_both_languages() {
    for (token, status, ja, en) in [
        ("x", 404, "このリンクは無効です", "This link is not valid"),
        ("OLD", 410, "は切れています", "This link was valid until"),
        ("USED", 410, "使用済みです", "This link was used by"),
    ] {
        for (lang, words) in [("ja", ja), ("en", en)] {
            let page = get(&console(), &format!("/acknowledge/{token}?lang={lang}")).await;
            assert_eq!(page.status, status, "{token}");
            assert!(
                page.text().contains(words),
                "{token} {lang}: {}",
                page.text()
            );
        }
    }
}

#[tokio::test]
async fn another_sites_form_acknowledges_nothing() {
    let request = to("POST", "/acknowledge/GOOD")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://evil.example");
    assert_eq!(ask(&console(), request, "by=x").await.status, 403);
}

#[tokio::test]
async fn what_people_do_comes_by_form_and_by_json() {
    for body in [
        "deed=note&text=x&by=y",
        "deed=tick&step=the+provider%27s+status&by=y",
        "deed=action&text=x&owner=z&due=2026-12-04&by=y",
        "deed=action_done&number=1&by=y",
        "deed=concern&card=on&by=y",
    ] {
        let answer = form("/incidents/INC-7/work", body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, "/incidents/INC-7#work"),
            "{body}: {}",
            answer.text()
        );
    }
    for body in [
        "deed=note&text=x",
        "deed=fly&by=y",
        "deed=action&text=x&owner=z&due=tomorrow&by=y",
        "",
    ] {
        assert_eq!(
            form("/incidents/INC-7/work", body).await.status,
            400,
            "{body}"
        );
    }
    let noted = json(
        "/api/v1/incidents/INC-7/work",
        r#"{"deed":"note","text":"x","by":"y"}"#,
    )
    .await;
    assert_eq!(noted.status, 204);
    let ended = json(
        "/api/v1/incidents/INC-7/work",
        r#"{"deed":"resolve","text":"x","by":"y"}"#,
    )
    .await;
    assert_eq!(ended.status, 409);
    let unknown = json(
        "/api/v1/incidents/INC-9/work",
        r#"{"deed":"note","text":"x","by":"y"}"#,
    )
    .await;
    assert_eq!(unknown.status, 404);
    let opened = json(
        "/api/v1/incidents",
        r#"{"title":"x","by":"y","severity":"critical"}"#,
    )
    .await;
    assert_eq!(
        (opened.status.as_u16(), opened.text().as_str()),
        (201, r#"{"id":"INC-8"}"#)
    );
    assert_eq!(
        form("/incidents", "title=x&by=y&severity=&text=")
            .await
            .header("location"),
        "/incidents/INC-8"
    );
}

#[tokio::test]
async fn text_of_logs_is_text() {
    let page = get(&console(), "/incidents/INC-7").await.text();
    assert!(page.contains("level=error &lt;script&gt;"), "{page}");
}

#[tokio::test]
async fn a_post_mortem_is_a_page_and_markdown_and_figures_are_csv() {
    let markdown = get(&console(), "/incidents/INC-7/post-mortem?as=md&lang=ja").await;
    assert_eq!(
        markdown.header("content-type"),
        "text/markdown; charset=utf-8"
    );
    assert!(
        markdown.text().starts_with("# 事後検証 INC-7"),
        "{}",
        markdown.text()
    );
    let csv = get(&console(), "/incidents/figures?as=csv&by=severity").await;
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    // One incident, which nobody has answered in time.
    assert_eq!(
        csv.text().lines().nth(1),
        Some("*,critical,*,1,0,0,1,0,,,,")
    );
}

#[tokio::test]
async fn a_sheet_is_ticked_and_signed() {
    let ticked = form(
        "/checklists/daily/tick",
        "day=2026-11-22&item=2&by=x&answer=good&note=",
    )
    .await;
    assert_eq!(
        (ticked.status.as_u16(), ticked.header("location")),
        (303, "/checklists#daily")
    );
    assert_eq!(
        form("/checklists/daily/sign", "day=2026-11-22&by=x&note=")
            .await
            .status,
        400
    );
    assert_eq!(
        form("/checklists/daily/sign", "day=2026-11-22&by=x&note=INC-7")
            .await
            .status,
        303
    );
    assert_eq!(get(&console(), "/checklists/none").await.status, 404);
    let signed = json("/api/v1/checklists/daily/sign", r#"{"by":"x","note":"n"}"#).await;
    assert_eq!(signed.status, 200);
}
