//! Making unreadable what must not rest: card numbers, tokens, mail addresses, telephone numbers, the numbers by which
//! Japan knows people, and fields that the spec names. Nothing leaves this crate before.
//!
//! A wrongly hidden order number is a nuisance; a stored card number is a breach. Where a rule must err,
//! it hides. What was hidden stays visible as a kind, such as `[redacted:pan]`; the spec may ask for more
//! ([`vault`]).

mod digits;
mod japan;
mod mail;
mod named;
mod pan;
mod scan;
mod token;
mod vault;

use std::{borrow::Cow, collections::BTreeMap, ops::Range};

use serde_json::{Map, Value};
use spec::section::redact::{Action, Redact};

use digits::{Digit, Glance};
use named::Named;
use scan::{Eye, Stretch};
use token::Tokens;
pub(crate) use vault::Vault;

/// What everything that is hidden begins with.
const MARK: &str = "[redacted:";

/// JSON inside of strings is opened this many times; beyond it the text is scanned as it is.
const NESTED_MAX: usize = 4;

/// The last place at or before `place` at which a character begins.
fn boundary(text: &str, place: usize) -> usize {
    // A character has at most four bytes.
    let mut near = (place.saturating_sub(3)..=place.min(text.len())).rev();
    near.find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

/// What was found. Where two begin at one place, the earlier here gives its name to both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Field,
    Token,
    Password,
    Mail,
    Track,
    Pan,
    MyNumber,
    Corporate,
    Insurer,
    Pension,
    Phone,
}

impl Kind {
    const ALL: [Self; 11] = [
        Self::Field,
        Self::Token,
        Self::Password,
        Self::Mail,
        Self::Track,
        Self::Pan,
        Self::MyNumber,
        Self::Corporate,
        Self::Insurer,
        Self::Pension,
        Self::Phone,
    ];

    /// As marks and the spec name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Field => "field",
            Self::Password => "password",
            Self::Mail => "mail",
            Self::Track => "track",
            Self::Pan => "pan",
            Self::MyNumber => "my_number",
            Self::Corporate => "corporate_number",
            Self::Insurer => "insurer_number",
            Self::Pension => "pension_number",
            Self::Phone => "phone",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What proves that somebody is who they say, or holds a card: it is never kept, not even encrypted.
    fn is_proof(self) -> bool {
        matches!(self, Self::Token | Self::Password | Self::Track)
    }
}

type Hits = Vec<(Range<usize>, Kind)>;

/// The field of a record that names the kinds that were hidden in it, but for fields that are hidden by their name:
/// `_redacted:pan` finds every record that came with a card number, whatever became of it.
const FOUND: &str = "_redacted";

/// Kinds that were hidden, one bit each.
#[derive(Debug, Default)]
struct Found(u16);

impl Found {
    fn note(&mut self, kind: Kind) {
        self.0 |= 1 << kind as u16;
        if kind == Kind::Track {
            // A stripe begins with its card's number.
            self.note(Kind::Pan);
        }
    }

    /// Writes them down, beside what a Tegata before this one found.
    fn tell(mut self, fields: &mut Map<String, Value>) {
        if let Some(Value::Array(before)) = fields.remove(FOUND) {
            let kinds = before.iter().filter_map(|name| Kind::of(name.as_str()?));
            kinds.for_each(|kind| self.note(kind));
        }
        let kinds = Kind::ALL.into_iter();
        let kinds = kinds.filter(|kind| *kind != Kind::Field && self.0 >> *kind as u16 & 1 == 1);
        let names: Vec<Value> = kinds.map(|kind| kind.name().into()).collect();
        if !names.is_empty() {
            fields.insert(FOUND.to_owned(), names.into());
        }
    }
}

#[derive(Debug)]
pub struct Redactor {
    tokens: Tokens,
    named: Named,
    /// Those that are hidden without being named in the spec.
    always: Named,
    /// What to do with kinds, where it is not to mask.
    actions: BTreeMap<Kind, Action>,
    /// And with fields that the spec names, by their names.
    fields: Vec<(Named, Action)>,
    vault: Option<Vault>,
}

impl Redactor {
    /// Masks everything. What the spec asks for beyond needs keys: see [`Redactor::with_keys`].
    #[must_use]
    pub fn new(redact: &Redact) -> Self {
        let fields = redact.fields.iter().map(String::as_str);
        let acted = redact.actions.iter();
        let acted =
            acted.filter(|(name, action)| Kind::of(name).is_none() && **action != Action::Keep);
        let kinds = redact.actions.iter();
        let kinds = kinds.filter_map(|(name, action)| Some((Kind::of(name)?, *action)));
        Self {
            tokens: Tokens::new(),
            always: Named::new([]),
            named: Named::new(fields.chain(acted.clone().map(|(name, _)| name.as_str()))),
            actions: kinds.collect(),
            fields: acted
                .map(|(name, action)| (Named::only(name), *action))
                .collect(),
            vault: None,
        }
    }

    /// With the secrets of the keys that the spec names. Where they are of no use, everything is masked.
    #[must_use]
    pub fn with_keys(redact: &Redact, secrets: &BTreeMap<String, String>) -> Self {
        let newest = redact.key.as_deref();
        let newest = newest.or_else(|| secrets.keys().next_back().map(String::as_str));
        let vault = newest.and_then(|newest| Vault::open(secrets, newest));
        if vault.is_none() && !redact.keys.is_empty() {
            tracing::error!("the keys of `redact` cannot be used; what they should keep is masked");
        }
        Self {
            vault,
            ..Self::new(redact)
        }
    }

    /// Free text: a message, a label value, a key.
    #[must_use]
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.hide(text, None, &mut Found::default())
    }

    /// The value of a named field or label.
    #[must_use]
    pub fn field<'t>(&self, name: &str, value: &'t str) -> Cow<'t, str> {
        if self.named.holds(name) {
            Cow::Owned(self.named_value(name, value))
        } else if is_bound(name, value) {
            Cow::Borrowed(value)
        } else {
            self.hide(value, Some(name), &mut Found::default())
        }
    }

    /// A log record's fields, in place; [`FOUND`] says what was hidden.
    pub fn record(&self, fields: &mut Map<String, Value>) {
        let mut found = Found::default();
        self.map(fields, 0, &mut found);
        found.tell(fields);
    }

    /// The text with what was encrypted in it as it was, for those who may see it.
    #[must_use]
    pub fn reveal(&self, text: &str) -> String {
        match &self.vault {
            Some(vault) => vault.reveal(text),
            None => text.to_owned(),
        }
    }

    fn hide<'t>(&self, text: &'t str, name: Option<&str>, found: &mut Found) -> Cow<'t, str> {
        // The shortest that is looked for is a mail address, `a@b.co`.
        if text.len() < 6 {
            return Cow::Borrowed(text);
        }
        let mut hits = Hits::new();
        self.tokens.find(text, &mut hits);
        let mut sight = Sight {
            named: &self.named,
            text,
            name,
            hits,
            named_past: 0,
            mail_past: 0,
        };
        scan::spots(text.as_bytes(), &mut sight);
        let hits = sight.hits;
        if hits.is_empty() {
            return Cow::Borrowed(text);
        }
        self.replaced(text, hits, found)
    }

    fn replaced<'t>(&self, text: &'t str, mut hits: Hits, found: &mut Found) -> Cow<'t, str> {
        hits.retain(|(_, kind)| self.action(*kind) != Action::Keep);
        if hits.is_empty() {
            return Cow::Borrowed(text);
        }
        hits.iter().for_each(|(_, kind)| found.note(*kind));
        hits.sort_by_key(|(range, kind)| (range.start, *kind));
        let mut out = String::with_capacity(text.len() + MARK.len());
        let mut past = 0;
        let mut hits = hits.into_iter().peekable();
        while let Some((mut range, kind)) = hits.next() {
            // Nothing of what lies over each other is left.
            while let Some((other, _)) = hits.next_if(|(other, _)| other.start < range.end) {
                range.end = range.end.max(other.end);
            }
            out.push_str(&text[past..range.start]);
            let value = &text[range.clone()];
            match kind {
                Kind::Field => {
                    let name = digits::name_before(text, range.start).unwrap_or_default();
                    out.push_str(&self.named_value(name, value));
                }
                kind => out.push_str(&self.made(kind, self.action(kind), value)),
            }
            past = range.end;
        }
        out.push_str(&text[past..]);
        Cow::Owned(out)
    }

    fn action(&self, kind: Kind) -> Action {
        match self.actions.get(&kind).copied().unwrap_or(Action::Mask) {
            Action::Keep if kind.is_proof() || matches!(kind, Kind::Pan | Kind::Field) => {
                Action::Mask
            }
            action => action,
        }
    }

    fn named_value(&self, name: &str, value: &str) -> String {
        let own = self.fields.iter().find(|(known, _)| known.holds(name));
        let action = match own.map_or(self.action(Kind::Field), |(_, action)| *action) {
            Action::Drop => Action::Drop,
            // A card's code, a password: never kept, whatever is asked for.
            _ if self.always.holds(name) => Action::Mask,
            action => action,
        };
        // Quotes are the text's, not the value's.
        let bare = value.trim_matches(['"', '\'', '\\']);
        self.made(Kind::Field, action, bare)
    }

    /// What stands in place of a value.
    fn made(&self, kind: Kind, action: Action, value: &str) -> String {
        let mask = || format!("{MARK}{}]", kind.name());
        match (action, &self.vault) {
            (Action::Drop, _) => String::new(),
            (Action::Keep, _) => value.to_owned(),
            _ if kind.is_proof() => mask(),
            (Action::Tokenise, Some(vault)) => vault.token(kind, value),
            (Action::Encrypt, Some(vault)) => vault.encrypt(kind, value).unwrap_or_else(mask),
            (Action::Mask | Action::Tokenise | Action::Encrypt, _) => mask(),
        }
    }

    fn map(&self, fields: &mut Map<String, Value>, depth: usize, found: &mut Found) {
        let is_key_hidden = fields
            .keys()
            .any(|key| matches!(self.text(key), Cow::Owned(_)));
        for (name, value) in fields.iter_mut() {
            if self.named.holds(name) {
                let text = match &mut *value {
                    Value::String(text) => std::mem::take(text),
                    other => other.to_string(),
                };
                // Hidden whatever it holds; that it held a card is worth knowing.
                self.hide(&text, None, found);
                *value = Value::String(self.named_value(name, &text));
            } else {
                self.value(Some(name), value, depth, found);
            }
        }
        // What is dropped leaves no trace of its value, and none of its name either.
        if self
            .fields
            .iter()
            .any(|(_, action)| *action == Action::Drop)
        {
            let is_dropped = |name: &str| {
                let mut all = self.fields.iter();
                all.any(|(known, action)| *action == Action::Drop && known.holds(name))
            };
            fields.retain(|name, _| !is_dropped(name));
        }
        if is_key_hidden {
            let old = std::mem::take(fields);
            for (key, value) in old {
                let mut hidden = self.hide(&key, None, found).into_owned();
                // Two keys may look the same once hidden; neither value is lost.
                while fields.contains_key(&hidden) {
                    hidden.push('\'');
                }
                fields.insert(hidden, value);
            }
        }
    }

    fn value(&self, name: Option<&str>, value: &mut Value, depth: usize, found: &mut Found) {
        match value {
            Value::String(text) => {
                if let Some(hidden) = self.nested(name, text, depth, found) {
                    *text = hidden;
                }
            }
            // Fewer digits, or a fraction, are no number that is looked for.
            Value::Number(number) if number.as_f64().is_some_and(is_short) => {}
            Value::Number(number) => {
                if let Some(hidden) = self.number(name, &number.to_string(), found) {
                    *value = Value::String(hidden);
                }
            }
            Value::Array(items) => items
                .iter_mut()
                .for_each(|item| self.value(name, item, depth, found)),
            Value::Object(fields) => self.map(fields, depth, found),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// A JSON number has no groups and no neighbours. A fraction is no card number.
    fn number(&self, name: Option<&str>, text: &str, found: &mut Found) -> Option<String> {
        let whole = text.strip_suffix(".0").unwrap_or(text);
        let whole = whole.trim_start_matches('-');
        if whole.len() < scan::DIGITS_MIN || !whole.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        match self.hide(whole, name, found) {
            Cow::Owned(hidden) => Some(hidden),
            Cow::Borrowed(_) => None,
        }
    }

    /// A string, which may itself be JSON: there a name decides, and escapes hide nothing.
    fn nested(
        &self,
        name: Option<&str>,
        text: &str,
        depth: usize,
        found: &mut Found,
    ) -> Option<String> {
        if depth < NESTED_MAX
            && text.trim_start().starts_with(['{', '['])
            && let Ok(mut inner @ (Value::Object(_) | Value::Array(_))) =
                serde_json::from_str::<Value>(text)
        {
            let before = inner.clone();
            self.value(None, &mut inner, depth + 1, found);
            return (inner != before).then(|| inner.to_string());
        }
        match self.hide(text, name, found) {
            Cow::Owned(hidden) => Some(hidden),
            Cow::Borrowed(_) => None,
        }
    }
}

/// What is found in a text, which is the value of the field `name` where it has one.
struct Sight<'t> {
    named: &'t Named,
    text: &'t str,
    name: Option<&'t str>,
    hits: Hits,
    /// What lies before these is part of a hit, or was looked at.
    named_past: usize,
    mail_past: usize,
}

impl Eye for Sight<'_> {
    #[inline]
    fn sign(&mut self, place: usize) {
        if place >= self.named_past
            && let Some(value) = self.named.value_behind(self.text, place)
        {
            self.named_past = value.end;
            self.hits.push((value, Kind::Field));
        }
    }

    fn at(&mut self, place: usize) {
        if place >= self.mail_past
            && let Some((range, kind)) = mail::around(self.text, self.mail_past, place)
        {
            self.mail_past = range.end;
            self.hits.push((range, kind));
        }
    }

    #[inline]
    fn digits(&mut self, stretch: Stretch) {
        let (text, name) = (self.text, self.name);
        let is_nothing = stretch.places.is_some_and(|places| {
            let start = stretch.range.start;
            !pan::may_be_grouped(text, name, start, places)
                && !japan::may_be_grouped(text, name, start, places)
        });
        if !is_nothing {
            numbers(text, name, stretch.range, &mut self.hits);
        }
    }
}

/// Cards and other numbers of a stretch of the text, which is the value of the field `name` where it has one.
fn numbers(text: &str, name: Option<&str>, stretch: Range<usize>, hits: &mut Hits) {
    let nothing = |glance: &Glance| {
        !pan::may_hold(text, name, glance) && !japan::may_hold(text, name, glance)
    };
    digits::runs(text, stretch, nothing, |run| {
        numbers_of(text, name, run, hits)
    });
}

fn numbers_of(text: &str, name: Option<&str>, run: &[Digit], hits: &mut Hits) {
    // What its own name says is an id is no card in one piece.
    let is_whole = run[0].from == 0 && run[run.len() - 1].to == text.len();
    if !(is_whole && name.is_some_and(pan::is_id_name)) {
        let before = hits.len();
        pan::find(text, name, run, hits);
        if hits.len() > before {
            return;
        }
    }
    let by_name = name.filter(|_| is_whole);
    match by_name.and_then(|name| japan::kind_of_field(name, run)) {
        Some(kind) => hits.push((0..text.len(), kind)),
        None => japan::find(text, run, hits),
    }
}

/// Whether a number has too few digits before its point, or any other than 0 behind it.
fn is_short(number: f64) -> bool {
    /// The least with [`scan::DIGITS_MIN`] digits.
    const LEAST: f64 = 1e7;
    number.abs() < LEAST || number.fract() != 0.0
}

/// The bound of a bucket or quantile that is no whole number: `6528.999999999999` has the digits of a card, but
/// hidden it would be another series.
fn is_bound(name: &str, value: &str) -> bool {
    matches!(name, "le" | "quantile") && value.contains('.') && value.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests;
