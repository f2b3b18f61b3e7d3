//! `tegata status-page`: a page for customers, as files that any web server can serve.

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use promise::{Lang, say};
use serde_json::Value;

use super::{Common, Data, instance::Instance, runtime};

/// Write a status page for customers into a folder: what is disrupted now, and what was.
///
/// It holds the drafts of notices, in both languages, and names nothing from inside. Look it over, then publish the folder. Asks
/// the running instance.
#[derive(Debug, Args)]
pub(crate) struct StatusPage {
    /// The folder; it is made where there is none.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    data: Data,
}

/// Incidents on the page; older ones are history.
const INCIDENTS_MAX: usize = 20;

impl StatusPage {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let instance = Instance::find(&self.data.dir, lang)?;
        let (service, notices) = runtime()?.block_on(read(&instance))?;
        std::fs::create_dir_all(&self.folder)
            .with_context(|| format!("cannot make {}", self.folder.display()))?;
        for lang in Lang::ALL {
            let name = if lang == Lang::Ja {
                "index.html"
            } else {
                "en.html"
            };
            let path = self.folder.join(name);
            std::fs::write(&path, page(&service, &notices, lang))
                .with_context(|| format!("cannot write {}", path.display()))?;
        }
        let (dir, count) = (self.folder.display(), notices.len());
        let done = say!(
            "● {dir}: {count} incidents, in both languages",
            "● {dir}: インシデント {count} 件(日英)"
        );
        outln!("{}", done.get(lang));
        Ok(ExitCode::SUCCESS)
    }
}

/// What customers may know of an incident.
struct Notice {
    is_over: bool,
    title: Value,
    text: Value,
}

async fn read(instance: &Instance) -> anyhow::Result<(Value, Vec<Notice>)> {
    let board = instance.get("/api/v1/promises").await?;
    let answer = instance.get("/api/v1/incidents").await?;
    let mut notices = Vec::new();
    let incidents = answer["incidents"].as_array().into_iter().flatten();
    // An incident without a severity pages nobody, so customers need not hear of it.
    for one in incidents
        .filter(|one| !one["severity"].is_null())
        .take(INCIDENTS_MAX)
    {
        let id = one["id"].as_str().unwrap_or_default();
        let mut dossier = instance
            .get(&format!("/api/v1/incidents/{id}/dossier"))
            .await?;
        notices.push(Notice {
            is_over: !one["resolved"].is_null(),
            title: dossier["notice"]["title"].take(),
            text: dossier["notice"]["text"].take(),
        });
    }
    Ok((board["service"].clone(), notices))
}

fn page(service: &Value, notices: &[Notice], lang: Lang) -> String {
    let own = |value: &Value| escape(value[lang.tag()].as_str().unwrap_or_default());
    let service = own(service);
    let (open, over): (Vec<&Notice>, Vec<&Notice>) =
        notices.iter().partition(|notice| !notice.is_over);
    let head = match (open.is_empty(), lang) {
        (true, Lang::En) => "● All systems work normally.",
        (false, Lang::En) => "✕ There is a disruption.",
        (true, Lang::Ja) => "● すべて正常に稼働しています。",
        (false, Lang::Ja) => "✕ 障害が発生しています。",
    };
    let list = |notices: &[&Notice]| -> String {
        let one = |notice: &&Notice| {
            format!(
                "<article><h3>{}</h3><p>{}</p></article>\n",
                own(&notice.title),
                own(&notice.text)
            )
        };
        notices.iter().map(one).collect()
    };
    let (past, other, to) = match lang {
        Lang::En => ("Past incidents", "日本語", "index.html"),
        Lang::Ja => ("過去の障害", "English", "en.html"),
    };
    let past = if over.is_empty() {
        String::new()
    } else {
        format!("<h2>{past}</h2>\n{}", list(&over))
    };
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>{service}</title>\n<style>{STYLE}</style>\n</head>\n\
         <body>\n<header><h1>{service}</h1><a href=\"{to}\">{other}</a></header>\n<main>\n<p class=\"{}\">{head}</p>\n{}{past}</main>\n</body>\n</html>\n",
        lang.tag(),
        if open.is_empty() { "good" } else { "bad" },
        list(&open),
    )
}

const STYLE: &str = ":root{color-scheme:light dark}body{font:1rem/1.6 system-ui,sans-serif;max-width:44rem;margin:0 auto;padding:1.5rem;background:light-dark(#faf8f3,#171614);color:light-dark(#211f1b,#ece7dc)}\
header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}h1{font-size:1.3rem}h2{font-size:1.05rem;margin-top:2.5rem}h3{font-size:1rem;margin:0}\
.good,.bad{padding:.9rem 1.1rem;border-radius:8px;border:1px solid currentColor;font-weight:600}.good{color:light-dark(#2c6a4d,#7cc2a0)}.bad{color:light-dark(#b3261e,#ff8a7a)}\
article{border-top:1px solid light-dark(#e2ddd1,#35322d);padding:1rem 0}article p{margin:.3rem 0 0}a{color:light-dark(#27457d,#a9c1f2)}";

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
