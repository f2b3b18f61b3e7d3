//! `tegata checklist`: the daily routine in a terminal.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use promise::{Lang, State, say};
use serde_json::{Value, json};

use super::{Common, GlobalData, ack::Who, instance::Instance, runtime};
use crate::exit::{self, Stop};

/// Go through today's checklists: see, tick, sign, and look back over a month. Asks the running instance.
#[derive(Debug, Args)]
pub(crate) struct ChecklistCommand {
    #[command(subcommand)]
    what: What,
    #[command(flatten)]
    data: GlobalData,
    #[command(flatten)]
    who: Who,
    /// Print JSON, with a stable shape.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Today's sheets; exit code 30 while one is not signed.
    Today,
    /// Answer an item, by its number.
    Tick {
        list: String,
        item: usize,
        /// It is not good; a note must say why.
        #[arg(long)]
        bad: bool,
        #[arg(long, default_value = "")]
        note: String,
    },
    /// Sign a sheet; every item has an answer, and what is not good a note.
    Sign {
        list: String,
        #[arg(long, default_value = "")]
        note: String,
    },
    /// A month, such as 2026-11; this one where none is given.
    Month {
        /// The list; may be left out where there is only one
        #[arg(value_name = "LIST")]
        first: Option<String>,
        /// The month; this one where none is given
        #[arg(value_name = "MONTH")]
        second: Option<String>,
    },
}

impl ChecklistCommand {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let instance = Instance::find(&self.data.dir, lang)?;
        runtime()?.block_on(self.ask(&instance, lang))
    }

    async fn ask(&self, instance: &Instance, lang: Lang) -> anyhow::Result<ExitCode> {
        let by = self.who.name();
        match &self.what {
            What::Today => {
                let answer = instance.get("/api/v1/checklists").await?;
                if self.json {
                    outln!("{}", serde_json::to_string_pretty(&answer)?);
                } else {
                    sheets(&answer).try_for_each(|sheet| show(sheet, lang))?;
                }
                let is_open = |sheet: &Value| sheet["signed"].is_null();
                if sheets(&answer).any(is_open) {
                    return Ok(ExitCode::from(exit::INVALID));
                }
            }
            What::Tick {
                list,
                item,
                bad,
                note,
            } => {
                let body = json!({ "item": item, "by": by, "good": !bad, "note": note });
                let path = format!("/api/v1/checklists/{list}/tick");
                instance.tell(&path, &body).await?;
                let done = say!(
                    "● item {item} of {list} is answered",
                    "● {list} の項目 {item} を記録しました"
                );
                outln!("{}", done.get(lang));
            }
            What::Sign { list, note } => {
                let body = json!({ "by": by, "note": note });
                let path = format!("/api/v1/checklists/{list}/sign");
                let sheet = instance.ask(&path, &body).await?;
                if self.json {
                    outln!("{}", serde_json::to_string_pretty(&sheet)?);
                } else {
                    show(&sheet, lang)?;
                }
            }
            What::Month { first, second } => {
                let (list, month) = chosen(first.as_deref(), second.as_deref());
                let list = match list {
                    Some(list) => list.to_owned(),
                    None => only_list(&instance.get("/api/v1/checklists").await?, lang)?,
                };
                let query = month.map_or_else(String::new, |month| format!("?month={month}"));
                let answer = instance
                    .get(&format!("/api/v1/checklists/{list}{query}"))
                    .await?;
                if self.json {
                    outln!("{}", serde_json::to_string_pretty(&answer)?);
                } else {
                    sheets(&answer).try_for_each(|sheet| day(sheet, lang))?;
                    if sheets(&answer).next().is_none() {
                        let nothing = say!("nothing was due", "対象の日はありません");
                        eprintln!("{}", nothing.get(lang));
                    }
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Which word is the list and which the month, for either may be left out.
fn chosen<'w>(
    first: Option<&'w str>,
    second: Option<&'w str>,
) -> (Option<&'w str>, Option<&'w str>) {
    let is_month = |word: &str| word.len() == 7 && format!("{word}-01").parse::<Date>().is_ok();
    match (first, second) {
        (Some(word), None) if is_month(word) => (None, Some(word)),
        both => both,
    }
}

/// The name of the list where there is one alone.
fn only_list(answer: &Value, lang: Lang) -> anyhow::Result<String> {
    let lists = answer["lists"].as_array().into_iter().flatten();
    let names: Vec<&str> = lists.filter_map(Value::as_str).collect();
    match names.as_slice() {
        [one] => Ok((*one).to_owned()),
        [] => {
            let none = say!(
                "the spec has no checklist that is gone through again and again",
                "仕様に、繰り返し行うチェックリストがありません"
            );
            Err(Stop::missing(none.get(lang)).into())
        }
        many => {
            let names = many.join(", ");
            let which = say!(
                "there are several checklists; name one: {names}",
                "チェックリストが複数あります。名前を指定してください: {names}"
            );
            Err(Stop::missing(which.get(lang)).into())
        }
    }
}

fn sheets(answer: &Value) -> impl Iterator<Item = &Value> {
    answer["sheets"].as_array().into_iter().flatten()
}

/// The state of a line, as the console works it out.
fn state(line: &Value) -> State {
    let judged = line["judged"]["state"].as_str();
    let known = State::ALL
        .into_iter()
        .find(|state| Some(state.as_str()) == judged);
    match (known, line["attested"]["is_good"].as_bool()) {
        (Some(state), _) => state,
        (None, Some(true)) => State::Kept,
        (None, Some(false)) => State::Broken,
        (None, None) => State::Unproven,
    }
}

fn show(sheet: &Value, lang: Lang) -> anyhow::Result<()> {
    let text = |value: &Value| value[lang.tag()].as_str().unwrap_or_default().to_owned();
    let (list, on) = (
        sheet["list"].as_str().unwrap_or_default(),
        sheet["day"].as_str().unwrap_or_default(),
    );
    outln!("{} ({list}) {on}", text(&sheet["name"]));
    for line in sheet["lines"].as_array().into_iter().flatten() {
        let (number, what) = (
            line["number"].as_u64().unwrap_or(0),
            line["text"].as_str().unwrap_or_default(),
        );
        let answer = match (line["attested"]["who"].as_str(), line["judged"].is_null()) {
            (Some(who), _) => format!(
                "{who} {}",
                line["attested"]["note"].as_str().unwrap_or_default()
            ),
            (None, false) => text(&line["judged"]["value"]),
            (None, true) => say!("not answered", "未回答").get(lang).to_owned(),
        };
        outln!(
            "  {} {number}. {what}: {}",
            state(line).shape(),
            answer.trim_end()
        );
    }
    day(sheet, lang)
}

/// One line: who signed, or that nobody has.
fn day(sheet: &Value, lang: Lang) -> anyhow::Result<()> {
    let on = sheet["day"].as_str().unwrap_or_default();
    let late = if sheet["is_late"].as_bool() == Some(true) {
        say!(" (late)", "(期限超過)").get(lang).to_owned()
    } else {
        String::new()
    };
    let (shape, who) = match sheet["signed"]["who"].as_str() {
        Some(who) => ('●', say!("signed by {who}", "署名: {who}")),
        None => ('◌', say!("not signed", "署名なし")),
    };
    outln!("  {shape} {on} {}{late}", who.get(lang));
    Ok(())
}
