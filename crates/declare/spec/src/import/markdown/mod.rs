//! Markdown design documents: headings, tables, bullets, checklists, fenced blocks and prose with figures.
//!
//! What is read is what such documents have in common, the words for parts, fields and figures in `words`, not the
//! form of any one of them. Every figure becomes a line of the spec or an entry of the report that says it is none.
//!
//! Reading order: `fold`, `blocks`, `aside`, `numbers`, `figures`, `bounds`, `words`, `named`, then `tree`, `fields` and `shapes` (fenced
//! YAML, JSON and HCL),
//! `table`, `row`, `rows`, `across`, `alert_table`, `design`, `failover`, `procedure`, `copied`, `duties`, `watching`, `objectives`, `owed_values`, `sentence`, `stated`, `stating`,
//! `clock`, `signing_in`, `residence`, `kept`, `answers`, `noticed`, `leaf`, `delivered`, `slas`, `costed`,
//! `topics`, `resent`, `certified`, `rota`, `shares`, `erased`, `injected`, `pairs`, `mentions`, `waiting`, `owed`, `accepted`, `worded`, `prose`, `whose`, `lost`, `after`, `untiered`. A block that is a file of another format
//! is read as such. `said` finds again in a line what was read from it.

mod accepted;
mod across;
mod after;
mod alert_table;
mod answers;
mod aside;
mod bicep;
mod blocks;
mod bounds;
mod bursts;
mod certified;
mod clock;
mod components;
mod copied;
mod costed;
mod delivered;
mod design;
mod duties;
mod erased;
mod failover;
mod fields;
mod figures;
mod fold;
mod injected;
mod instead;
mod kept;
mod leaf;
mod lifecycle;
mod looked_back;
mod lost;
mod mentions;
mod named;
mod neighbours;
mod noticed;
mod numbers;
mod objectives;
mod owed;
mod owed_values;
mod own_keys;
mod pairs;
mod place;
mod procedure;
mod procedure_table;
mod prose;
mod rehearsed;
mod resent;
mod residence;
mod rota;
mod row;
mod rows;
mod said;
mod sentence;
mod shapes;
mod shares;
mod signing_in;
mod slas;
mod stated;
mod stating;
mod table;
mod topics;
mod tree;
mod untiered;
mod waiting;
mod watching;
mod whose;
mod worded;
mod words;

use std::borrow::Cow;

use promise::{Say, say, unit::Span};

use super::{Draft, Importer, hcl, quoted};
use blocks::{What, bare, blocks};

pub(super) const IMPORTER: Importer = Importer {
    name: "Markdown",
    fits: |source| is_markdown(source.name, source.text),
    read: |sources, draft| {
        for source in sources {
            draft.open(source.name);
            let text = fold::folded(source.text);
            let mut reader = Reader::new(draft, source.name, &text);
            let text = reader.uncommented(&text);
            let text = reader.without_examples(&text);
            reader.blocks(&text, 1, 0);
            reader.rehearsals(&text);
            reader.finish();
        }
    },
};

/// By its name, or, for a plain text, by its headings.
pub(crate) use said::said;

pub(super) fn is_markdown(name: &str, text: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let has_headings = || {
        text.lines().any(|line| line.starts_with("# "))
            && text.lines().any(|line| line.starts_with("## "))
    };
    name.ends_with(".md")
        || name.ends_with(".markdown")
        || (name.ends_with(".txt") && has_headings())
}

/// Words that speak of payments.
const PAYMENTS: [&str; 3] = ["決済", "payment", "checkout"];
/// Markdown within Markdown within Markdown is a mistake of the writer's.
const DEPTH_MAX: usize = 2;

/// Something that is watched, and may belong to a tier that is told of only later.
struct Watched {
    section: &'static str,
    id: String,
    words: String,
    line: usize,
}

/// A part of the service that a heading speaks of.
#[derive(Debug, Clone)]
struct Part {
    level: usize,
    section: &'static str,
    id: String,
    product: Option<&'static str>,
}

struct Reader<'r> {
    draft: &'r mut Draft,
    file: &'r str,
    /// The whole text in lower case: which products it speaks of.
    whole: String,
    /// The headings above, outermost first: level and text.
    headings: Vec<(usize, String)>,
    /// What each of them speaks of, where it speaks of a part.
    parts: Vec<Part>,
    /// What the bullets below a heading speak of: section and id.
    part: Option<(&'static str, String)>,
    severity: Option<&'static str>,
    /// The sentence before, in the same paragraph, in lower case; and on which line the paragraph begins.
    before: String,
    paragraph: usize,
    /// Whether the list that is read is one of steps to recover.
    in_steps: bool,
    procedures: Vec<procedure::Procedure>,
    copies: Vec<copied::Copy>,
    delivered: Vec<delivered::Delivered>,
    /// The regions that backups are copied to, and which line says so.
    copies_in: Vec<(String, usize)>,
    /// How long messages are kept that nobody could handle, and which line says so.
    dead_kept: Option<(String, usize)>,
    /// Answers that wait for others.
    answers: Vec<answers::Answer>,
    /// What a store deletes by a rule of its own.
    expiring: Vec<lifecycle::Expiring>,
    /// A time that is set aside again and again: which line says so, how often and how long. What happens then, the next
    /// sentence says.
    slot: Option<(usize, &'static str, String)>,
    /// The sentence that a list stands under: `We kept the list of alerts short:`.
    lead: String,
    /// The bullets that the present one is indented under, where they end with a colon: how far, and the text.
    above: Vec<(usize, String)>,
    /// The label that the bullets stand under, in a document of objectives.
    label: Option<objectives::Label>,
    tiers: Vec<(String, Option<String>)>,
    watched: Vec<Watched>,
    /// The dependency that was spoken of last, and on which line.
    dependency: Option<(String, usize)>,
    /// What the document calls its severities, and which they are.
    ranks: Vec<(String, &'static str)>,
    /// What was said of which part: section, id, field and the sentence.
    spoken: Vec<(String, String, String, String)>,
    /// Sentences that say who is replaced in a load test.
    mocked: Vec<(String, usize)>,
    /// The rows of tiers, and what the rows of backups are of.
    tier_rows: Vec<(String, String)>,
    backed_up: Vec<lost::Saved>,
    /// Where the clocks of all machines come from, and which line says so.
    clock: Option<(&'static str, usize)>,
    /// Where the runbooks of all alerts lie, and which line says so.
    runbook: Option<(String, usize)>,
    /// How often a restore is tried, and which line says so.
    restore_tried: Option<(String, usize)>,
    /// What the web firewall lets one address send in a second, and from how many the load test comes.
    per_address: Option<(f64, usize)>,
    load_from: Option<(u64, usize)>,
    /// For how long backups are locked, and which line says so.
    locked: Option<(String, usize)>,
    /// Which line says that restores are tried, and not how often.
    tried_regularly: Option<usize>,
    /// Which line says that a log is kept beside the backups.
    logged: Option<usize>,
    /// How often a failover is rehearsed, and which line says so.
    drilled: Option<(String, usize)>,
    /// Standards that were named already.
    named: Vec<&'static str>,
    /// The part that the sentence before, in the same paragraph, was about.
    subject: Option<(&'static str, String)>,
    /// The dependency that payments go through.
    payer: Option<String>,
    /// Path parts that a diagram shows, in order: section, product.
    shown: Vec<(&'static str, &'static str)>,
    shown_at: usize,
    checklists: Vec<(String, String)>,
    /// How many headings were read; what is paid for, and the total, by the heading that each stands under.
    chapter: usize,
    paid_for: Vec<(usize, String)>,
    totalled: Option<usize>,
    stated: Vec<String>,
    /// How far back objectives look, and how long metrics are kept, each with the line that says so.
    windows: Vec<(Span, usize)>,
    metrics_kept: Vec<(Span, usize)>,
    /// What tables say is the most that others allow.
    caps: Vec<(usize, String)>,
    /// What people wrote, line by line.
    said: Vec<(usize, String)>,
    /// Objectives that no tier is named with.
    objectives: Vec<Objective>,
}

/// An objective of recovery or availability, as a sentence states it.
struct Objective {
    field: &'static str,
    value: String,
    /// The words beside it, and the heading above it in lower case.
    about: String,
    heading: String,
    line: usize,
}

impl<'r> Reader<'r> {
    fn new(draft: &'r mut Draft, file: &'r str, text: &str) -> Self {
        Self {
            draft,
            file,
            whole: text.to_lowercase(),
            headings: Vec::new(),
            parts: Vec::new(),
            part: None,
            severity: None,
            before: String::new(),
            paragraph: usize::MAX,
            in_steps: false,
            procedures: Vec::new(),
            copies: Vec::new(),
            delivered: Vec::new(),
            copies_in: Vec::new(),
            dead_kept: None,
            answers: Vec::new(),
            expiring: Vec::new(),
            slot: None,
            lead: String::new(),
            above: Vec::new(),
            label: None,
            tiers: Vec::new(),
            watched: Vec::new(),
            dependency: None,
            ranks: Vec::new(),
            spoken: Vec::new(),
            mocked: Vec::new(),
            tier_rows: Vec::new(),
            backed_up: Vec::new(),
            clock: None,
            runbook: None,
            restore_tried: None,
            locked: None,
            per_address: None,
            load_from: None,
            tried_regularly: None,
            logged: None,
            drilled: None,
            named: Vec::new(),
            subject: None,
            payer: None,
            shown: Vec::new(),
            shown_at: 0,
            checklists: Vec::new(),
            chapter: 0,
            paid_for: Vec::new(),
            totalled: None,
            stated: Vec::new(),
            windows: Vec::new(),
            metrics_kept: Vec::new(),
            caps: Vec::new(),
            said: Vec::new(),
            objectives: Vec::new(),
        }
    }

    fn blocks(&mut self, text: &str, first: usize, depth: usize) {
        for block in blocks(text, first) {
            self.said.extend(block.said());
            self.in_steps &= matches!(block.what, What::Bullet { .. });
            let indent = match &block.what {
                What::Bullet { indent, .. } => *indent,
                _ => 0,
            };
            self.above.retain(|(above, _)| *above < indent);
            if let What::Bullet { text, .. } = &block.what
                && bare(text).ends_with([':', '：'])
            {
                self.above.push((indent, bare(text)));
            }
            if let Some(why) = self.aside(&block) {
                if let What::Paragraph { sentences } = &block.what {
                    self.led_by(sentences);
                }
                self.set_aside(&block, &why);
                continue;
            }
            match block.what {
                What::Heading { level, text } => self.heading(level, &bare(text), block.line),
                What::Fence { language, text } => self.fence(language, text, block.line, depth),
                What::Table { head, rows } => self.table(&head, &rows),
                What::Bullet {
                    done: Some(done),
                    text,
                    ..
                } => self.item(&bare(&text), done, block.line),
                // A table of contents says nothing that its chapters do not.
                What::Bullet { text, .. } if text.starts_with('[') && text.contains("](#") => {}
                // Neither does the name of another document.
                What::Bullet { text, .. } if is_link(&text) => {}
                What::Bullet {
                    is_numbered, text, ..
                } => {
                    let text = bare(&text);
                    if is_unfilled(&text) {
                        continue;
                    }
                    self.bullet(&text, is_numbered, block.line);
                }
                What::Paragraph { sentences } => {
                    self.subject = None;
                    self.led_by(&sentences);
                    self.paragraph = block.line;
                    for (line, text) in sentences {
                        let text = bare(&text);
                        if is_unfilled(&text) {
                            continue;
                        }
                        self.bullet(&text, false, line);
                        self.before = text.to_lowercase();
                    }
                    self.before.clear();
                    self.paragraph = usize::MAX;
                }
            }
        }
    }

    /// A paragraph that ends with a colon leads to what stands below it.
    fn led_by(&mut self, sentences: &[(usize, String)]) {
        // `Per pod:` says of what only with the sentence before it.
        const ALONE: usize = 16;
        let last = sentences.last().map(|(_, text)| bare(text));
        let leads = last.filter(|text| text.ends_with([':', '：']));
        self.lead = leads.unwrap_or_default();
        if let [.., (_, before), _] = sentences
            && !self.lead.is_empty()
            && self.lead.chars().count() < ALONE
        {
            self.lead = format!("{} {}", bare(before), self.lead);
        }
    }

    /// The text with its comments blanked, as many lines long: nobody reads them in what is printed.
    fn uncommented(&mut self, text: &str) -> String {
        let (mut out, mut rest, mut line) = (String::with_capacity(text.len()), text, 1);
        while let Some((before, (comment, after))) = rest
            .split_once("<!--")
            .and_then(|(before, inner)| Some((before, inner.split_once("-->")?)))
        {
            line += before.matches('\n').count();
            let why = say!("a comment", "コメントです");
            for (at, said) in (line..).zip(comment.lines()) {
                if numbers::says_one(said) {
                    self.draft.noted(at, said.trim(), why.clone());
                }
            }
            let lines = comment.matches('\n').count();
            out.push_str(before);
            out.push_str(&"\n".repeat(lines));
            (rest, line) = (after, line + lines);
        }
        out + rest
    }

    fn heading(&mut self, level: usize, text: &str, line: usize) {
        if level == 1 && !self.draft.has(&["service", "name"]) {
            self.draft.guess(
                &["service", "name"],
                text,
                line,
                say!("the title of the document", "文書の題名"),
            );
        }
        if !text.contains(['?', '？']) {
            self.profiles(text, line);
        }
        self.label = None;
        self.lead.clear();
        self.chapter += 1;
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, text.to_owned()));
        self.parts.retain(|part| part.level < level);
        let own = place::part_in(text).map(|(section, product)| Part {
            level,
            section,
            id: self
                .draft
                .id(section, product.or(letters(text)).unwrap_or("main")),
            product,
        });
        // What a heading below names no part for is said of the part above, one for each environment.
        let environment = words::environment(text);
        let part = own.or_else(|| {
            let mut part = self.parts.last()?.clone();
            part.level = level;
            if let Some(environment) = environment {
                part.id = self
                    .draft
                    .id(part.section, &format!("{} {environment}", part.id));
            }
            Some(part)
        });
        self.part = part.as_ref().map(|part| (part.section, part.id.clone()));
        self.parts.extend(part);
        let about_incidents = self.headings.iter().any(|(_, text)| {
            let text = text.to_lowercase();
            ["incident", "severity", "インシデント", "重大度", "障害"]
                .iter()
                .any(|word| text.contains(word))
        });
        // What is only of severities names none.
        let bare = text.replace("重大度", "");
        self.severity = words::severity(&bare)
            .filter(|_| about_incidents && level > 2)
            .map(|(name, rank)| {
                self.draft.set(&["severities", name, "level"], rank, line);
                self.draft.set(&["severities", name, "name"], text, line);
                name
            });
        if place::part_in(text).is_none() && environment.is_none() && self.severity.is_none() {
            self.prose(text, line);
        }
    }

    fn fence(&mut self, language: &str, text: &str, line: usize, depth: usize) {
        match language.to_ascii_lowercase().as_str() {
            known if hcl::is_named(known) => match hcl::settings(text) {
                Some((root, mistake)) => {
                    self.tree(&root, text, line + 1);
                    if let Some(mistake) = mistake {
                        self.unread(text, mistake.span.start, &mistake.message, line + 1);
                    }
                }
                None => {
                    quoted(self.file, known, text, line + 1, self.draft);
                }
            },
            known @ ("yaml" | "yml" | "json" | "jsonc") => {
                self.card_record(text, line);
                if !quoted(self.file, known, text, line + 1, self.draft) {
                    self.settings_of(text);
                    self.data(text, line + 1);
                }
            }
            "markdown" | "md" if depth < DEPTH_MAX => self.blocks(text, line + 1, depth + 1),
            "mermaid" | "plantuml" | "dot" => self.diagram(text, line + 1),
            "bash" | "sh" | "shell" | "console" | "" | "text" => self.script(text, line + 1),
            "bicep" => self.bicep(text, line + 1),
            "properties" | "ini" | "env" | "dotenv" | "conf" => {
                self.lines_of_settings(text, line + 1)
            }
            "sql" => self.card_columns(text, line + 1),
            other => self.draft.lost(
                line,
                other,
                say!(
                    "a block in a language that is not read",
                    "読まない言語のブロックです"
                ),
            ),
        }
    }

    /// Tells what is wrong with a block, and each line with a figure that could not be read for it.
    fn unread(&mut self, text: &str, from: usize, why: &Say, first: usize) {
        let read = text.get(..from).unwrap_or(text);
        let at = read.matches('\n').count();
        self.draft.lost(first + at, "", why.clone());
        for (line, said) in (first..).zip(text.lines()).skip(at) {
            if numbers::says_one(said) {
                self.draft.lost(line, said.trim(), why.clone());
            }
        }
    }

    /// Whether any heading above speaks of it.
    fn is_under(&self, words: &[&str]) -> bool {
        let above = self
            .headings
            .iter()
            .map(|(_, text)| text)
            .chain([&self.lead]);
        above.into_iter().any(|text| {
            let text = text.to_lowercase();
            words.iter().any(|word| text.contains(word))
        })
    }
}

/// Whether a text names a value that nobody wrote yet: `Answered within: [TODO: 15 minutes]`.
fn is_unfilled(text: &str) -> bool {
    let value = text.split_once([':', '：']);
    value.is_some_and(|(_, value)| place::is_open(value.trim()))
}

/// Whether a text is a link, and nothing else.
fn is_link(text: &str) -> bool {
    let text = text.trim();
    text.starts_with('[') && text.ends_with(')') && text.matches("](").count() == 1
}

/// Why something is not in the spec.
fn no_home() -> Say {
    say!(
        "nothing in a spec says this",
        "仕様に書くところがありません"
    )
}

/// Why a figure of prose is only a guess.
fn by_the_words() -> Say {
    say!("told by the words around it", "前後の語による")
}

/// A short name for a text of any language: its letters, the words of what it names, or what it is.
fn short<'t>(text: &'t str, otherwise: &'t str) -> Cow<'t, str> {
    match (letters(text), named::english(text)) {
        (Some(letters), _) => letters.into(),
        (None, Some(english)) => english.into(),
        (None, None) => otherwise.into(),
    }
}

/// What a text is called in our letters.
fn letters(text: &str) -> Option<&str> {
    // A chapter's number is no part of its name; `3DS` is a name.
    let number = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let bare = number.strip_prefix(' ').unwrap_or(text);
    bare.chars()
        .any(|c| c.is_ascii_alphabetic())
        .then_some(bare)
}
