//! One script, two managers: the real Alertmanager and Tegata run the same configuration (Tegata's is imported), are sent
//! the same alerts at the same instants, and must tell the same receiver the same things within the same ranges of time.
//!
//! The behaviours are those that Alertmanager's own acceptance tests ask for. Tegata looks once a second and Alertmanager
//! at once, so the ranges are a little wider than a second.

use std::{collections::BTreeSet, path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use e2e::{Http, Program, free_port, peer, run, until};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::far::{Far, Heard};
use crate::support::Running;

/// Beyond what is expected, by how much a notification may come late: a second of looking, and a busy machine.
const LATE: f64 = 1.8;
/// How long after the last expectation nothing more may come.
const QUIET: f64 = 2.5;

/// What is done, at a second of the script.
enum Act {
    /// These alerts fire (`name/job`, then further labels).
    Fire(&'static [&'static str]),
    /// They have ended.
    End(&'static [&'static str]),
    /// A silence with this matcher for so many seconds.
    Silence(&'static str, &'static str, u64),
}

/// What the receiver is told, from this second on.
struct Told {
    at: f64,
    firing: &'static [&'static str],
    ended: &'static [&'static str],
}

struct Case {
    name: &'static str,
    /// All but the receivers.
    config: &'static str,
    send_resolved: bool,
    refusals: usize,
    acts: &'static [(f64, Act)],
    told: &'static [Told],
}

const ROUTE: &str = "route: { receiver: hook, group_by: [], group_wait: 1s, group_interval: 4s, repeat_interval: 1h }\n";

const CASES: &[Case] = &[
    Case {
        name: "an alert is told again after its repeat",
        config: "route: { receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 3s, repeat_interval: 30s }\n",
        send_resolved: true,
        refusals: 0,
        acts: &[(0.0, Act::Fire(&["a/x"]))],
        // Told at 1 s, then looked at each 3 s: the first look 30 s later is at 31 s.
        told: &[
            Told {
                at: 1.0,
                firing: &["a/x"],
                ended: &[],
            },
            Told {
                at: 31.0,
                firing: &["a/x"],
                ended: &[],
            },
        ],
    },
    Case {
        name: "alerts of one group are one message, followers come with the next",
        config: ROUTE,
        send_resolved: true,
        refusals: 0,
        acts: &[
            (0.0, Act::Fire(&["a/x"])),
            (0.4, Act::Fire(&["b/x"])),
            (2.5, Act::Fire(&["c/x"])),
        ],
        told: &[
            Told {
                at: 1.0,
                firing: &["a/x", "b/x"],
                ended: &[],
            },
            Told {
                at: 5.0,
                firing: &["a/x", "b/x", "c/x"],
                ended: &[],
            },
        ],
    },
    Case {
        name: "what is sent again is not told again",
        config: ROUTE,
        send_resolved: true,
        refusals: 0,
        acts: &[
            (0.0, Act::Fire(&["a/x"])),
            (1.5, Act::Fire(&["a/x"])),
            (3.0, Act::Fire(&["a/x"])),
            (5.5, Act::Fire(&["a/x"])),
        ],
        told: &[Told {
            at: 1.0,
            firing: &["a/x"],
            ended: &[],
        }],
    },
    Case {
        name: "an end is told where the receiver wants it",
        config: ROUTE,
        send_resolved: true,
        refusals: 0,
        acts: &[
            (0.0, Act::Fire(&["a/x", "b/x"])),
            (2.0, Act::End(&["a/x"])),
            (6.0, Act::End(&["b/x"])),
        ],
        told: &[
            Told {
                at: 1.0,
                firing: &["a/x", "b/x"],
                ended: &[],
            },
            Told {
                at: 5.0,
                firing: &["b/x"],
                ended: &["a/x"],
            },
            Told {
                at: 9.0,
                firing: &[],
                ended: &["b/x"],
            },
        ],
    },
    Case {
        name: "an end is not told where it does not",
        config: ROUTE,
        send_resolved: false,
        refusals: 0,
        acts: &[
            (0.0, Act::Fire(&["a/x", "b/x"])),
            (2.0, Act::End(&["a/x"])),
            (3.0, Act::End(&["b/x"])),
        ],
        told: &[Told {
            at: 1.0,
            firing: &["a/x", "b/x"],
            ended: &[],
        }],
    },
    Case {
        name: "a receiver that fails is tried again",
        config: ROUTE,
        send_resolved: true,
        refusals: 1,
        acts: &[(0.0, Act::Fire(&["a/x"]))],
        // After 1 s of waiting, a failure and its backoff of about a second.
        told: &[Told {
            at: 1.5,
            firing: &["a/x"],
            ended: &[],
        }],
    },
    Case {
        name: "groups are told each for itself",
        config: "route: { receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 4s, repeat_interval: 1h }\n",
        send_resolved: true,
        refusals: 0,
        acts: &[
            (0.0, Act::Fire(&["a/x", "a/y"])),
            (3.0, Act::Fire(&["b/x"])),
        ],
        told: &[
            Told {
                at: 1.0,
                firing: &["a/x", "a/y"],
                ended: &[],
            },
            Told {
                at: 4.0,
                firing: &["b/x"],
                ended: &[],
            },
        ],
    },
    Case {
        name: "what is silenced is told after its silence",
        config: ROUTE,
        send_resolved: true,
        refusals: 0,
        acts: &[
            (0.0, Act::Silence("alertname", "a", 7)),
            (0.2, Act::Fire(&["a/x"])),
            (0.2, Act::Fire(&["b/x"])),
        ],
        // Looked at at 1.2, 5.2 and 9.2 s; the silence ends at 7 s.
        told: &[
            Told {
                at: 1.2,
                firing: &["b/x"],
                ended: &[],
            },
            Told {
                at: 9.0,
                firing: &["a/x", "b/x"],
                ended: &[],
            },
        ],
    },
    Case {
        name: "what follows from another alert is held back while that fires",
        config: "route: { receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: 3s, repeat_interval: 1h }\n\
            inhibit_rules: [ { source_matchers: [ 'alertname=\"db\"' ], target_matchers: [ 'alertname=~\"api|web\"' ], equal: [ job ] } ]\n",
        send_resolved: true,
        refusals: 0,
        acts: &[
            (0.0, Act::Fire(&["db/x"])),
            (0.3, Act::Fire(&["api/x", "web/y"])),
            (5.0, Act::End(&["db/x"])),
        ],
        told: &[
            Told {
                at: 1.0,
                firing: &["db/x"],
                ended: &[],
            },
            Told {
                at: 1.3,
                firing: &["web/y"],
                ended: &[],
            },
            Told {
                at: 7.0,
                firing: &[],
                ended: &["db/x"],
            },
            Told {
                at: 7.3,
                firing: &["api/x"],
                ended: &[],
            },
        ],
    },
    Case {
        name: "a muted route tells nobody, an active one does",
        config: "route:\n  receiver: hook\n  group_by: [alertname]\n  group_wait: 1s\n  group_interval: 4s\n  repeat_interval: 1h\n  routes:\n\
            \x20   - { matchers: [ 'alertname=\"a\"' ], mute_time_intervals: [ always ] }\n\
            \x20   - { matchers: [ 'alertname=\"b\"' ], active_time_intervals: [ never ] }\n\
            \x20   - { matchers: [ 'alertname=\"c\"' ], active_time_intervals: [ always ] }\n\
            time_intervals:\n\
            \x20 - { name: always, time_intervals: [ { times: [ { start_time: '00:00', end_time: '24:00' } ] } ] }\n\
            \x20 - { name: never, time_intervals: [ { years: [ '2001:2002' ] } ] }\n",
        send_resolved: true,
        refusals: 0,
        acts: &[(0.0, Act::Fire(&["a/x", "b/x", "c/x", "d/x"]))],
        told: &[
            Told {
                at: 1.0,
                firing: &["c/x"],
                ended: &[],
            },
            Told {
                at: 1.0,
                firing: &["d/x"],
                ended: &[],
            },
        ],
    },
    Case {
        name: "an alert that nobody sends again ends after its timeout",
        config: "global: { resolve_timeout: 5s }\n\
            route: { receiver: hook, group_by: [], group_wait: 1s, group_interval: 2s, repeat_interval: 1h }\n",
        send_resolved: true,
        refusals: 0,
        acts: &[(0.0, Act::Fire(&["a/x"]))],
        told: &[
            Told {
                at: 1.0,
                firing: &["a/x"],
                ended: &[],
            },
            // Looked at at 3, 5 and 7 s.
            Told {
                at: 5.0,
                firing: &[],
                ended: &["a/x"],
            },
        ],
    },
];

/// A manager that runs, and how it is spoken to.
struct Manager {
    name: &'static str,
    http: Http,
    far: Far,
    _program: Program,
}

fn config(case: &Case, far: &Far) -> String {
    let (url, resolved) = (&far.url, case.send_resolved);
    let hook = format!("{{ url: '{url}', send_resolved: {resolved} }}");
    format!(
        "{}receivers: [ {{ name: hook, webhook_configs: [ {hook} ] }} ]\n",
        case.config
    )
}

async fn alertmanager(case: &Case, dir: &Path) -> anyhow::Result<Manager> {
    let far = Far::start(case.refusals).await?;
    let file = dir.join("alertmanager.yml");
    std::fs::write(&file, config(case, &far))?;
    let port = free_port()?;
    let mut command = peer("prometheus-alertmanager")?;
    command
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.path={}", dir.join("am").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--cluster.listen-address=");
    let program = Program::start(command, "alertmanager", dir)?;
    let http = Http::to(format!("http://127.0.0.1:{port}"))?;
    ready(&http).await?;
    Ok(Manager {
        name: "Alertmanager",
        http,
        far,
        _program: program,
    })
}

async fn tegata(case: &Case, dir: &Path) -> anyhow::Result<Manager> {
    let far = Far::start(case.refusals).await?;
    std::fs::write(dir.join("alertmanager.yml"), config(case, &far))?;
    let out = run(&["import", "alertmanager.yml", "--out", "tegata.yaml"], dir)?;
    ensure!(
        out.status.success(),
        "import: {}",
        String::from_utf8_lossy(&out.stderr)
    );
    let running = Running::again(dir).await?;
    ready(&running.http).await?;
    Ok(Manager {
        name: "Tegata",
        http: running.http,
        far,
        _program: running.program,
    })
}

async fn ready(http: &Http) -> anyhow::Result<()> {
    until(
        "the manager to be ready",
        Duration::from_secs(30),
        async || http.text("/-/ready").await.map(Some),
    )
    .await
    .map(drop)
}

async fn act(manager: &Manager, act: &Act) -> anyhow::Result<()> {
    let (path, body) = match act {
        Act::Fire(names) => ("/api/v2/alerts", alerts(names, None)?),
        Act::End(names) => ("/api/v2/alerts", alerts(names, Some(now(0)?))?),
        Act::Silence(name, value, secs) => {
            let matcher =
                json!({ "name": name, "value": value, "isRegex": false, "isEqual": true });
            let silence = json!({ "matchers": [matcher], "startsAt": now(0)?, "endsAt": now(*secs)?, "createdBy": "test", "comment": "test" });
            ("/api/v2/silences", silence)
        }
    };
    let (status, text) = manager
        .http
        .post(path, "application/json", body.to_string())
        .await?;
    ensure!(status == 200, "{path} answered {status}: {text}");
    Ok(())
}

fn alerts(names: &[&str], ends: Option<String>) -> anyhow::Result<Value> {
    let mut all = Vec::new();
    for one in names {
        let (name, job) = one.split_once('/').context("a name and a job")?;
        let mut alert = json!({ "labels": { "alertname": name, "job": job } });
        if let Some(ends) = &ends {
            alert["endsAt"] = json!(ends);
        }
        all.push(alert);
    }
    Ok(Value::Array(all))
}

/// RFC 3339, so many seconds from now.
fn now(secs: u64) -> anyhow::Result<String> {
    let out = std::process::Command::new("date")
        .args([
            "-u",
            "-d",
            &format!("{secs} seconds"),
            "+%Y-%m-%dT%H:%M:%S.%3NZ",
        ])
        .output()?;
    Ok(String::from_utf8(out.stdout)?.trim().to_owned())
}

async fn play(case: &'static Case, manager: Manager) -> anyhow::Result<Vec<Heard>> {
    let start = Instant::now();
    for (at, what) in case.acts {
        sleep_until(start + Duration::from_secs_f64(*at)).await;
        act(&manager, what)
            .await
            .with_context(|| format!("{}: {}", manager.name, case.name))?;
    }
    let last = case.told.iter().map(|told| told.at).fold(0.0, f64::max);
    sleep_until(start + Duration::from_secs_f64(last + LATE + QUIET)).await;
    let heard = manager.far.heard(start.into_std());
    check(case, &heard).with_context(|| format!("{}: {}: {heard:#?}", manager.name, case.name))?;
    Ok(heard)
}

fn check(case: &Case, heard: &[Heard]) -> anyhow::Result<()> {
    ensure!(
        heard.len() == case.told.len(),
        "{} notifications, not {}",
        heard.len(),
        case.told.len()
    );
    let set = |names: &[&str]| -> BTreeSet<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    };
    let mut left: Vec<&Heard> = heard.iter().collect();
    for told in case.told {
        let fits = |one: &&Heard| {
            let at = one.after.as_secs_f64();
            one.firing == set(told.firing)
                && one.ended == set(told.ended)
                && (told.at - 0.3..told.at + LATE).contains(&at)
        };
        let place = left.iter().position(fits);
        let place = place.with_context(|| {
            format!(
                "nothing at {} s: {:?} {:?}",
                told.at, told.firing, told.ended
            )
        })?;
        left.remove(place);
    }
    Ok(())
}

/// Both managers for one case, ready.
async fn both(case: &Case, dir: &Path) -> anyhow::Result<[Manager; 2]> {
    let (theirs, ours) = (dir.join("theirs"), dir.join("ours"));
    std::fs::create_dir_all(&theirs)?;
    std::fs::create_dir_all(&ours)?;
    Ok([
        alertmanager(case, &theirs).await?,
        tegata(case, &ours).await?,
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_script_is_told_the_same_by_alertmanager_and_by_us() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut plays = Vec::new();
    for (n, case) in CASES.iter().enumerate() {
        // Started one after the other, so that starting takes nobody's time while scripts are played.
        for manager in both(case, &folder.path().join(n.to_string())).await? {
            plays.push((n, case, manager));
        }
    }
    let plays: Vec<_> = plays
        .into_iter()
        .map(|(n, case, manager)| (n, tokio::spawn(play(case, manager))))
        .collect();
    let mut late = BTreeSet::new();
    for (n, play) in plays {
        if let Err(error) = play.await? {
            eprintln!("{error:#}");
            late.insert(n);
        }
    }
    // Two dozen programs on a busy machine may miss a second of their script: what was missed is played by itself.
    for n in late {
        let case = &CASES[n];
        let [theirs, ours] = both(case, &folder.path().join(format!("{n}-alone"))).await?;
        let (theirs, ours) = tokio::join!(play(case, theirs), play(case, ours));
        theirs?;
        ours?;
    }
    Ok(())
}
