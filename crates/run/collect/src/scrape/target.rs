//! A target: where it is asked, and which labels its series get.

use std::collections::BTreeMap;

use promise::{Say, say};
use reqwest::Url;
use spec::section::source::Scrape;

#[derive(Debug)]
pub(crate) struct Target {
    /// `job/instance`, as its labels say.
    pub source: String,
    pub url: Result<Url, Say>,
    /// `job`, `instance` and the job's own.
    pub labels: Vec<(String, String)>,
}

impl Target {
    /// What people see: without user name, password and query, which may hold secrets.
    pub fn shown(&self) -> String {
        let Ok(url) = &self.url else {
            return String::new();
        };
        let mut url = url.clone();
        // Fails only for URLs without a host, and those hold neither.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.to_string()
    }
}

/// The targets of a job, in the order of the spec.
pub(crate) fn targets(job: &str, scrape: &Scrape) -> Vec<Target> {
    let urls: Vec<_> = scrape
        .targets
        .iter()
        .map(|target| url(target, scrape))
        .collect();
    let instances: Vec<String> = scrape
        .targets
        .iter()
        .zip(&urls)
        .map(|(t, u)| instance(t, u))
        .collect();
    let mut targets = Vec::new();
    for ((written, url), instance) in scrape.targets.iter().zip(urls).zip(&instances) {
        // Two paths on one host would be one series: then the whole address tells them apart.
        let is_shared = instances.iter().filter(|other| *other == instance).count() > 1;
        let instance = if is_shared { written } else { instance };
        let mut labels: BTreeMap<String, String> = [
            ("job".to_owned(), job.to_owned()),
            ("instance".to_owned(), instance.clone()),
        ]
        .into();
        // `job` is kept whatever the labels say: a source is found by it.
        labels.extend(
            scrape
                .labels
                .iter()
                .filter(|(n, _)| *n != "job")
                .map(|(n, v)| (n.clone(), v.clone())),
        );
        let source = format!("{job}/{}", labels["instance"]);
        targets.push(Target {
            source,
            url,
            labels: labels.into_iter().collect(),
        });
    }
    targets
}

fn url(target: &str, scrape: &Scrape) -> Result<Url, Say> {
    let whole = if target.contains("://") {
        target.to_owned()
    } else {
        format!("http://{target}{}", scrape.path)
    };
    let wrong = || {
        say!(
            "the target's address is not a URL",
            "対象のアドレスが URL ではありません"
        )
    };
    let mut url = Url::parse(&whole).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong());
    }
    if !scrape.params.is_empty() {
        url.query_pairs_mut().extend_pairs(&scrape.params);
    }
    Ok(url)
}

fn instance(target: &str, url: &Result<Url, Say>) -> String {
    match url {
        Ok(url) if target.contains("://") => {
            let host = url.host_str().unwrap_or_default();
            url.port_or_known_default()
                .map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
        }
        _ => target.to_owned(),
    }
}
