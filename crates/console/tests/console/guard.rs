//! The two doors that stay shut: foreign pages and foreign names.

use super::{ask, console, get, to};

#[tokio::test]
async fn a_post_from_another_site_is_refused_and_from_our_own_is_taken() {
    let router = console();
    let path = "/incidents/INC-7/acknowledge";
    let form = || to("POST", path).header("content-type", "application/x-www-form-urlencoded");
    for foreign in [
        form().header("sec-fetch-site", "cross-site"),
        form().header("sec-fetch-site", "same-site"),
        form().header("origin", "https://evil.example"),
        form().header("origin", "null"),
        // Another port of this machine is another origin.
        form().header("origin", "http://127.0.0.1:9999"),
    ] {
        assert_eq!(ask(&router, foreign, "by=Sato").await.status, 403);
    }
    let own = ask(
        &router,
        form().header("sec-fetch-site", "same-origin"),
        "by=Sato&reason=looking",
    )
    .await;
    assert_eq!(
        (own.status.as_u16(), own.header("location")),
        (303, "/incidents/INC-7")
    );
    let page = get(&router, "/incidents/INC-7?lang=en").await.text();
    assert!(page.contains("Sato has taken it on") && page.contains("looking"));
    let again = ask(
        &router,
        form().header("origin", "http://127.0.0.1:8400"),
        "by=Suzuki",
    )
    .await;
    assert_eq!(again.status, 409);
}

#[tokio::test]
async fn a_name_that_is_not_ours_is_refused_on_every_address() {
    let router = console();
    for host in ["evil.example", "localhost.evil.example:8400", ""] {
        for path in ["/", "/api/v1/promises", "/metrics", "/assets/x"] {
            let request = axum::http::Request::builder()
                .uri(path)
                .header("host", host);
            let answer = ask(&router, request, "").await;
            assert_eq!(answer.status, 421, "{host} {path}");
            assert!(!answer.header("content-security-policy").is_empty());
        }
    }
    let nameless = axum::http::Request::builder().uri("/");
    assert_eq!(ask(&router, nameless, "").await.status, 421);
}

#[tokio::test]
async fn every_answer_carries_the_policy_and_nothing_unsafe() {
    let router = console();
    for path in [
        "/",
        "/nope",
        "/api/v1/promises",
        "/metrics",
        "/openapi.json",
        "/promises/nope",
        "/assets/nope",
    ] {
        let answer = get(&router, path).await;
        let policy = answer.header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'self';"),
            "{path}: {policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains('*') && !policy.contains("data:"),
            "{policy}"
        );
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
    }
}

#[tokio::test]
async fn assets_are_kept_for_good_and_answered_304() {
    let router = console();
    let html = get(&router, "/").await.text();
    let files: Vec<&str> = html
        .split("\"/assets/")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(files.len(), 5);
    for file in files {
        let path = format!("/assets/{file}");
        let answer = get(&router, &path).await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.header("cache-control"),
            "public, max-age=31536000, immutable"
        );
        let again = ask(
            &router,
            to("GET", &path).header("if-none-match", answer.header("etag")),
            "",
        )
        .await;
        assert_eq!((again.status.as_u16(), again.body.len()), (304, 0));
        // Nothing may be loaded from elsewhere.
        assert!(
            !answer
                .text()
                .replace("http://www.w3.org/2000/svg", "")
                .contains("://"),
            "{file}"
        );
    }
}

#[tokio::test]
async fn a_form_that_is_too_large_or_empty_is_refused() {
    let router = console();
    let form = || {
        to("POST", "/incidents/INC-7/acknowledge")
            .header("content-type", "application/x-www-form-urlencoded")
    };
    assert_eq!(
        ask(&router, form(), format!("by={}", "x".repeat(80_000)))
            .await
            .status,
        413
    );
    assert_eq!(ask(&router, form(), "by=+++").await.status, 400);
    assert_eq!(
        ask(&router, form(), format!("by={}", "x".repeat(101)))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn the_demo_can_be_broken_and_mended() {
    let router = console();
    let own = |to_state: &str| to("POST", &format!("/demo/outages/provider/{to_state}"));
    assert_eq!(ask(&router, own("start"), "").await.status, 303);
    assert_eq!(ask(&router, own("sideways"), "").await.status, 404);
    assert!(
        get(&router, "/?state=&lang=en")
            .await
            .text()
            .contains("payment provider")
    );
    assert_eq!(ask(&router, own("stop"), "").await.status, 303);
    assert_eq!(
        ask(&router, to("POST", "/demo/outages/nope/start"), "")
            .await
            .status,
        404
    );
}
