//! A job: what is found for it becomes targets, and each target has its own task, so that none waits for
//! another. When what is found changes, only the tasks of those that came or went begin or end.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    sync::Arc,
};

use promise::{Say, say};
use spec::section::source::Scrape;
use store::Labels;
use tokio::sync::watch;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Kit, Target, fetch, run,
    target::{target, written},
};
use crate::{
    discover::{self, Finding},
    relabel::{Rule, compile_all},
    start::Shared,
    status::{TargetDetail, TargetKind, TargetStatus},
};

/// Sources of targets that the spec itself names, for whoever must know them before anything has run.
pub(crate) fn known(job: &str, scrape: &Scrape) -> Vec<Target> {
    let rules = compile_all(&scrape.relabel_configs).unwrap_or_default();
    let found = written(scrape).into_iter();
    found
        .filter_map(|labels| target(job, scrape, &rules, &labels).ok().flatten())
        .collect()
}

/// Starts what finds targets, and follows what it finds until stopped.
pub(crate) fn start(
    job: &str,
    scrape: &Scrape,
    data_dir: &Path,
    shared: &Arc<Shared>,
    tasks: &TaskTracker,
) {
    let prepared = prepare(scrape, data_dir, shared);
    let (kit, rules) = match prepared {
        Ok(prepared) => prepared,
        Err(why) => {
            let mut status = TargetStatus::new(job, TargetKind::Scrape, String::new());
            status.error = Some(why);
            return shared.board.put(status);
        }
    };
    let mut work = Job {
        name: job.to_owned(),
        scrape: scrape.clone(),
        rules,
        kit,
        shared: shared.clone(),
        tasks: tasks.clone(),
        running: HashMap::new(),
    };
    // Those that are written down are asked at once, whatever discovery takes.
    let written = written(scrape);
    let findings = discover::start(job, scrape, data_dir, shared, tasks);
    work.apply(&written, &findings);
    if !findings.is_empty() {
        tasks.spawn(work.follow(written, findings));
    }
}

fn prepare(
    scrape: &Scrape,
    data_dir: &Path,
    shared: &Shared,
) -> Result<(Arc<Kit>, Vec<Rule>), Say> {
    let rules = compile_all(&scrape.relabel_configs)?;
    let kit = Kit {
        client: fetch::client(scrape.tls.as_ref(), data_dir, shared.clock.clone())?,
        relabel: compile_all(&scrape.metric_relabel_configs)?.into(),
        scrape: scrape.clone(),
    };
    Ok((Arc::new(kit), rules))
}

struct Job {
    name: String,
    scrape: Scrape,
    rules: Vec<Rule>,
    kit: Arc<Kit>,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    /// What ends each task, by what the target is, with its row on the board.
    running: HashMap<(Labels, String), (CancellationToken, String)>,
}

impl Job {
    async fn follow(mut self, written: Vec<Labels>, mut findings: Vec<Finding>) {
        while !findings.is_empty() {
            let changes = findings
                .iter_mut()
                .map(|finding| Box::pin(finding.changed()));
            let (changed, index) = tokio::select! {
                biased;
                () = self.shared.stop.cancelled() => return,
                (changed, index, _) = futures::future::select_all(changes) => (changed, index),
            };
            match changed {
                Ok(()) => self.apply(&written, &findings),
                // A finder that has ended says nothing more; the others are heard.
                Err(_) => drop(findings.swap_remove(index)),
            }
        }
    }

    /// Lets exactly those targets be asked that are found now.
    fn apply(&mut self, written: &[Labels], findings: &[Finding]) {
        let found: Vec<Arc<Vec<Labels>>> = findings.iter().map(newest).collect();
        let mut wanted: BTreeMap<(Labels, String), Target> = BTreeMap::new();
        let (mut dropped, mut wrong) = (Vec::new(), None);
        let mut beyond = 0u64;
        for labels in written
            .iter()
            .chain(found.iter().flat_map(|found| found.iter()))
        {
            match target(&self.name, &self.scrape, &self.rules, labels) {
                Ok(Some(_)) if wanted.len() as u64 >= self.scrape.targets_max => beyond += 1,
                Ok(Some(target)) => drop(wanted.insert(target.identity(), target)),
                Ok(None) if dropped.len() < DROPPED_SHOWN_MAX => dropped.push(labels.clone()),
                Ok(None) => {}
                Err((labels, why)) => wrong = Some((labels, why)),
            }
        }
        self.shared.board.drop_targets(&self.name, dropped);
        self.complain(wrong, beyond);
        self.running.retain(|identity, (stop, row)| {
            let stays = wanted.contains_key(identity);
            if !stays {
                stop.cancel();
                self.shared.board.remove(row);
            }
            stays
        });
        for (identity, target) in wanted {
            match self.running.get(&identity) {
                // What makes no difference to the target may still be said of it otherwise now.
                Some((_, row)) => self.shared.board.rediscover(row, target.discovered),
                None => self.ask(identity, target),
            }
        }
    }

    /// What was found and cannot be asked has a row of its own.
    fn complain(&self, wrong: Option<(Labels, Say)>, beyond: u64) {
        let row = format!("{}/?", self.name);
        let max = self.scrape.targets_max;
        let why = match (wrong, beyond) {
            (Some((labels, why)), _) => Say::new(
                format!("{labels}: {}", why.en),
                format!("{labels}: {}", why.ja),
            ),
            (None, 0) => return self.shared.board.remove(&row),
            (None, beyond) => say!(
                "{beyond} targets beyond {max} (targets_max) are not asked",
                "対象が {max} 個(targets_max)を超えたため、{beyond} 個には問い合わせていません"
            ),
        };
        let mut status = TargetStatus::new(&row, TargetKind::Discovery, String::new());
        status.error = Some(why);
        self.shared.board.put(status);
    }

    fn ask(&mut self, identity: (Labels, String), target: Target) {
        let is_taken = |row: &String| self.running.values().any(|(_, other)| other == row);
        let mut row = target.source.clone();
        // Labels may differ where job and instance don't.
        if is_taken(&row) {
            row = format!("{row} {}", target.labels);
        }
        let mut status = TargetStatus::new(&row, TargetKind::Scrape, target.shown());
        status.target = Some(TargetDetail {
            job: self.name.clone(),
            discovered: target.discovered.clone(),
            labels: target.labels.clone(),
            interval: target.interval,
            timeout: target.timeout,
        });
        self.shared.board.put(status);
        let stop = self.shared.stop.child_token();
        self.running.insert(identity, (stop.clone(), row.clone()));
        let work = run(target, row, self.kit.clone(), self.shared.clone(), stop);
        self.tasks.spawn(work);
    }
}

/// Dropped targets are for a person who wonders where they are; a cluster has many thousand.
const DROPPED_SHOWN_MAX: usize = 1_000;

fn newest(finding: &watch::Receiver<Arc<Vec<Labels>>>) -> Arc<Vec<Labels>> {
    finding.borrow().clone()
}
