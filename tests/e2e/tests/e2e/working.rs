//! An incident from its first page to its post-mortem, and the daily list, as a team would go through them.

use std::{path::Path, time::Duration};

use e2e::{Program, free_range, run, tegata, until};
use serde_json::{Value, json};

use crate::support::Running;

const SPEC: &str = r##"
service: { name: { en: Shop, ja: 店 }, owner: sre, time_zone: Asia/Tokyo }
promises: {}
severities:
  sev1: { level: 1, page_within: 1m, answer_within: 15m, page_at_risk: false }
receivers:
  sink: { kind: webhook, url: "http://127.0.0.1:PORT/pages" }
  issues:
    kind: http
    preset: github
    url: "http://127.0.0.1:PORT/repos/acme/shop"
routes:
  - { receivers: [sink] }
checklists:
  daily:
    name: { en: Each morning, ja: 毎日のチェック項目 }
    every: 1d
    items:
      - { text: 不審なアクセスパターン確認 }
      - { text: nothing is down, query: "vector(1)", bound: ">= 1" }
"##;

fn out(args: &[&str], dir: &Path) -> anyhow::Result<(Option<i32>, String)> {
    let mut all = args.to_vec();
    all.extend(["--lang", "en"]);
    let out = run(&all, dir)?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&out.stderr).into_owned();
    Ok((out.status.code(), text + &wrong))
}

fn done(args: &[&str], dir: &Path) -> anyhow::Result<String> {
    let (code, text) = out(args, dir)?;
    anyhow::ensure!(code == Some(0), "{args:?} ended with {code:?}: {text}");
    Ok(text)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_incident_goes_from_a_page_to_a_post_mortem() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    let port = free_range(&[0, 1])?;
    let (http, smtp) = (
        format!("127.0.0.1:{port}"),
        format!("127.0.0.1:{}", port + 1),
    );
    let mut sink = tegata(&["sink", "--http", &http, "--smtp", &smtp]);
    sink.current_dir(at);
    let sink = Program::start(sink, "sink", at)?;
    let house = Running::spec(at, &SPEC.replace("PORT", &port.to_string())).await?;

    let id = done(
        &[
            "incident",
            "open",
            "決済画面が開かない",
            "--severity",
            "sev1",
            "--by",
            "佐藤",
            "--data",
            "data",
        ],
        at,
    )?;
    let id = id.trim().to_owned();
    // The page that arrived carries the link; the console takes it once.
    let link = until("the page's link", Duration::from_secs(20), async || {
        let printed = sink.printed();
        let start = printed.find("/acknowledge/");
        Ok(start.map(|start| {
            let rest = &printed[start..];
            let end = rest
                .find(|c: char| c == '"' || c.is_whitespace() || c == '\\')
                .unwrap_or(rest.len());
            rest[..end].to_owned()
        }))
    })
    .await?;
    let shown = house.http.text(&link).await?;
    assert!(shown.contains("method=\"post\""), "{shown}");
    let open = house.http.json(&format!("/api/v1/incidents/{id}")).await?;
    assert!(
        open["acknowledged"].is_null(),
        "looking acknowledges nothing"
    );
    let form = "application/x-www-form-urlencoded";
    let press = || {
        house.http.post(
            &link,
            form,
            "by=%E9%88%B4%E6%9C%A8&reason=checking".to_owned(),
        )
    };
    press().await?;
    let taken = house.http.json(&format!("/api/v1/incidents/{id}")).await?;
    assert_eq!(taken["acknowledged"]["by"], "鈴木");
    assert_eq!(press().await?.0, 410, "a link works once");
    let forged = link.replacen('-', "-1", 1);
    let (status, page) = house.http.post(&forged, form, "by=x".to_owned()).await?;
    assert_eq!(status, 404, "{page}");

    for deed in [
        &[
            "incident",
            "note",
            &id,
            "決済代行の障害情報を確認",
            "--by",
            "鈴木",
        ][..],
        &["incident", "role", &id, "commander", "鈴木", "--by", "鈴木"],
        &["incident", "cause", &id, "証明書の期限切れ", "--by", "鈴木"],
        &[
            "incident",
            "action",
            &id,
            "期限を監視する",
            "--owner",
            "鈴木",
            "--due",
            "2099-12-31",
            "--by",
            "鈴木",
        ],
        &["incident", "concern", &id, "--personal", "--by", "鈴木"],
        &["incident", "resolve", &id, "証明書を更新", "--by", "鈴木"],
    ] {
        let mut args = deed.to_vec();
        args.extend(["--data", "data"]);
        done(&args, at)?;
    }
    let markdown = done(&["incident", "post-mortem", &id, "--data", "data"], at)?;
    for words in [
        "証明書の期限切れ",
        "期限を監視する",
        "2099-12-31",
        "鈴木 acknowledged by the link sent to sink: checking",
        "commander: 鈴木",
    ] {
        assert!(markdown.contains(words), "{words}: {markdown}");
    }
    let figures = done(
        &[
            "incident", "figures", "--per", "person", "--csv", "--data", "data",
        ],
        at,
    )?;
    assert!(
        figures
            .lines()
            .nth(1)
            .is_some_and(|row| row.starts_with("*,*,鈴木,1,1,1,0,1,")),
        "{figures}"
    );
    // Each deed is an entry of the ledger.
    let entries = until(
        "the deeds in the ledger",
        Duration::from_secs(10),
        async || {
            let entries = house
                .http
                .json("/api/v1/ledger/entries?kind=incident_worked&limit=50")
                .await?;
            let count = entries["entries"].as_array().map_or(0, Vec::len);
            Ok((count == 5).then_some(count))
        },
    )
    .await?;
    assert_eq!(entries, 5);
    done(&["status-page", "public", "--data", "data"], at)?;
    let page = std::fs::read_to_string(at.join("public/index.html"))?;
    assert!(
        page.contains("すべて正常に稼働しています") && page.contains("【復旧】店"),
        "{page}"
    );
    assert!(
        !page.contains("決済画面が開かない"),
        "what stays inside is not told"
    );
    house.stop()?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daily_list_is_ticked_and_signed_and_the_month_remembers() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let at = dir.path();
    let house = Running::spec(at, &SPEC.replace("PORT", "9")).await?;
    let list = |args: &[&str]| {
        let mut all = vec!["checklist"];
        all.extend(args);
        all.extend(["--data", "data"]);
        out(&all, at)
    };
    let (code, text) = list(&["today"])?;
    assert_eq!(code, Some(30), "{text}");
    assert!(
        text.contains("● 2. nothing is down: 1 (wanted: >= 1)"),
        "{text}"
    );
    let (code, text) = list(&["sign", "daily", "--by", "佐藤"])?;
    assert_ne!(code, Some(0), "nobody has looked at the first item");
    assert!(text.contains("不審なアクセスパターン確認"), "{text}");
    let (code, text) = list(&["tick", "daily", "1", "--bad", "--by", "佐藤"])?;
    assert_ne!(code, Some(0), "what is not good needs a note: {text}");
    assert_eq!(
        list(&[
            "tick",
            "daily",
            "1",
            "--note",
            "WAF のログも確認",
            "--by",
            "佐藤"
        ])?
        .0,
        Some(0)
    );
    assert_eq!(list(&["sign", "daily", "--by", "佐藤"])?.0, Some(0));
    assert_eq!(list(&["today"])?.0, Some(0));
    assert!(list(&["month", "daily"])?.1.contains("signed by 佐藤"));
    // What was signed stays as it was.
    assert_ne!(list(&["tick", "daily", "1", "--by", "鈴木"])?.0, Some(0));
    let signed = until(
        "the signature in the ledger",
        Duration::from_secs(10),
        async || {
            let entries = house
                .http
                .json("/api/v1/ledger/entries?kind=checklist_signed&limit=5")
                .await?;
            Ok(entries["entries"][0]["body"]["what"]["sheet"]
                .as_object()
                .cloned())
        },
    )
    .await?;
    assert_eq!(signed["lines"][1]["judged"]["state"], json!("kept"));
    assert_eq!(signed["signed"]["who"], json!("佐藤"));
    let _: Value = house.http.json("/api/v1/checklists").await?;
    house.stop()?;
    Ok(())
}

#[test]
fn a_preview_shows_every_receiver_and_no_secret() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let spec = SPEC.replace("http://127.0.0.1:PORT/pages", "${env:HOOK_URL}");
    let spec = spec.replace("PORT", "9");
    std::fs::write(dir.path().join("tegata.yaml"), spec)?;
    let shown = done(&["notify", "preview"], dir.path())?;
    assert!(
        shown.contains("── sink (webhook)") && shown.contains("── issues (http)"),
        "{shown}"
    );
    assert!(
        shown.contains("POST /issues") && shown.contains("Sample promise"),
        "{shown}"
    );
    assert!(!shown.contains("127.0.0.1:9"), "{shown}");
    Ok(())
}
