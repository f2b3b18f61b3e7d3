//! The query API beside a real Prometheus: both are fed the same samples and asked the same questions, and the answers
//! are compared one by one. Then `promtool` asks both.

mod feed;

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use e2e::{Http, Program, free_port, peer, prometheus, until};
use serde_json::Value;

use crate::support::Running;

const REQUESTS: &str = include_str!("api/requests.txt");

/// Both servers, with the same hour of samples in them.
struct Both {
    _prometheus: Program,
    _tegata: Running,
    theirs: Http,
    ours: Http,
    /// The first sample, in seconds.
    first: i64,
}

async fn start(dir: &Path) -> anyhow::Result<Both> {
    let port = free_port()?;
    // An hour reaches back further than a fresh head takes samples in any order.
    let config =
        "storage: { exemplars: { max_exemplars: 1000 }, tsdb: { out_of_order_time_window: 1d } }\n";
    let accepts = [
        "--web.enable-remote-write-receiver",
        "--enable-feature=exemplar-storage,native-histograms",
    ];
    let prometheus = prometheus(dir, config, port, &accepts)?;
    let theirs = Http::to(format!("http://127.0.0.1:{port}"))?;
    until("Prometheus", Duration::from_secs(30), async || {
        Ok(theirs.text("/-/ready").await.ok())
    })
    .await?;
    let spec = "service: { name: { en: Shop, ja: 店 }, owner: sre }\n\
                promises: { warm: { kind: threshold, query: temperature, at_least: 1 } }\n";
    let tegata = Running::spec(dir, spec).await?;
    let ours = tegata.http.clone();
    until("Tegata", Duration::from_secs(30), async || {
        Ok(ours.text("/-/ready").await.ok())
    })
    .await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64;
    // The hour ends before Tegata began, so that nothing of its own lies within it.
    let first = now - 3_600 - now % 60 - 120;
    for one in [&theirs, &ours] {
        feed::write(one, first * 1_000).await?;
    }
    Ok(Both {
        _prometheus: prometheus,
        _tegata: tegata,
        theirs,
        ours,
        first,
    })
}

/// How two answers must agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alike {
    Same,
    /// But for the wording of a message.
    Words,
    /// The same names and types.
    Shape,
    /// Not at all, for a reason that the reference gives.
    Not,
}

struct Request<'a> {
    method: &'a str,
    path: String,
    /// As it stands in the list.
    text: &'a str,
    alike: Alike,
}

/// The list, with `first` as the instant of the first sample.
fn requests(first: i64) -> Vec<Request<'static>> {
    let lines = REQUESTS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (text, mark) = line.split_once(" # ").unwrap_or((line, ""));
            let (method, path) = text.split_once(' ').unwrap_or(("get", text));
            let path = path
                .replace("$T0", &first.to_string())
                .replace("$M", &(first + 1_800).to_string())
                .replace("$T1", &(first + 3_600).to_string());
            let alike = match mark {
                "" => Alike::Same,
                "words" => Alike::Words,
                "shape" => Alike::Shape,
                "differs" => Alike::Not,
                other => panic!("{line}: what is {other}?"),
            };
            Request {
                method,
                path,
                text,
                alike,
            }
        })
        .collect()
}

/// An address in which everything that must be is escaped.
fn escaped(path: &str) -> String {
    let kept = |b: u8| b.is_ascii_alphanumeric() || b"-._~/?&=%".contains(&b);
    path.bytes()
        .map(|b| {
            if kept(b) {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}

/// Quoted and compared equal signs stand in queries; only the first of each parameter is one of the form.
fn form(query: &str) -> String {
    let pairs = query.split('&').map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        format!("{}={}", escaped(name), escaped(value).replace('=', "%3D"))
    });
    pairs.collect::<Vec<_>>().join("&")
}

#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    kind: String,
    body: String,
}

async fn ask(client: &reqwest::Client, to: &Http, request: &Request<'_>) -> anyhow::Result<Answer> {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    let sent = match request.method {
        "form" => client
            .post(to.url(&escaped(path)))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form(query)),
        method => {
            let address = format!("{}?{}", to.url(&escaped(path)), form(query));
            client.request(method.to_uppercase().parse()?, address)
        }
    };
    let answer = sent.send().await?;
    let kind = answer.headers().get("content-type");
    Ok(Answer {
        status: answer.status().as_u16(),
        kind: kind.map_or(Ok(""), |kind| kind.to_str())?.to_owned(),
        body: answer.text().await?,
    })
}

/// The body as a value in which whatever has no order stands in one.
fn sorted(body: &str) -> Value {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else {
        return Value::String(body.to_owned());
    };
    let data = &mut value["data"];
    let in_order = |data: &Value| data["resultType"] == "vector";
    let list = if in_order(data) {
        data["result"].as_array_mut()
    } else {
        data.as_array_mut()
    };
    if let Some(list) = list {
        list.sort_by_key(|one| one.to_string());
    }
    value
}

/// What stands for a value where only its type counts.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(map) => map.iter().map(|(k, v)| (k.clone(), shape(v))).collect(),
        Value::Array(list) => list.first().map(shape).into_iter().collect(),
        Value::String(_) => "text".into(),
        Value::Number(_) => 0.into(),
        other => other.clone(),
    }
}

fn agree(alike: Alike, theirs: &Answer, ours: &Answer) -> bool {
    let (a, b) = (sorted(&theirs.body), sorted(&ours.body));
    // An answer without a body may have any type.
    let kind = theirs.kind == ours.kind || (theirs.body.is_empty() && ours.body.is_empty());
    let outside = theirs.status == ours.status && kind;
    match alike {
        Alike::Same => outside && a == b,
        Alike::Words => {
            let about = |value: &Value| (value["status"].clone(), value["errorType"].clone());
            outside && about(&a) == about(&b) && ours.status >= 400
        }
        Alike::Shape => outside && shape(&a) == shape(&b),
        Alike::Not => !(outside && a == b),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(600).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_as_a_real_prometheus_gives_it() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let both = start(dir.path()).await?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let reference =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/prometheus-api.md");
    let reference = std::fs::read_to_string(reference)?;
    let (mut wrong, mut counts) = (Vec::new(), BTreeMap::new());
    for request in requests(both.first) {
        let theirs = ask(&client, &both.theirs, &request).await?;
        let ours = ask(&client, &both.ours, &request).await?;
        *counts.entry(format!("{:?}", request.alike)).or_insert(0) += 1;
        if !agree(request.alike, &theirs, &ours) {
            wrong.push(format!(
                "{} ({:?})\n  theirs {} {} {}\n  ours   {} {} {}",
                request.text,
                request.alike,
                theirs.status,
                theirs.kind,
                shortened(&theirs.body),
                ours.status,
                ours.kind,
                shortened(&ours.body)
            ));
        }
        if request.alike == Alike::Not && !reference.contains(&format!("`{}`", request.text)) {
            wrong.push(format!(
                "{}: the reference does not say why it differs",
                request.text
            ));
        }
    }
    println!("{counts:?}");
    assert!(
        wrong.is_empty(),
        "{} differ\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    Ok(())
}

/// What `promtool query` prints, in one order.
fn promtool(server: &Http, args: &[&str]) -> anyhow::Result<(bool, Vec<String>)> {
    let place = args
        .iter()
        .position(|arg| *arg == "URL")
        .context("no URL")?;
    let url = server.url("");
    let args = args
        .iter()
        .enumerate()
        .map(|(i, arg)| if i == place { url.as_str() } else { arg });
    let output = peer("promtool")?.args(args).output()?;
    let text = String::from_utf8(output.stdout)?;
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    Ok((output.status.success(), lines))
}

#[tokio::test(flavor = "multi_thread")]
async fn promtool_prints_the_same_of_both() -> anyhow::Result<()> {
    let dir = tempfile::tempdir()?;
    let both = start(dir.path()).await?;
    let (first, last) = (both.first.to_string(), (both.first + 3_600).to_string());
    let (start, end) = (format!("--start={first}"), format!("--end={last}"));
    let time = format!("--time={last}");
    let asked: [&[&str]; 10] = [
        &[
            "query",
            "instant",
            &time,
            "URL",
            "rate(http_requests_total[5m])",
        ],
        &["query", "instant", &time, "URL", "latency_seconds"],
        &[
            "query",
            "instant",
            &time,
            "-o",
            "json",
            "URL",
            "sum(http_requests_total)",
        ],
        &["query", "instant", "URL", "rate("],
        &[
            "query",
            "range",
            &start,
            &end,
            "--step=5m",
            "URL",
            "sum by (code) (rate(http_requests_total[5m]))",
        ],
        &[
            "query",
            "range",
            &start,
            &end,
            "--step=15m",
            "URL",
            "latency_seconds",
        ],
        &[
            "query",
            "series",
            &start,
            &end,
            "--match=http_requests_total",
            "URL",
        ],
        &[
            "query",
            "series",
            "--match={__name__=~\"weird|temperature\"}",
            "URL",
        ],
        &["query", "labels", &start, &end, "URL", "job"],
        &[
            "query",
            "labels",
            "--match={job=\"api\"}",
            "URL",
            "__name__",
        ],
    ];
    for args in asked {
        let (theirs, ours) = (promtool(&both.theirs, args)?, promtool(&both.ours, args)?);
        assert_eq!(ours, theirs, "promtool {}", args.join(" "));
    }
    // What is ours to word says that all is well.
    for args in [["check", "healthy"], ["check", "ready"]] {
        let url = format!("--url={}", both.ours.url(""));
        let output = peer("promtool")?.args(args).arg(url).output()?;
        assert!(output.status.success(), "{args:?}: {output:?}");
    }
    Ok(())
}
