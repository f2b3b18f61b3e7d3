//! What is wrong in a spec, where, and what to do about it, for people and for programs.

mod github;
mod json;
mod sarif;

pub use github::to_github;
pub use json::to_json;
pub use sarif::to_sarif;

use promise::{
    Lang, Say,
    document::{Fix, Mistake, Span},
};

use crate::texts::Texts;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The spec is not used.
    Error,
    /// The spec is used, but something in it will not do what it says.
    Warning,
    /// It works and could be better.
    Advice,
}

impl Level {
    /// The stable name in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }

    #[must_use]
    pub fn say(self) -> Say {
        match self {
            Self::Error => promise::say!("error", "誤り"),
            Self::Warning => promise::say!("warning", "警告"),
            Self::Advice => promise::say!("advice", "助言"),
        }
    }
}

/// Where a number comes from: a clause, an RFC, a provider's page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    pub name: Say,
    pub url: Option<String>,
    /// The day on which it was read there, `2026-11-01`: prices and offers change.
    pub date: Option<String>,
    /// Whether somebody has held the number against this source; what nobody has is only advice.
    pub is_compared: bool,
}

impl Source {
    #[must_use]
    pub fn of(name: Say) -> Self {
        Self {
            name,
            url: None,
            date: None,
            is_compared: true,
        }
    }

    #[must_use]
    pub fn at(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    #[must_use]
    pub fn on(mut self, date: impl Into<String>) -> Self {
        self.date = Some(date.into());
        self
    }

    /// Nobody has held the number against it yet.
    #[must_use]
    pub fn uncompared(mut self) -> Self {
        self.is_compared = false;
        self
    }

    /// `PCI DSS 4.0.1, 10.5.1 (2026-11-01) https://…`.
    #[must_use]
    pub fn say(&self) -> Say {
        let date = self
            .date
            .as_ref()
            .map_or_else(String::new, |date| format!(" ({date})"));
        let url = self
            .url
            .as_ref()
            .map_or_else(String::new, |url| format!(" {url}"));
        let (en, ja) = (&self.name.en, &self.name.ja);
        if self.is_compared {
            Say::new(format!("{en}{date}{url}"), format!("{ja}{date}{url}"))
        } else {
            Say::new(
                format!("{en} (not yet held against it){url}"),
                format!("{ja}(未照合){url}"),
            )
        }
    }
}

/// One finding. Its spans are byte offsets into the [`Texts`] that were loaded, on character boundaries.
#[derive(Debug, Clone, PartialEq)]
pub struct Diagnostic {
    pub level: Level,
    /// Stable, kebab-case; a rule's code names its page in the reference.
    pub code: &'static str,
    pub message: Say,
    /// The places it speaks of, in any of the texts; the first is where it is. A label may be empty.
    pub labels: Vec<(Span, Say)>,
    pub hint: Option<Say>,
    /// Where the numbers that it holds against the spec come from, where that is not the rule's own page.
    pub sources: Vec<Source>,
    /// Changes that mend it, the best first.
    pub fixes: Vec<Fix>,
    /// Parts of the text that look like secrets: never shown beside this diagnostic.
    pub masked: Vec<Span>,
}

impl Diagnostic {
    #[must_use]
    pub fn new(level: Level, code: &'static str, span: Span, message: Say) -> Self {
        Self {
            level,
            code,
            message,
            labels: vec![(span, Say::same(""))],
            hint: None,
            sources: Vec::new(),
            fixes: Vec::new(),
            masked: Vec::new(),
        }
    }

    /// What stands at the first place, said right under it.
    pub fn label(&mut self, label: Say) -> &mut Self {
        if let Some((_, first)) = self.labels.first_mut() {
            *first = label;
        }
        self
    }

    /// A second place that the finding speaks of.
    pub fn also(&mut self, span: Span, label: Say) -> &mut Self {
        self.labels.push((span, label));
        self
    }

    pub fn hint(&mut self, hint: Say) -> &mut Self {
        self.hint = Some(hint);
        self
    }

    /// Where a number comes from.
    pub fn source(&mut self, source: Source) -> &mut Self {
        if !self.sources.contains(&source) {
            self.sources.push(source);
        }
        self
    }

    /// A change that mends it.
    pub fn fix(&mut self, fix: Fix) -> &mut Self {
        self.fixes.push(fix);
        self
    }

    /// Another level than its rule's, such as an error where a profile makes one of a warning.
    pub fn level(&mut self, level: Level) -> &mut Self {
        self.level = level;
        self
    }

    /// What it says in one text, for readers that have no other place: the message, what to do, and the sources of its
    /// numbers, a line each.
    #[must_use]
    pub fn text(&self, lang: Lang) -> String {
        let mut out = self.message.get(lang).to_owned();
        let sources = self.sources.iter().map(Source::say);
        for line in self.hint.iter().cloned().chain(sources) {
            out.push('\n');
            out.push_str(line.get(lang));
        }
        out
    }

    /// Where it is; the start of the text for one that has no place.
    #[must_use]
    pub fn span(&self) -> Span {
        self.labels.first().map_or(0..0, |(span, _)| span.clone())
    }

    /// The name of the file where it is.
    #[must_use]
    pub fn file<'t>(&self, texts: &'t Texts) -> &'t str {
        texts.name(self.span().start)
    }
}

impl From<Mistake> for Diagnostic {
    fn from(mistake: Mistake) -> Self {
        let mut found = Self::new(Level::Error, mistake.code, mistake.span, mistake.message);
        found.labels.extend(mistake.other);
        found.hint = mistake.hint;
        found.fixes.extend(mistake.fix);
        found
    }
}
