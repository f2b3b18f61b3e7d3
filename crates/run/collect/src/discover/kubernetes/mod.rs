//! Targets that a Kubernetes cluster knows: objects are listed once and then followed by a watch, and each change
//! is told at once.
//!
//! Labels are those of Prometheus's `kubernetes_sd_configs`. Which labels an object makes is the work of its
//! role ([`role`]); how the API is reached, of [`access`].

mod access;
mod labels;
mod list;
mod role;

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use promise::{Say, say};
use serde_json::Value;
use spec::section::discovery::KubernetesDiscovery;

use super::Finder;
use crate::start::Secrets;
use access::Api;
use list::{Change, Watch};

/// The first wait after a failure; it doubles up to the longest.
const RETRY_MIN: Duration = Duration::from_secs(1);
const RETRY_MAX: Duration = Duration::from_secs(60);
/// Objects of one kind; a cluster may have 150,000 pods, which one machine does not scrape.
const OBJECTS_MAX: usize = 50_000;
/// Changes come in bursts, as when a deployment rolls: they are told together.
const GATHER: Duration = Duration::from_millis(500);

/// Objects by `namespace/name`, as the API gives them.
type Objects = BTreeMap<String, Value>;

/// What a role needs to know: its own kind, and those that it looks up.
type World = BTreeMap<&'static str, Objects>;

pub(super) async fn run(
    config: KubernetesDiscovery,
    data_dir: PathBuf,
    secrets: Secrets,
    finder: Finder,
) {
    let mut wait = RETRY_MIN;
    loop {
        let began = finder.shared.clock.now();
        let ended = match Api::open(&config, &data_dir, &secrets, finder.shared.clock.clone()) {
            Ok(api) => tokio::select! {
                biased;
                () = finder.shared.stop.cancelled() => return,
                why = follow(&config, &api, &finder) => why,
            },
            Err(why) => why,
        };
        finder.complain(Say::new(
            format!("Kubernetes: {}", ended.en),
            format!("Kubernetes: {}", ended.ja),
        ));
        // What had worked for long is tried again at once.
        wait = if finder.shared.clock.now().since(began) > RETRY_MAX {
            RETRY_MIN
        } else {
            (wait * 2).min(RETRY_MAX)
        };
        if !finder.rest(wait).await {
            return;
        }
    }
}

/// Lists and watches every kind that the role needs; returns why that has ended.
async fn follow(config: &KubernetesDiscovery, api: &Api, finder: &Finder) -> Say {
    let (told, mut changes) = tokio::sync::mpsc::channel(1_000);
    let kinds = role::kinds(config.role);
    let watches = kinds.iter().flat_map(|kind| {
        let scopes: Vec<Option<&str>> = match config.namespaces.as_slice() {
            all if all.is_empty() || !kind.is_namespaced => vec![None],
            some => some.iter().map(|name| Some(name.as_str())).collect(),
        };
        scopes.into_iter().map(|namespace| Watch {
            api,
            kind,
            namespace: namespace.map(str::to_owned),
            config,
            told: told.clone(),
        })
    });
    let watching: Vec<_> = watches.map(|watch| Box::pin(watch.run())).collect();
    let expected = watching.len();
    drop(told);
    let ended = futures::future::select_all(watching);
    tokio::pin!(ended);
    let mut world = World::new();
    let mut listed = 0;
    loop {
        tokio::select! {
            (why, ..) = &mut ended => return why,
            change = changes.recv() => {
                let Some(change) = change else {
                    return say!("the watch has ended", "監視が終わりました");
                };
                listed += usize::from(matches!(change, Change::Listed { .. }));
                apply(&mut world, change);
            }
        }
        // Nothing is told before all is known: a pod whose node is not known yet would lack labels.
        if listed < expected {
            continue;
        }
        tokio::time::sleep(GATHER).await;
        while let Ok(change) = changes.try_recv() {
            apply(&mut world, change);
        }
        finder.tell(role::targets(config.role, &world), None);
    }
}

fn apply(world: &mut World, change: Change) {
    match change {
        Change::Listed {
            kind,
            namespace,
            objects,
        } => {
            let known = world.entry(kind).or_default();
            match namespace {
                Some(namespace) => {
                    let prefix = format!("{namespace}/");
                    known.retain(|name, _| !name.starts_with(&prefix));
                }
                None => known.clear(),
            }
            known.extend(objects);
        }
        Change::Set { kind, name, object } => {
            let known = world.entry(kind).or_default();
            if known.len() < OBJECTS_MAX || known.contains_key(&name) {
                known.insert(name, object);
            }
        }
        Change::Gone { kind, name } => {
            world.entry(kind).or_default().remove(&name);
        }
    }
}
