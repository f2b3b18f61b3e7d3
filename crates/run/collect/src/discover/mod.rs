//! Finding targets that nobody writes down one by one. A **room**: one file a way of finding.
//!
//! A finder tells all that it knows whenever that has changed. When it cannot look it tells nothing, so that
//! what was found last is asked on, and says so on the board.

mod dns;
mod file;
mod kubernetes;

use std::{path::Path, sync::Arc};

use promise::Say;
use spec::section::source::Scrape;
use store::Labels;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::{
    start::Shared,
    status::{TargetKind, TargetStatus},
};

/// Everything that one finder knows, newest first seen.
pub(crate) type Finding = watch::Receiver<Arc<Vec<Labels>>>;

/// Starts all finders of a job.
pub(crate) fn start(
    job: &str,
    scrape: &Scrape,
    data_dir: &Path,
    shared: &Arc<Shared>,
    tasks: &TaskTracker,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut begin = |how: &str, shown: String| {
        let (told, finding) = watch::channel(Arc::default());
        findings.push(finding);
        // Several may look in the same way.
        let n = findings.len();
        let row = match n {
            1 => format!("{job} ({how})"),
            n => format!("{job} ({how} {n})"),
        };
        let status = TargetStatus::new(&row, TargetKind::Discovery, shown);
        shared.board.put(status);
        Finder {
            row,
            told,
            shared: shared.clone(),
        }
    };
    if !scrape.files.is_empty() {
        let finder = begin("files", scrape.files.join(" "));
        tasks.spawn(file::run(scrape.files.clone(), data_dir.to_owned(), finder));
    }
    for dns in &scrape.dns {
        let finder = begin("dns", dns.names.join(" "));
        tasks.spawn(dns::run(dns.clone(), finder));
    }
    for kubernetes in &scrape.kubernetes {
        let finder = begin("kubernetes", kubernetes.role.to_string());
        tasks.spawn(kubernetes::run(
            kubernetes.clone(),
            data_dir.to_owned(),
            shared.secrets.clone(),
            finder,
        ));
    }
    findings
}

/// A finder's voice.
pub(crate) struct Finder {
    row: String,
    told: watch::Sender<Arc<Vec<Labels>>>,
    shared: Arc<Shared>,
}

impl Finder {
    /// Everything that is known now, and what of it could not be renewed.
    fn tell(&self, found: Vec<Labels>, trouble: Option<Say>) {
        let now = self.shared.clock.now();
        self.shared.board.change(&self.row, |status| {
            status.last = Some(now);
            status.ok = trouble.is_none();
            status.error = trouble;
            status.amount = found.len() as u64;
        });
        self.told.send_if_modified(|known| {
            let is_new = **known != found;
            if is_new {
                *known = Arc::new(found);
            }
            is_new
        });
    }

    /// Nothing could be learned; what is known stays.
    fn complain(&self, trouble: Say) {
        let now = self.shared.clock.now();
        self.shared.board.change(&self.row, |status| {
            status.last = Some(now);
            status.ok = false;
            status.error = Some(trouble);
        });
    }

    /// False once nothing is to be found any more.
    async fn rest(&self, time: std::time::Duration) -> bool {
        tokio::select! {
            biased;
            () = self.shared.stop.cancelled() => false,
            () = tokio::time::sleep(time) => true,
        }
    }
}
