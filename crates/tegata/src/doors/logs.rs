//! The console's door for what is done to stored logs: first it is written down who asked, then it is done.

use std::{collections::HashMap, fs::File, sync::Arc};

use async_trait::async_trait;
use console::door::{self, Asked, BackTest, Fired, InClear, Patterns, Refused, SealRound};
use evaluate::{
    anomaly::{Template, Templates},
    log_rule::{Engine, Told, one_line},
};
use promise::{Say, Timestamp, say};
use serde_json::{Value, json};
use store::logs::{Deleted, Deletion, Export, Hold, Search};

use super::{busy, internal};
use crate::{app::House, book::kind, seals::DeletedBody};

/// Records that a rule is tried on while somebody waits: some seconds.
const TRIED_MAX: u64 = 2_000_000;
/// Firings that are told one by one.
const FIRED_MAX: usize = 1_000;

pub(super) struct Door(pub(super) Arc<House>);

impl Door {
    async fn note(&self, kind: &str, about: &str, body: Value) -> Result<u64, Refused> {
        let noted = self.0.book.note(kind, about, body).await;
        noted.map_err(|error| internal("the ledger could not be written", &error))
    }
}

fn refused(error: &store::Error) -> Refused {
    if error.is_passing() {
        return busy(Say::same(error.to_string()));
    }
    match error {
        store::Error::OverLimit { .. } | store::Error::Unsupported(_) => {
            Refused::Invalid(Say::same(error.to_string()))
        }
        error => internal("the logs", error),
    }
}

/// The query and the person, as the ledger keeps them.
fn body(deletion: &Deletion, asked: &Asked) -> Value {
    json!({
        "query": deletion.query.as_str(), "from": deletion.from, "to": deletion.to,
        "by": asked.by, "reason": asked.reason,
    })
}

fn patterns(lines: &[String]) -> Patterns {
    let mut templates = Templates::default();
    // What they say of times is not asked.
    let seen = lines
        .iter()
        .map(|line| templates.observe(line, Timestamp::EPOCH).template)
        .collect::<Vec<u32>>();
    let mut found = Patterns::default();
    let mut places = HashMap::new();
    for id in seen {
        // One that was taken up by another since then is that other.
        let id = templates.current(id);
        let place = *places.entry(id).or_insert_with(|| {
            let text = templates.get(id).map(Template::text).unwrap_or_default();
            found.texts.push(text);
            found.texts.len() - 1
        });
        found.of.push(place);
    }
    found
}

fn fired(test: &mut BackTest, told: Vec<Told>) {
    for Told { firing, .. } in told {
        test.fired_total += 1;
        if test.fired.len() < FIRED_MAX {
            test.fired.push(Fired {
                at: firing.at,
                key: firing.key,
                figure: firing.figure,
                why: firing.why,
            });
        }
    }
}

#[async_trait]
impl door::LogKeeping for Door {
    async fn delete(&self, deletion: Deletion, asked: &Asked) -> Result<(Deleted, u64), Refused> {
        let first = self
            .note(kind::LOGS_DELETE_ASKED, "", body(&deletion, asked))
            .await?;
        let deleted = self
            .0
            .logs
            .delete(&deletion)
            .await
            .map_err(|e| refused(&e))?;
        let body = DeletedBody {
            asked: first,
            records: deleted.records,
            by_stream: deleted.by_stream.clone(),
            held: deleted.held,
            parts: deleted.parts.clone(),
        };
        let body = serde_json::to_value(body).map_err(|error| internal("a deletion", &error))?;
        let entry = self.note(kind::LOGS_DELETED, "", body).await?;
        Ok((deleted, entry))
    }

    async fn hold(&self, hold: Hold, asked: &Asked) -> Result<(), Refused> {
        let body = json!({ "hold": hold, "by": asked.by, "reason": asked.reason });
        self.note(kind::LOGS_HOLD, &hold.name, body).await?;
        self.0.logs.hold(hold).await.map_err(|e| refused(&e))
    }

    async fn release(&self, name: &str, asked: &Asked) -> Result<(), Refused> {
        let holds = self.0.logs.holds().await.map_err(|e| refused(&e))?;
        if !holds.iter().any(|hold| hold.name == name) {
            return Err(Refused::Missing {
                what: "hold",
                name: name.to_owned(),
            });
        }
        let body = json!({ "released": true, "by": asked.by, "reason": asked.reason });
        self.note(kind::LOGS_HOLD, name, body).await?;
        let released = self.0.logs.release(name).await;
        released.map(drop).map_err(|e| refused(&e))
    }

    async fn export(&self, deletion: Deletion, asked: &Asked) -> Result<File, Refused> {
        let entry = self
            .note(kind::LOGS_EXPORTED, "", body(&deletion, asked))
            .await?;
        // One name for each entry, so that two at a time don't meet.
        let file = self.0.settings.data.join(format!("export-{entry}.parquet"));
        let export = Export {
            query: deletion.query,
            from: deletion.from,
            to: deletion.to,
            file: file.clone(),
        };
        self.0.logs.export(&export).await.map_err(|e| refused(&e))?;
        let opened = File::open(&file);
        // Whoever reads it holds it open; when they are done it is gone.
        let removed = std::fs::remove_file(&file);
        let opened = opened.map_err(|error| internal("an export", &error))?;
        removed.map_err(|error| internal("an export", &error))?;
        Ok(opened)
    }

    async fn unmask(&self, what: &Deletion, asked: &Asked) -> Result<InClear, Refused> {
        let entry = self
            .note(kind::LOGS_UNMASKED, "", body(what, asked))
            .await?;
        let collector = super::collector(&self.0).await?;
        Ok(InClear::new(entry, move |text| collector.reveal(text)))
    }

    fn masked(&self) -> Vec<String> {
        self.0.masked.load().as_ref().clone()
    }

    async fn back_test(
        &self,
        line: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<BackTest, Refused> {
        let rule = one_line::read("tried", line).map_err(Refused::Invalid)?;
        let mut engine = Engine::new(vec![rule.clone()]);
        let mut test = BackTest::default();
        let mut after = None;
        loop {
            let search = Search {
                query: rule.query.clone(),
                from,
                to,
                newest_first: false,
                after,
                limit: Search::LIMIT_MAX,
            };
            let page = self.0.logs.search(&search).await.map_err(|e| refused(&e))?;
            fired(&mut test, engine.observe_all(&page));
            test.records += page.len() as u64;
            after = page.last().map(|last| (last.at, last.id));
            if page.len() < Search::LIMIT_MAX {
                break;
            }
            if test.records >= TRIED_MAX {
                test.is_cut = true;
                break;
            }
        }
        if !test.is_cut {
            fired(&mut test, engine.advance(to));
        }
        Ok(test)
    }

    async fn patterns(&self, lines: Vec<String>) -> Patterns {
        let found = tokio::task::spawn_blocking(move || patterns(&lines)).await;
        found.unwrap_or_else(|error| {
            tracing::error!(%error, "the patterns of log lines could not be found");
            Patterns::default()
        })
    }

    async fn seal(&self) -> Result<SealRound, Refused> {
        let round = self.0.sealer.seal().await;
        let round = round.map_err(|error| {
            tracing::error!(%error, "the logs could not be sealed");
            busy(say!(
                "the logs could not be sealed now",
                "いまはログを封印できません"
            ))
        })?;
        Ok(SealRound {
            parts: round.parts,
            gone: round.gone,
            missing: round.missing,
        })
    }
}
