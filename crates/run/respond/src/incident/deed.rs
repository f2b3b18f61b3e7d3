//! Deeds: what a person can do about an incident. Each is an entry of its timeline and an event for the ledger, with
//! the name of who did it, and shows that somebody is at work on it.

use promise::{Say, Timestamp, say};
use serde::{Deserialize, Serialize};
use serde_json::json;
use spec::section::on_call::Day;

use super::{
    Incident, WHO_MAX, Work, by_hand,
    concern::{Concern, Reported},
    work::{Action, THINGS_MAX, Tick, WebLink},
};
use crate::{
    Config, Error, EventKind, Responder,
    acknowledge::checked,
    alert::Alert,
    announce,
    book::{Book, Change},
    page::Kind,
};

/// Longest note; more is a document of its own.
pub const TEXT_MAX: usize = 4_000;
/// Longest title.
pub const TITLE_MAX: usize = 200;
const URL_MAX: usize = 2_000;

/// The code of the reason of an incident that a person opened.
pub(crate) const BY_HAND: &str = "opened-by-hand";

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case", deny_unknown_fields)]
pub enum Deed {
    Note {
        text: String,
    },
    /// `person` empty gives the role up.
    Role {
        role: String,
        person: String,
    },
    Link {
        title: String,
        url: String,
    },
    /// A step of the runbook.
    Tick {
        step: String,
    },
    Untick {
        step: String,
    },
    Cause {
        text: String,
    },
    Action {
        text: String,
        owner: String,
        due: Day,
    },
    ActionDone {
        number: u64,
    },
    Concern {
        personal: bool,
        card: bool,
        wrongful: bool,
    },
    /// A report to an authority or a brand was made; `key` as in its clock.
    Reported {
        key: String,
    },
    Severity {
        severity: String,
    },
    /// Ends an incident that a person opened. What a verdict opened, evidence ends.
    Resolve {
        text: String,
    },
}

/// An incident that a person opens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    pub title: String,
    pub by: String,
    #[serde(default)]
    pub severity: Option<String>,
    /// What is known so far.
    #[serde(default)]
    pub text: String,
    /// Promises that it concerns.
    #[serde(default)]
    pub promises: Vec<String>,
}

impl Responder {
    /// Opens an incident by hand; it pages as its severity says. Answers with its id.
    pub async fn open_incident(&self, opening: Opening) -> Result<String, Error> {
        let title = checked("the title", &opening.title, TITLE_MAX)?;
        let by = checked("the name", &opening.by, WHO_MAX)?;
        if opening.text.chars().count() > TEXT_MAX {
            return Err(Error::Length {
                what: "the text",
                most: TEXT_MAX,
            });
        }
        self.desk
            .change(move |config, book, change| {
                if let Some(name) = &opening.severity
                    && config.severity(Some(name)).is_none()
                {
                    return Err(Error::NoSuch {
                        what: "severity",
                        name: name.clone(),
                    });
                }
                let unknown = opening
                    .promises
                    .iter()
                    .find(|id| !config.promises.contains(*id));
                if let Some(name) = unknown {
                    return Err(Error::NoSuch {
                        what: "promise",
                        name: name.clone(),
                    });
                }
                Ok(by_hand::open(config, book, change, &opening, title, by))
            })
            .await
    }

    /// Does something about an incident, in the name of `who`.
    pub async fn act(&self, incident: &str, who: &str, deed: Deed) -> Result<Incident, Error> {
        let who = checked("the name", who, WHO_MAX)?;
        let id = incident.to_owned();
        self.desk
            .change(move |config, book, change| {
                let known = book
                    .incident(&id)
                    .ok_or_else(|| Error::NoSuchIncident(id.clone()))?;
                let mut incident = known.clone();
                apply(config, book, change, &mut incident, &who, deed)?;
                change.put_incident(incident.clone());
                Ok(incident)
            })
            .await
    }
}

fn apply(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    who: &str,
    deed: Deed,
) -> Result<(), Error> {
    let at = change.at;
    let body =
        json!({ "incident": incident.id, "severity": incident.severity, "who": who, "did": deed });
    let (code, what) = match deed {
        Deed::Note { text } => ("note", Say::same(checked("the note", &text, TEXT_MAX)?)),
        Deed::Role { role, person } => role_of(&mut incident.work, &role, &person)?,
        Deed::Link { title, url } => link(&mut incident.work, &title, &url)?,
        Deed::Tick { step } => {
            let step = checked("the step", &step, TEXT_MAX)?;
            room(incident.work.ticks.len())?;
            if incident.work.tick(&step).is_some() {
                return Ok(());
            }
            let what = say!("done: {step}", "実施: {step}");
            incident.work.ticks.push(Tick {
                step,
                who: who.to_owned(),
                at,
            });
            ("tick", what)
        }
        Deed::Untick { step } => {
            incident.work.ticks.retain(|tick| tick.step != step);
            (
                "untick",
                say!("not done after all: {step}", "実施を取り消し: {step}"),
            )
        }
        Deed::Cause { text } => {
            let text = checked("the cause", &text, TEXT_MAX)?;
            room(incident.work.causes.len())?;
            incident.work.causes.push(text.clone());
            ("cause", say!("contributed: {text}", "要因: {text}"))
        }
        Deed::Action { text, owner, due } => action(&mut incident.work, &text, &owner, due)?,
        Deed::ActionDone { number } => {
            let missing = || Error::NoSuch {
                what: "action",
                name: number.to_string(),
            };
            let actions = &mut incident.work.actions;
            let action = actions
                .iter_mut()
                .find(|action| action.number == number)
                .ok_or_else(missing)?;
            action.done.get_or_insert(at);
            let text = &action.text;
            (
                "action-done",
                say!(
                    "action {number} is done: {text}",
                    "対策 {number} を完了: {text}"
                ),
            )
        }
        Deed::Concern {
            personal,
            card,
            wrongful,
        } => concern(&mut incident.work, at, personal, card, wrongful),
        Deed::Reported { key } => {
            let report = Reported {
                key: checked("the report", &key, TITLE_MAX)?,
                at,
                who: who.to_owned(),
            };
            let missing = || Error::NoSuch {
                what: "clock",
                name: key.clone(),
            };
            let concern = incident.work.concern.as_mut().ok_or_else(missing)?;
            let clocks = super::concern::clocks(concern, &config.time_zone);
            let clock = clocks
                .iter()
                .find(|clock| clock.key == key)
                .ok_or_else(missing)?;
            let (en, ja) = (&clock.what.en, &clock.what.ja);
            let what = say!("reported: {en}", "報告済み: {ja}");
            room(concern.reported.len())?;
            concern.reported.push(report);
            ("reported", what)
        }
        Deed::Severity { severity } => set_severity(config, book, change, incident, severity)?,
        Deed::Resolve { text } => {
            return by_hand::resolve(config, book, change, incident, who, &text);
        }
    };
    incident.work.touched = Some(at);
    incident.note(at, code, what).who = Some(who.to_owned());
    let about = incident.promises.first().cloned().unwrap_or_default();
    change.event(EventKind::IncidentWorked, &about, &incident.id, body);
    Ok(())
}

fn room(count: usize) -> Result<(), Error> {
    if count >= THINGS_MAX {
        return Err(Error::Full { most: THINGS_MAX });
    }
    Ok(())
}

fn role_of(work: &mut Work, role: &str, person: &str) -> Result<(&'static str, Say), Error> {
    let role = checked("the role", role, WHO_MAX)?;
    let person = person.trim();
    if person.is_empty() {
        work.roles.remove(&role);
        return Ok((
            "role",
            say!("nobody is {role} any more", "{role}: 担当なし"),
        ));
    }
    let person = checked("the name", person, WHO_MAX)?;
    room(work.roles.len())?;
    let what = say!("{person} is {role}", "{role}: {person}");
    work.roles.insert(role, person);
    Ok(("role", what))
}

fn link(work: &mut Work, title: &str, url: &str) -> Result<(&'static str, Say), Error> {
    let url = checked("the link", url, URL_MAX)?;
    let is_web = ["https://", "http://"]
        .iter()
        .any(|scheme| url.starts_with(scheme));
    if !is_web || url.contains(char::is_whitespace) {
        return Err(Error::NotALink);
    }
    let title = if title.trim().is_empty() { &url } else { title };
    let title = checked("the title", title, URL_MAX)?;
    room(work.links.len())?;
    let what = Say::same(format!("{title} {url}"));
    work.links.push(WebLink { title, url });
    Ok(("link", what))
}

fn action(
    work: &mut Work,
    text: &str,
    owner: &str,
    due: Day,
) -> Result<(&'static str, Say), Error> {
    let text = checked("the action", text, TEXT_MAX)?;
    let owner = checked("the owner", owner, WHO_MAX)?;
    room(work.actions.len())?;
    let number = work
        .actions
        .iter()
        .map(|action| action.number)
        .max()
        .unwrap_or(0)
        + 1;
    let what = say!(
        "action {number}, {owner} by {due}: {text}",
        "対策 {number}({owner}、期限 {due}): {text}"
    );
    work.actions.push(Action {
        number,
        text,
        owner,
        due,
        done: None,
        overdue: false,
    });
    Ok(("action", what))
}

fn concern(
    work: &mut Work,
    at: Timestamp,
    personal: bool,
    card: bool,
    wrongful: bool,
) -> (&'static str, Say) {
    if !personal && !card {
        work.concern = None;
        let what = say!(
            "no protected data is concerned",
            "保護対象のデータは含まれません"
        );
        return ("concern", what);
    }
    let before = work.concern.take();
    // The clocks run from when it was first learned of, whatever is found out later.
    let known = before.as_ref().map_or(at, |before| before.known);
    work.concern = Some(Concern {
        personal,
        card,
        wrongful,
        known,
        reported: before.map(|before| before.reported).unwrap_or_default(),
    });
    let what = match (personal, card) {
        (true, true) => say!(
            "personal and card data are concerned",
            "個人データとカード情報が含まれます"
        ),
        (true, false) => say!("personal data is concerned", "個人データが含まれます"),
        _ => say!("card data is concerned", "カード情報が含まれます"),
    };
    ("concern", what)
}

fn set_severity(
    config: &Config,
    book: &Book,
    change: &mut Change,
    incident: &mut Incident,
    name: String,
) -> Result<(&'static str, Say), Error> {
    let Some(severity) = config.severity(Some(&name)) else {
        return Err(Error::NoSuch {
            what: "severity",
            name,
        });
    };
    let was_paging = incident.is_paging;
    incident.level = Some(severity.level);
    incident.severity = Some(name.clone());
    incident.is_paging = true;
    // Whoever must answer has the time from when it became this severe.
    incident.answer_due = severity.answer_within.map(|within| change.at + within.0);
    incident.answer_missed = false;
    let id = incident.id.clone();
    for alert in book.alerts.values().filter(|alert| alert.incident == id) {
        let mut alert = Alert::clone(alert);
        alert.subject.severity = Some(name.clone());
        if !was_paging && incident.is_open() {
            announce::announce(config, book, change, incident, &alert, Kind::Raised);
        }
        change.put_alert(alert);
    }
    Ok((
        "severity",
        say!("the severity is now {name}", "重大度を {name} に変更"),
    ))
}
