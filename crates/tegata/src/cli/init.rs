//! `tegata init`: a first spec, from nothing, from a running exporter, or from a Prometheus configuration.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context as _;
use clap::Args;
use promise::{Lang, say};
use spec::import::About;
use spec::init::{FamilyKind, MetricFamily};

use super::{Common, runtime};
use crate::exit::Stop;

/// Write a first spec: a commented one to fill in, one proposed from a running exporter, or one that goes on with the jobs of a Prometheus.
#[derive(Debug, Args)]
pub(crate) struct Init {
    /// Where to write it.
    #[arg(default_value = "tegata.yaml")]
    out: PathBuf,
    /// A running exporter, such as http://127.0.0.1:9100/metrics.
    #[arg(long, value_name = "URL")]
    from: Option<String>,
    /// A Prometheus configuration, whose scrape jobs are carried over.
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    from_prometheus: Option<PathBuf>,
    /// What the service is called; the folder's name by default.
    #[arg(long)]
    name: Option<String>,
    /// Replace the file when it is there.
    #[arg(long)]
    force: bool,
}

const TIMEOUT: Duration = Duration::from_secs(10);
/// An exporter's answer; the same bound as a scrape's default.
const BODY_MAX: usize = 32 << 20;

impl Init {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let name = self.name.clone().unwrap_or_else(folder);
        let zone = time_zone();
        let mut left = Vec::new();
        let text = match (&self.from, &self.from_prometheus) {
            (Some(url), _) => spec::init::from_families(&runtime()?.block_on(families(url))?, url),
            (None, Some(path)) => {
                let shown = path.display();
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Stop::missing(format!("{shown}: {error}")))?;
                let about = About {
                    name: &name,
                    time_zone: &zone,
                    lang,
                };
                let (text, not_taken) = spec::init::from_prometheus(&text, &about)
                    .map_err(|why| Stop::missing(format!("{shown}: {}", why.get(lang))))?;
                left = not_taken;
                text
            }
            (None, None) => spec::init::template(&name, &zone, lang),
        };
        let path = self.out.display();
        let mut file = create(&self.out, self.force, lang)?;
        file.write_all(text.as_bytes())
            .with_context(|| format!("cannot write {path}"))?;
        for one in &left {
            eprintln!("{}", one.get(lang));
        }
        match lang {
            Lang::En => {
                eprintln!("{path} is written; next: tegata check {path}, then tegata run {path}")
            }
            Lang::Ja => {
                eprintln!("{path} を書きました。次は tegata check {path}、そして tegata run {path}")
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The folder's name, as a first name of the service.
pub(super) fn folder() -> String {
    let folder = std::env::current_dir().ok();
    folder
        .and_then(|f| f.file_name().map(|n| n.to_string_lossy().into_owned()))
        .unwrap_or("service".into())
}

/// The time zone of this machine.
pub(super) fn time_zone() -> String {
    let zone = jiff::tz::TimeZone::system();
    zone.iana_name().unwrap_or("UTC").to_owned()
}

/// A new file; one that is there is only replaced when that was asked for.
pub(super) fn create(path: &Path, force: bool, lang: Lang) -> anyhow::Result<std::fs::File> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let shown = path.display();
    let stop = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Stop::missing(say!("{shown} is there already", "{shown} はすでにあります").get(lang))
                .hint(say!("--force replaces it", "--force で置き換えます").get(lang))
        }
        _ => Stop::missing(format!("{shown}: {error}")),
    };
    Ok(options.open(path).map_err(stop)?)
}

async fn families(url: &str) -> anyhow::Result<Vec<MetricFamily>> {
    let client = reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .build()?;
    let no_answer = |error: reqwest::Error| {
        Stop::missing(format!("{url} did not answer: {}", error.without_url()))
    };
    let mut answer = client
        .get(url)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(no_answer)?;
    let kind = answer
        .headers()
        .get("content-type")
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(no_answer)? {
        body.extend_from_slice(&chunk);
        if body.len() > BODY_MAX {
            return Err(
                Stop::missing(format!("{url} answered with more than {BODY_MAX} bytes")).into(),
            );
        }
    }
    let scraped = collect::parse::exposition(&body, &kind, &collect::parse::Limits::default())
        .map_err(|error| Stop::missing(format!("{url}: {error}")))?;
    let families = scraped.families().into_iter().map(|family| {
        let kind = match family.kind.as_str() {
            "counter" => FamilyKind::Counter,
            "histogram" => FamilyKind::Histogram,
            _ => FamilyKind::Gauge,
        };
        MetricFamily {
            name: family.name,
            kind,
            labels: family.labels,
        }
    });
    Ok(families.collect())
}
