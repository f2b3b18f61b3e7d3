//! Who may ask what, and what is kept of it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::{Router, extract::ConnectInfo, http::request::Builder};
use base64::{Engine, engine::general_purpose::STANDARD};
use console::{
    access::{Access, People, Via, hash_of},
    door::Deed,
};
use spec::section::access::Role;

use super::{Answer, ask, fixture, to};

const HOUR: Duration = Duration::from_secs(3_600);

fn token(name: &str) -> String {
    format!("tegata_{name}_0123456789abcdef0123456789")
}

struct House {
    router: Router,
    scribe: Arc<fixture::Scribe>,
}

fn house() -> House {
    let mut people = People::default();
    for (name, role) in [
        ("vera", Role::Viewer),
        ("otto", Role::Operator),
        ("anna", Role::Approver),
        ("audi", Role::Auditor),
        ("shipper", Role::Sender),
    ] {
        people.add(name, role, &hash_of(&token(name))).unwrap();
    }
    people.let_local("the token of the data directory");
    let access = Arc::new(Access::default());
    access.set(people, HOUR, HOUR, false);
    let scribe = Arc::new(fixture::Scribe::default());
    let (mut desk, _) = fixture::desk(fixture::board(30));
    desk.access = access;
    desk.deeds = scribe.clone();
    let router = console::router(desk);
    House { router, scribe }
}

impl House {
    fn deeds(&self) -> Vec<Deed> {
        self.scribe.deeds.lock().unwrap().clone()
    }

    async fn ask(&self, request: Builder, body: &str) -> Answer {
        let peer: SocketAddr = "203.0.113.7:4000".parse().unwrap();
        ask(
            &self.router,
            request.extension(ConnectInfo(peer)),
            body.to_owned(),
        )
        .await
    }

    async fn with(&self, name: &str, method: &str, path: &str, body: &str) -> u16 {
        let request = to(method, path).header("authorization", format!("Bearer {}", token(name)));
        let kind = if path.starts_with("/api") {
            "application/json"
        } else {
            FORM
        };
        self.ask(request.header("content-type", kind), body)
            .await
            .status
            .as_u16()
    }

    async fn log_in(&self, token: &str) -> Answer {
        let form = to("POST", "/login")
            .header("content-type", FORM)
            .header("sec-fetch-site", "same-origin");
        self.ask(form, &format!("token={token}&next=%2Flogs")).await
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn nobody_sees_anything_but_the_door() {
    let house = house();
    for path in ["/", "/logs?query=a", "/ledger", "/incidents/INC-7"] {
        let page = house
            .ask(to("GET", path).header("accept", "text/html"), "")
            .await;
        assert_eq!(page.status, 303, "{path}");
        assert!(
            page.header("location").starts_with("/login?next="),
            "{path}"
        );
    }
    for path in [
        "/api/v1/promises",
        "/metrics",
        "/events",
        "/openapi.json",
        "/version",
        "/elastic/_search",
    ] {
        let answer = house.ask(to("GET", path), "").await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("www-authenticate"), "Bearer realm=\"tegata\"");
    }
    for path in ["/healthz", "/readyz", "/-/healthy"] {
        assert_eq!(house.ask(to("GET", path), "").await.status, 200, "{path}");
    }
    for lang in ["en", "ja"] {
        let login = house
            .ask(to("GET", &format!("/login?lang={lang}&next=//evil")), "")
            .await;
        assert_eq!(login.status, 200);
        let text = login.text();
        assert!(text.contains("type=\"password\""), "{text}");
        assert!(text.contains("name=\"next\" value=\"/\""), "{text}");
    }
    assert!(house.deeds().is_empty());
}

#[tokio::test]
async fn each_role_may_what_the_table_says() {
    let house = house();
    let silence = r#"{"matchers":[],"startsAt":"2026-11-22T00:00:00Z","endsAt":"2026-11-22T01:00:00Z","createdBy":"x","comment":"c"}"#;
    let delete = r#"{"query":"a:b","by":"x","reason":"asked"}"#;
    let unmask = "query=status:failed&by=x&reason=asked";
    // What is refused is refused with 403; whatever else is answered, it was let in.
    for (method, path, body, let_in) in [
        (
            "GET",
            "/api/v1/promises",
            "",
            ["vera", "otto", "anna", "audi"].as_slice(),
        ),
        ("POST", "/api/v2/silences", silence, &["otto", "anna"]),
        (
            "POST",
            "/incidents/INC-7/acknowledge",
            "by=x",
            &["otto", "anna"],
        ),
        ("POST", "/logs/unmasked", unmask, &["anna", "audi"]),
        ("POST", "/api/v1/logs/delete", delete, &["anna"]),
        (
            "POST",
            "/ingest/logs/payment_app",
            "{}",
            &["otto", "shipper"],
        ),
        ("DELETE", "/elastic/payment_app", "", &["anna"]),
    ] {
        for name in ["vera", "otto", "anna", "audi", "shipper"] {
            let status = house.with(name, method, path, body).await;
            assert_eq!(
                status != 403,
                let_in.contains(&name),
                "{name} {method} {path}: {status}"
            );
            assert_ne!(status, 401);
        }
    }
}

#[tokio::test]
async fn a_log_in_opens_the_pages_and_signs_with_its_own_name() {
    let house = house();
    let answer = house.log_in(&token("otto")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("location")),
        (303, "/logs")
    );
    let cookie = answer
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let page = house
        .ask(
            to("GET", "/incidents/INC-7?lang=ja").header("cookie", &cookie),
            "",
        )
        .await;
    let text = page.text();
    assert!(
        text.contains("otto (運用担当)") && text.contains("ログアウト"),
        "{text}"
    );
    let post = |path: &str| {
        to("POST", path)
            .header("cookie", &cookie)
            .header("content-type", FORM)
    };

    // A browser always says where a form was; without that a cookie is not enough.
    let path = "/incidents/INC-7/acknowledge";
    assert_eq!(house.ask(post(path), "by=Somebody").await.status, 403);
    let own = post(path).header("sec-fetch-site", "same-origin");
    assert_eq!(
        house
            .ask(own, "by=Somebody+Else&reason=looking")
            .await
            .status,
        303
    );
    let text = house
        .ask(
            to("GET", "/incidents/INC-7?lang=en").header("cookie", &cookie),
            "",
        )
        .await
        .text();
    assert!(
        text.contains("otto has taken it on") && !text.contains("Somebody Else"),
        "{text}"
    );

    let deed = house.deeds().pop().unwrap();
    assert_eq!(
        (deed.who.name.as_str(), deed.who.via, deed.event),
        ("otto", Via::Session, "acknowledge")
    );
    assert_eq!((deed.done, deed.from.as_str()), (true, "203.0.113.7"));
    assert_eq!(deed.on, "POST /incidents/INC-7/acknowledge");

    let out = post("/logout").header("sec-fetch-site", "same-origin");
    assert_eq!(house.ask(out, "").await.header("location"), "/login");
    assert_eq!(
        house
            .ask(to("GET", "/api/v1/promises").header("cookie", &cookie), "")
            .await
            .status,
        401
    );
    let events: Vec<_> = house.deeds().iter().map(|deed| deed.event).collect();
    assert_eq!(events, ["log_in", "acknowledge", "log_out"]);
}

#[tokio::test]
async fn wrong_tokens_are_kept_and_then_not_listened_to() {
    let house = house();
    for n in 1..=10 {
        let expected = if n < 10 { 401 } else { 429 };
        assert_eq!(
            house.log_in(&format!("wrong-{n}")).await.status,
            expected,
            "{n}"
        );
    }
    // The right one neither, from there.
    let locked = house.log_in(&token("otto")).await;
    assert_eq!(locked.status, 429);
    assert_eq!(locked.header("retry-after"), "1800");
    let deeds = house.deeds();
    assert_eq!(deeds.len(), 10);
    assert!(
        deeds
            .iter()
            .all(|deed| deed.event == "log_in" && !deed.done && deed.from == "203.0.113.7")
    );
    let elsewhere: SocketAddr = "203.0.113.8:4000".parse().unwrap();
    let request =
        to("GET", "/api/v1/promises").header("authorization", format!("Bearer {}", token("otto")));
    let answer = ask(&house.router, request.extension(ConnectInfo(elsewhere)), "").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn basic_authentication_is_a_token_with_its_owners_name() {
    let house = house();
    let basic = |pair: String| {
        let line = format!("Basic {}", STANDARD.encode(pair));
        to("GET", "/elastic/_cluster/health").header("authorization", line)
    };
    assert_eq!(
        house
            .ask(basic(format!("vera:{}", token("vera"))), "")
            .await
            .status,
        200
    );
    assert_eq!(
        house
            .ask(basic(format!("otto:{}", token("vera"))), "")
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_answered() {
    let house = house();
    house.scribe.is_full.store(true, Ordering::Relaxed);
    let status = house
        .with("audi", "POST", "/logs/unmasked", "query=a&by=x&reason=y")
        .await;
    assert_eq!(status, 503);
    assert_eq!(house.with("audi", "GET", "/api/v1/promises", "").await, 200);
}

#[tokio::test]
async fn an_auditors_reading_of_the_ledger_is_kept_once_in_a_while() {
    let house = house();
    for _ in 0..5 {
        house
            .with("audi", "GET", "/api/v1/ledger/entries", "")
            .await;
    }
    let deeds = house.deeds();
    assert_eq!(deeds.len(), 1);
    assert_eq!(deeds[0].event, "read_ledger");
}

#[tokio::test]
async fn without_people_the_local_operator_does_everything_and_it_is_kept() {
    let scribe = Arc::new(fixture::Scribe::default());
    let (mut desk, _) = fixture::desk(fixture::board(3));
    desk.deeds = scribe.clone();
    let router = console::router(desk);
    let form = to("POST", "/logs/unmasked").header("content-type", FORM);
    assert_eq!(
        ask(&router, form, "query=a&by=Sato&reason=asked")
            .await
            .status,
        200
    );
    let deeds = scribe.deeds.lock().unwrap();
    assert_eq!(
        (deeds[0].who.name.as_str(), deeds[0].event),
        ("local", "unmask")
    );
}

#[tokio::test]
async fn personal_fields_stay_masked_on_every_way_out() {
    let house = house();
    let with = async |name: &str, body: &str, reason: &str| {
        let mut request = to("POST", "/elastic/payment_app/_search")
            .header("authorization", format!("Bearer {}", token(name)))
            .header("content-type", "application/json");
        if !reason.is_empty() {
            request = request.header("x-tegata-reason", reason.as_bytes());
        }
        let answer = house.ask(request, body).await;
        (answer.status.as_u16(), answer.text())
    };
    let ask = async |name: &str, body: &str| with(name, body, "").await;
    let (status, text) = ask("vera", r#"{"size":3}"#).await;
    assert_eq!(status, 200);
    assert!(
        text.contains("pay_") && text.contains("••••") && !text.contains("203.0.113.9"),
        "{text}"
    );
    // Who may see them says why, each time.
    let (_, text) = ask("audi", r#"{"size":3}"#).await;
    assert!(!text.contains("203.0.113.9"), "{text}");
    let (status, text) = with("otto", r#"{"size":3}"#, "case 7").await;
    assert!(status == 403 && text.contains("approver"), "{text}");
    assert_eq!(with("audi", r#"{"size":3}"#, " ").await.0, 400);
    let (_, text) = with("audi", r#"{"size":3}"#, "case 7").await;
    assert!(text.contains("203.0.113.9"), "{text}");
    let by_address = r#"{"size":0,"aggs":{"a":{"terms":{"field":"ip_address"}}}}"#;
    let (status, text) = ask("otto", by_address).await;
    assert_eq!(status, 400);
    assert!(
        text.contains("[ip_address] is personal") && !text.contains("203.0.113.9"),
        "{text}"
    );
    assert_eq!(with("anna", by_address, "問い合わせ 7").await.0, 200);
}

/// Where the forms of a page send what they hold.
fn forms_of(page: &str) -> BTreeSet<String> {
    let forms = page.split("<form").skip(1).filter_map(|rest| {
        let tag = rest.split('>').next()?;
        let action = tag.split("action=\"").nth(1)?.split('"').next()?;
        tag.contains("method=\"post\"").then(|| action.to_owned())
    });
    forms.collect()
}

#[tokio::test]
async fn nobody_is_offered_what_they_may_not_do_and_each_page_says_whose_it_is() {
    const PAGES: [&str; 9] = [
        "/?lang=",
        "/incidents?lang=",
        "/incidents/INC-7?lang=",
        "/alerts?lang=",
        "/checklists?lang=",
        "/logs?query=*&lang=",
        "/logs/holds?lang=",
        "/logs/delete?query=*&lang=",
        "/ledger/erase?lang=",
    ];
    // What takes away or reveals is not for who operates.
    const APPROVED: [&str; 4] = ["/logs?", "/logs/holds", "/logs/delete", "/ledger/"];
    let house = house();
    let mut offered: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for name in ["vera", "otto", "anna", "audi"] {
        let cookie = house.log_in(&token(name)).await;
        let cookie = cookie
            .header("set-cookie")
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        for page in PAGES {
            for (lang, barred) in [("en", "Not offered to you: "), ("ja", "利用できません。")]
            {
                let asked = to("GET", &format!("{page}{lang}")).header("cookie", &cookie);
                let text = house.ask(asked, "").await.text();
                assert!(
                    text.contains(&format!("{name} (")),
                    "{page}: another's name"
                );
                let mut forms = forms_of(&text);
                assert!(forms.remove("/logout"));
                let is_approved = APPROVED.iter().any(|it| page.starts_with(it));
                let all = name == "anna" || name == "otto" && !is_approved;
                let may_reveal = name == "audi" && page.starts_with("/logs?");
                // Whoever deletes nothing is not asked for a query either.
                let asks = text.contains("<textarea id=\"query\"");
                assert_eq!(
                    asks,
                    page.starts_with("/logs?") || all && page.starts_with("/logs/delete"),
                    "{name} {page}"
                );
                assert_eq!(text.contains(barred), !(all || may_reveal), "{name} {page}");
                offered.entry(name).or_default().extend(forms);
            }
        }
        for action in &offered[name] {
            let form = to("POST", action)
                .header("cookie", &cookie)
                .header("content-type", FORM)
                .header("sec-fetch-site", "same-origin");
            let status = house.ask(form, "").await.status;
            assert_ne!(status, 403, "{name} is offered {action}");
        }
    }
    assert_eq!(offered["vera"], BTreeSet::new());
    assert_eq!(
        offered["audi"],
        BTreeSet::from(["/logs/unmasked".to_owned()])
    );
    let working: BTreeSet<_> = offered["anna"]
        .difference(&offered["otto"])
        .cloned()
        .collect();
    assert_eq!(
        working,
        [
            "/ledger/erase",
            "/ledger/prune",
            "/logs/delete",
            "/logs/holds/case%207/release",
            "/logs/unmasked"
        ]
        .map(str::to_owned)
        .into()
    );
    let wanted = [
        "/incidents",
        "/incidents/INC-7/acknowledge",
        "/incidents/INC-7/work",
        "/alerts/silences",
        "/logs/holds",
        "/logs/seal",
    ];
    assert!(
        wanted.iter().all(|it| offered["otto"].contains(*it)),
        "{:?}",
        offered["otto"]
    );
    for part in ["/expire", "/tick", "/sign", "/demo/outages/"] {
        assert!(
            offered["otto"].iter().any(|it| it.contains(part)),
            "{part}: {:?}",
            offered["otto"]
        );
    }
}

#[tokio::test]
async fn a_refusal_says_whose_deed_it_is_to_programs_too() {
    let house = house();
    for (name, path, en, ja) in [
        (
            "vera",
            "/api/v2/silences",
            "this takes the role of operator or approver; yours is viewer",
            "この操作には運用担当か承認者の役割が必要です(あなたの役割: 閲覧者)",
        ),
        (
            "otto",
            "/api/v1/ledger/erase",
            "this takes the role of approver; yours is operator",
            "この操作には承認者の役割が必要です(あなたの役割: 運用担当)",
        ),
    ] {
        let request = to("POST", path).header("authorization", format!("Bearer {}", token(name)));
        let answer = house.ask(request, "{}").await;
        assert_eq!(answer.status, 403);
        let text = answer.text();
        assert!(text.contains(en) && text.contains(ja), "{text}");
    }
}

#[tokio::test]
async fn a_drill_is_told_by_who_operates_and_kept_in_their_own_name() {
    let house = house();
    let told = |passed: &str, ended: &str| {
        format!(
            r#"{{"name":"failover-db","kind":"failover","on":"db-b","by":"Somebody Else","passed":{passed},
                "began":"2026-11-22T01:00:00Z","ended":"{ended}","note":"4 min"}}"#
        )
    };
    let good = told("true", "2026-11-22T01:04:00Z");
    let path = "/api/v1/drills";
    assert_eq!(house.with("vera", "POST", path, &good).await, 403);
    assert_eq!(house.with("otto", "POST", path, &good).await, 201);
    for wrong in [
        told("true", "2026-11-22T00:59:00Z"),
        told("true", "2026-11-23T01:04:00Z"),
        told("\"yes\"", "2026-11-22T01:04:00Z"),
        good.replace("db-b", " "),
        good.replace("\"failover\"", "\"party\""),
    ] {
        let status = house.with("otto", "POST", path, &wrong).await;
        assert!((400..=422).contains(&status), "{status}: {wrong}");
    }
    let deeds = house.deeds();
    assert_eq!((deeds[0].event, deeds[0].done), ("drill", false));
    assert_eq!((deeds[1].who.name.as_str(), deeds[1].done), ("otto", true));
    assert_eq!(deeds[1].on, "POST /api/v1/drills failover-db (passed)");
}
