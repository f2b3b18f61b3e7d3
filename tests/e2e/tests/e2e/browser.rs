//! The pages in a real browser: both languages, light and dark, narrow and wide, with and without JavaScript.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Context as _;
use e2e::{Http, Program, free_port, free_range, run, until};
use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value, json};

use crate::support::{DEMO_PORTS, Running};

/// Where what runs on Node was installed: `cargo xtask test` does it.
pub(crate) fn tools() -> anyhow::Result<PathBuf> {
    let dir = std::env::var_os("TEGATA_BROWSER_TOOLS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/browser-tools/node_modules"),
        PathBuf::from,
    );
    dir.canonicalize()
        .with_context(|| format!("{} is missing: run `cargo xtask test`", dir.display()))
}

/// Flags that keep Chromium on this machine and make two runs alike.
const FLAGS: [&str; 9] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// A machine whose cores are shared stalls for longer than the 30 s that a driver grants a script by itself.
const SCRIPT_MAX: Duration = Duration::from_secs(180);

async fn browser(driver: u16, dark: bool, width: u32, javascript: bool) -> anyhow::Result<Client> {
    let mut args: Vec<String> = FLAGS.map(str::to_owned).to_vec();
    args.push(format!("--window-size={width},1000"));
    args.push(format!(
        "--blink-settings=preferredColorScheme={}",
        u8::from(!dark)
    ));
    let mut options = json!({ "args": args, "binary": "/usr/bin/chromium" });
    // Below 500 px a window cannot be made; a phone is emulated.
    if width < 500 {
        options["mobileEmulation"] =
            json!({ "deviceMetrics": { "width": width, "height": 800, "pixelRatio": 1.0 } });
    }
    if !javascript {
        options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
    }
    let mut wanted = serde_json::Map::new();
    wanted.insert("goog:chromeOptions".to_owned(), options);
    wanted.insert(
        "timeouts".to_owned(),
        json!({ "script": SCRIPT_MAX.as_millis() as u64 }),
    );
    Ok(ClientBuilder::new(hyper_util_connector())
        .capabilities(wanted)
        .connect(&format!("http://127.0.0.1:{driver}"))
        .await?)
}

fn hyper_util_connector() -> hyper_util::client::legacy::connect::HttpConnector {
    hyper_util::client::legacy::connect::HttpConnector::new()
}

async fn driver(dir: &Path) -> anyhow::Result<(Program, u16)> {
    let port = free_port()?;
    let mut command = Command::new("chromedriver");
    command.arg(format!("--port={port}"));
    let program = Program::start(command, "chromedriver", dir)?;
    let http = Http::to(format!("http://127.0.0.1:{port}"))?;
    until("chromedriver", Duration::from_secs(20), async || {
        let status = http.json("/status").await?;
        Ok((status["value"]["ready"] == true).then_some(()))
    })
    .await?;
    Ok((program, port))
}

/// How often a page is read again when it changed under the reader.
const READINGS: u32 = 3;

/// Rules of axe that the page breaks, as text.
async fn violations(client: &Client, axe: &str) -> anyhow::Result<Vec<String>> {
    // The page's policy forbids inline scripts; what the driver injects runs beside the page.
    client.execute(axe, vec![]).await?;
    let mut failed = String::new();
    for _ in 0..READINGS {
        let found = client
            .execute_async(
                "const done = arguments[arguments.length - 1];\
                 axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })\
                 .then(r => done(r.violations.map(v => v.id + ': ' + v.nodes.map(n => n.html + ' ' + n.failureSummary).slice(0, 2).join(' | '))))\
                 .catch(e => done(String(e)));",
                vec![],
            )
            .await?;
        match found {
            Value::String(error) => failed = error,
            found => return Ok(serde_json::from_value(found)?),
        }
    }
    anyhow::bail!("axe could not read the page: {failed}")
}

/// A machine that stalls while the demo begins leaves a hole in its evidence, which a window of five minutes forgets.
const SETTLED: Duration = Duration::from_secs(400);

#[tokio::test(flavor = "multi_thread")]
async fn every_page_is_accessible_in_both_languages_schemes_and_widths() -> anyhow::Result<()> {
    let tools = tools()?;
    let axe = std::fs::read_to_string(tools.join("axe-core/axe.min.js"))?;
    let shots = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/screenshots");
    std::fs::create_dir_all(&shots)?;
    let dir = tempfile::tempdir()?;
    let demo = Running::demo(dir.path(), free_range(&DEMO_PORTS)?).await?;
    demo.until_state("payments_succeed_now", &["kept"], SETTLED)
        .await?;
    run(
        &["demo", "outage", "provider", "--data", "data"],
        dir.path(),
    )?;
    demo.until_state("payments_succeed_now", &["broken"], Duration::from_secs(20))
        .await?;
    let incident = until("an incident", Duration::from_secs(20), async || {
        let incidents = demo.http.json("/api/v1/incidents").await?;
        let of_payments = |i: &&Value| i["promises"][0] == "payments_succeed_now";
        let found = incidents["incidents"]
            .as_array()
            .into_iter()
            .flatten()
            .find(of_payments);
        Ok(found.and_then(|i| i["id"].as_str()).map(str::to_owned))
    })
    .await?;

    let pages = [
        ("board", "/".to_owned()),
        ("promise", "/promises/payments_succeed_now".to_owned()),
        ("payments", "/payments".to_owned()),
        (
            "explore",
            "/explore?query=sum+by+(status)+(rate(payments_total%5B1m%5D))&range=15m".to_owned(),
        ),
        ("explore-names", "/explore".to_owned()),
        (
            "explore-table",
            "/explore?query=payments_total&view=table".to_owned(),
        ),
        (
            "explore-wrong",
            "/explore?query=rate(payments_total%5B5m%5D".to_owned(),
        ),
        (
            "explore-promise",
            "/explore/promise?query=payments_total&id=few_payments&bound=at_most&value=5"
                .to_owned(),
        ),
        ("logs", "/logs?query=stream:payment*&range=15m".to_owned()),
        (
            "logs-rule",
            "/logs/rule?query=status:failed&name=failures&count=10&over=5m".to_owned(),
        ),
        (
            "logs-kinds",
            "/logs/patterns?query=stream:payment*&range=15m".to_owned(),
        ),
        ("holds", "/logs/holds".to_owned()),
        (
            "delete",
            "/logs/delete?query=stream:payment*&range=15m".to_owned(),
        ),
        ("incidents", "/incidents".to_owned()),
        ("incident", format!("/incidents/{incident}")),
        ("post-mortem", format!("/incidents/{incident}/post-mortem")),
        ("figures", "/incidents/figures".to_owned()),
        ("alerts", "/alerts".to_owned()),
        ("checklists", "/checklists".to_owned()),
        ("traces", "/traces".to_owned()),
        ("inbox", "/inbox".to_owned()),
        ("ledger", "/ledger".to_owned()),
        ("deeds", "/ledger/deeds".to_owned()),
        ("erase", "/ledger/erase".to_owned()),
        ("entry", "/ledger/0".to_owned()),
        ("sources", "/sources".to_owned()),
        ("missing", "/no/such/page".to_owned()),
    ];
    let (_driver, port) = driver(dir.path()).await?;
    let mut wrong = Vec::new();
    for dark in [false, true] {
        for width in [360, 1280] {
            let client = browser(port, dark, width, true).await?;
            for (name, path) in &pages {
                for lang in ["en", "ja"] {
                    let mark = if path.contains('?') { '&' } else { '?' };
                    client
                        .goto(&demo.http.url(&format!("{path}{mark}lang={lang}")))
                        .await?;
                    let html_lang = client
                        .find(Locator::Css("html"))
                        .await?
                        .attr("lang")
                        .await?;
                    assert_eq!(html_lang.as_deref(), Some(lang), "{name}");
                    let wide = client
                        .execute(
                            "return document.documentElement.scrollWidth > window.innerWidth + 1",
                            vec![],
                        )
                        .await?;
                    let scheme = if dark { "dark" } else { "light" };
                    let here = format!("{name} {lang} {scheme} {width}");
                    if wide == true {
                        wrong.push(format!("{here}: wider than the window"));
                    }
                    wrong.extend(
                        violations(&client, &axe)
                            .await?
                            .into_iter()
                            .map(|v| format!("{here}: {v}")),
                    );
                    let shot = client.screenshot().await?;
                    // The pictures of the READMEs are made from these two.
                    if (*name, dark, width) == ("board", false, 1280) {
                        std::fs::write(shots.join(format!("board-{lang}.png")), &shot)?;
                    }
                    let file = format!("{name}-{lang}-{scheme}-{width}.png");
                    std::fs::write(shots.join(file), shot)?;
                }
            }
            client.close().await?;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    for (name, path) in &pages[..pages.len() - 1] {
        let score = lighthouse(&tools, &demo.http.url(path), dir.path(), port)?;
        assert!(
            (score - 1.0).abs() < f64::EPSILON,
            "{name}: Lighthouse gives accessibility {}",
            score * 100.0
        );
    }
    demo.stop()?;
    Ok(())
}

/// Lighthouse's accessibility score of a page, 0 to 1.
fn lighthouse(tools: &Path, url: &str, dir: &Path, _: u16) -> anyhow::Result<f64> {
    let flags = FLAGS.join(" ");
    let output = Command::new(tools.join(".bin/lighthouse"))
        .args([
            url,
            "--quiet",
            "--only-categories=accessibility",
            "--output=json",
            "--output-path=stdout",
        ])
        .arg(format!("--chrome-flags={flags}"))
        .env("CHROME_PATH", "/usr/bin/chromium")
        .env("HOME", dir)
        .output()
        .context("lighthouse cannot be started")?;
    let report: Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    report["categories"]["accessibility"]["score"]
        .as_f64()
        .context("lighthouse gave no score")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_board_is_readable_without_javascript_and_live_with_it() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let demo = Running::demo(dir.path(), free_range(&DEMO_PORTS)?).await?;
    demo.until_state("payments_succeed_now", &["kept"], SETTLED)
        .await?;
    let (_driver, port) = driver(dir.path()).await?;

    let plain = browser(port, false, 1280, false).await?;
    plain.goto(&demo.http.url("/?lang=en")).await?;
    let text = plain.find(Locator::Css("main")).await?.text().await?;
    for state in ["kept", "unproven"] {
        assert!(text.contains(state), "{state} in\n{text}");
    }
    plain.close().await?;

    let live = browser(port, false, 1280, true).await?;
    live.goto(&demo.http.url("/?lang=en")).await?;
    let shown = async || -> anyhow::Result<String> {
        Ok(live.find(Locator::Css("main")).await?.text().await?)
    };
    let broken = |text: &str| text.lines().filter(|line| line.contains("broken")).count();
    let before = broken(&shown().await?);
    run(
        &["demo", "outage", "provider", "--data", "data"],
        dir.path(),
    )?;
    // Nobody reloads the page: the change must come by itself.
    until(
        "the open page to show more broken promises",
        Duration::from_secs(30),
        async || Ok((broken(&shown().await?) > before).then_some(())),
    )
    .await?;
    live.close().await?;
    demo.stop()?;
    Ok(())
}
