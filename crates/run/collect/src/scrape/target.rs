//! A target: where it is asked, and which labels its series get. What discovery found is completed from the
//! job and relabelled, label by label as Prometheus does it.

use std::{collections::BTreeMap, time::Duration};

use promise::{Say, record::Scalar, say, unit::Span};
use reqwest::Url;
use spec::section::source::Scrape;
use store::Labels;

use crate::relabel::{self, Rule};

#[derive(Debug, Clone)]
pub(crate) struct Target {
    /// `job/instance`, as its labels say.
    pub source: String,
    pub url: Result<Url, Say>,
    /// `job`, `instance` and the job's own.
    pub labels: Labels,
    /// Before relabelling.
    pub discovered: Labels,
    pub interval: Duration,
    pub timeout: Duration,
}

impl Target {
    /// What people see: without user name, password and query, which may hold secrets.
    pub fn shown(&self) -> String {
        let Ok(url) = &self.url else {
            return self.discovered.get(ADDRESS).to_owned();
        };
        let mut url = url.clone();
        // Fails only for URLs without a host, and those hold neither.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        url.set_query(None);
        url.to_string()
    }

    /// Two targets that are equal in this are one.
    pub fn identity(&self) -> (Labels, String) {
        let url = self
            .url
            .as_ref()
            .map_or_else(|_| self.shown(), Url::to_string);
        (self.labels.clone(), url)
    }
}

pub(crate) const ADDRESS: &str = "__address__";
const SCHEME: &str = "__scheme__";
const PATH: &str = "__metrics_path__";
const PARAM: &str = "__param_";
const INTERVAL: &str = "__scrape_interval__";
const TIMEOUT: &str = "__scrape_timeout__";
/// User name and password of a target that is written as a URL; never shown, for what begins so is ours.
const USER: &str = "__tegata_user__";

/// What the spec itself writes down, in its order.
pub(crate) fn written(scrape: &Scrape) -> Vec<Labels> {
    let mut all = group(scrape, &scrape.targets);
    for one in &scrape.groups {
        let own = Labels::new(
            one.labels
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str())),
        );
        let found = group(scrape, &one.targets).into_iter();
        all.extend(found.map(|target| Labels::new(target.iter().chain(own.iter()))));
    }
    all
}

fn group(scrape: &Scrape, targets: &[String]) -> Vec<Labels> {
    // Relabelling wants to see what is written, as the blackbox exporter's targets are.
    let is_plain = !scrape.relabel_configs.is_empty();
    let urls: Vec<Option<Url>> = targets
        .iter()
        .map(|target| match target.contains("://") && !is_plain {
            true => Url::parse(target).ok(),
            false => None,
        })
        .collect();
    let addresses: Vec<String> = targets
        .iter()
        .zip(&urls)
        .map(|(target, url)| url.as_ref().map_or_else(|| target.clone(), address))
        .collect();
    let each = targets.iter().zip(&urls).zip(&addresses);
    each.map(|((target, url), address)| {
        let mut labels: BTreeMap<&str, String> = BTreeMap::new();
        labels.insert(ADDRESS, address.clone());
        // Two paths on one host would be one series: then the whole address tells them apart.
        let is_shared = addresses.iter().filter(|other| *other == address).count() > 1;
        if is_shared && url.is_some() && !scrape.labels.contains_key("instance") {
            labels.insert("instance", target.clone());
        }
        let mut params = Vec::new();
        if let Some(url) = url {
            labels.insert(SCHEME, url.scheme().to_owned());
            labels.insert(PATH, url.path().to_owned());
            if let Some(password) = url.password().filter(|_| !url.username().is_empty()) {
                labels.insert(USER, format!("{}:{password}", url.username()));
            }
            params.extend(
                url.query_pairs()
                    .map(|(name, value)| (format!("{PARAM}{name}"), value)),
            );
        }
        let params: Vec<(String, String)> = params
            .into_iter()
            .map(|(name, value)| (name, value.into_owned()))
            .collect();
        let pairs = labels.iter().map(|(name, value)| (*name, value.as_str()));
        Labels::new(
            pairs.chain(
                params
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            ),
        )
    })
    .collect()
}

fn address(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default();
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// What becomes of something that was found: a target, nothing where relabelling drops it, or why it is none.
pub(crate) fn target(
    job: &str,
    scrape: &Scrape,
    rules: &[Rule],
    found: &Labels,
) -> Result<Option<Target>, (Labels, Say)> {
    let discovered = complete(job, scrape, found);
    let Some(labels) = relabel::process(rules, discovered.clone()) else {
        return Ok(None);
    };
    let wrong = |say| (discovered.clone(), say);
    let address = labels.get(ADDRESS).to_owned();
    if address.is_empty() {
        return Err(wrong(relabel::nowhere()));
    }
    let span = |name: &str, otherwise: Duration| match labels.get(name) {
        "" => Ok(otherwise),
        text => Span::parse(text).map(|span| span.0).map_err(wrong),
    };
    let interval = span(INTERVAL, scrape.interval.0)?;
    let timeout = span(TIMEOUT, scrape.timeout.0)?.min(interval);
    let url = url(scrape, &labels, &address);
    let mut public = labels.filtered(|name| !name.starts_with("__"));
    if public.get("instance").is_empty() {
        public = public.with("instance", &address);
    }
    Ok(Some(Target {
        source: format!("{}/{}", public.get("job"), public.get("instance")),
        url,
        labels: public,
        discovered: discovered.filtered(|name| name != USER),
        interval,
        timeout,
    }))
}

fn complete(job: &str, scrape: &Scrape, found: &Labels) -> Labels {
    let (interval, timeout) = (scrape.interval.to_string(), scrape.timeout.to_string());
    let scheme = scrape.scheme.to_string();
    let given = [
        ("job", job),
        (SCHEME, &*scheme),
        (PATH, &*scrape.path),
        (INTERVAL, &*interval),
        (TIMEOUT, &*timeout),
    ];
    let params: Vec<(String, &str)> = scrape
        .params
        .iter()
        .filter_map(|(name, values)| Some((format!("{PARAM}{name}"), values.first()?.as_str())))
        .collect();
    // `job` is kept whatever the labels say: a source is found by it.
    let own = scrape.labels.iter().filter(|(name, _)| *name != "job");
    let given = given
        .into_iter()
        .chain(own.map(|(name, value)| (name.as_str(), value.as_str())));
    let given = given.chain(params.iter().map(|(name, value)| (name.as_str(), *value)));
    // Of a name that stands twice the last counts: what was found.
    Labels::new(given.chain(found.iter()))
}

fn url(scrape: &Scrape, labels: &Labels, address: &str) -> Result<Url, Say> {
    let wrong = || {
        say!(
            "the target's address is not a URL",
            "対象のアドレスが URL ではありません"
        )
    };
    let (scheme, path) = (labels.get(SCHEME), labels.get(PATH));
    let slash = if path.starts_with('/') { "" } else { "/" };
    if address.contains('/') || !matches!(scheme, "http" | "https") {
        return Err(wrong());
    }
    let mut url = Url::parse(&format!("{scheme}://{address}{slash}{path}")).map_err(|_| wrong())?;
    if url.host_str().is_none() {
        return Err(wrong());
    }
    if let Some((user, password)) = labels.get(USER).split_once(':') {
        // As they stood in a URL, they are escaped already, and such a URL has a host.
        let _ = url.set_username(user);
        let _ = url.set_password(Some(password));
    }
    let first = labels
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix(PARAM)?, value)));
    // Beside the first values, which are labels, a parameter may have others.
    let others = scrape.params.iter().flat_map(|(name, values)| {
        values
            .iter()
            .skip(1)
            .map(|value| (name.as_str(), value.as_str()))
    });
    let pairs: Vec<(&str, &str)> = first.chain(others).collect();
    if !pairs.is_empty() {
        url.query_pairs_mut().extend_pairs(pairs);
    }
    Ok(url)
}
