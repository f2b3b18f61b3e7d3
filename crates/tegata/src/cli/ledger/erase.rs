//! `tegata ledger erase`: a person asks to be forgotten.

use std::process::ExitCode;

use clap::Args;
use console::{
    access::{Who, names},
    door::Deed,
};
use ledger::Ledger;
use promise::{Clock as _, Lang, say};
use serde_json::json;

use crate::{
    book::Book,
    cli::{Common, Data, instance::Instance, runtime},
    clock::SystemClock,
    deeds,
    exit::Stop,
};

/// Erase somebody's name or address from the ledger's personal fields.
///
/// Entries hold such values only as salted commitments; what is erased is what lies beside them, so every proof and
/// signature holds as before, and the entry reads "(erased)". A note or reason in which the name stands goes as a whole. In
/// incidents and silences the name alone is replaced. What was erased cannot come back. An entry says how many fields, by
/// whom and why; it does not say whose. Names in the spec, in signed checklists, in logs and in backups are not found.
#[derive(Debug, Args)]
pub(crate) struct Erase {
    /// The name or address, exactly as it stands in the ledger.
    #[arg(value_name = "WHO")]
    who: String,
    /// Why: the ledger keeps it.
    #[arg(long)]
    reason: String,
    /// Who asks for it: the ledger keeps that, too.
    #[arg(long)]
    by: String,
    #[command(flatten)]
    data: Data,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

impl Erase {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let runtime = runtime()?;
        let (fields, places) = match Instance::running(&self.data.dir) {
            Some(instance) => {
                let body = json!({ "value": self.who, "by": self.by, "reason": self.reason });
                let answer = runtime.block_on(instance.ask("/api/v1/ledger/erase", &body))?;
                let number = |name: &str| answer[name].as_u64().unwrap_or_default();
                (number("fields"), Some(number("places")))
            }
            None => (runtime.block_on(self.alone(lang))?, None),
        };
        if self.json {
            outln!(
                "{}",
                json!({ "version": 1, "fields": fields, "places": places })
            );
        } else {
            let said = match places {
                Some(places) => say!(
                    "{fields} fields erased, and the name in {places} incidents and silences",
                    "{fields} 個の項目と、{places} 件のインシデントとサイレンスの中の名前を消去しました"
                ),
                None => say!(
                    "{fields} fields erased; nothing runs here, so incidents and silences still hold the name: start it and ask again",
                    "{fields} 個の項目を消去しました。動いていないため、インシデントとサイレンスには名前が残っています。起動してもう一度実行してください"
                ),
            };
            outln!("{}", said.get(lang));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Where nothing runs, the ledger is opened here.
    async fn alone(&self, lang: Lang) -> anyhow::Result<u64> {
        let dir = self.data.dir.join("ledger");
        if !dir.is_dir() {
            let dir = dir.display();
            let why = say!("{dir} is no ledger", "{dir} は台帳ではありません");
            return Err(Stop::missing(why.get(lang)).into());
        }
        let opened = Ledger::open(&dir, "tegata");
        let (ledger, _) = opened.map_err(|error| Stop::missing(error.to_string()))?;
        let clock = std::sync::Arc::new(SystemClock);
        let now = clock.now();
        let book = Book::new(std::sync::Arc::new(ledger), clock);
        let erased = book.ledger().erase(&self.who, |fields| {
            deeds::erasure(now, fields, &self.by, &self.reason)
        })?;
        let deed = Deed {
            who: Who::local(),
            event: names::ERASE,
            done: true,
            status: 200,
            from: "local".to_owned(),
            on: "tegata ledger erase".to_owned(),
            unwritten: 0,
        };
        deeds::record(&book, &deed).await?;
        Ok(erased.map_or(0, |(fields, _)| fields))
    }
}
