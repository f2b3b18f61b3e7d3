//! The reference of the spec as Markdown, made from the forms that read it and the rules that check it.
//!
//! One page a language; what the code accepts and what the page says cannot differ.

use std::fmt::Write;

use promise::{
    Lang, Say,
    record::{Doc, FieldForm, Form, Read},
    say,
};

use crate::{check::RULES, diagnostic::Level, section::Document};

/// Both pages, English first.
#[must_use]
pub fn reference() -> String {
    Lang::ALL.map(page).join("\n")
}

/// The page in one language.
#[must_use]
pub fn page(lang: Lang) -> String {
    let mut page = Page {
        lang,
        out: String::new(),
    };
    page.heading(1, &say!("The spec", "仕様ファイル"));
    page.paragraph(&say!(
        "One YAML file says what a service promises, from which evidence each promise is judged, and who is told. \
         Anchors, tags and several documents in one file are not accepted. This page is generated from the code.",
        "サービスが何を約束し、どの証拠で判定し、誰に知らせるかを一つの YAML ファイルに書きます。\
         アンカー、タグ、複数の文書は使えません。このページはコードから生成されています。"
    ));
    if let Form::Record { fields, .. } = Document::form() {
        page.table(&fields);
        for field in &fields {
            page.form(field.name, &field.form, field.doc, 2);
        }
    }
    page.rules();
    page.out
}

struct Page {
    lang: Lang,
    out: String,
}

/// Deeper headings than this are not told apart by a reader.
const HEADING_MAX: usize = 5;

impl Page {
    fn heading(&mut self, level: usize, say: &Say) {
        let _ = writeln!(
            self.out,
            "{} {}\n",
            "#".repeat(level.min(HEADING_MAX)),
            say.get(self.lang)
        );
    }

    fn paragraph(&mut self, say: &Say) {
        let text = say.get(self.lang);
        if !text.is_empty() {
            let _ = writeln!(self.out, "{text}\n");
        }
    }

    /// The part of the page about what stands at `path`, and about what stands below it.
    fn form(&mut self, path: &str, form: &Form, doc: Doc, level: usize) {
        match form {
            Form::List(item) => self.form(&format!("{path}[]"), item, doc, level),
            Form::Map(value) => self.form(&format!("{path}.<id>"), value, doc, level),
            Form::Either(forms) => {
                if let Some(record) = forms
                    .iter()
                    .find(|form| matches!(form, Form::Record { .. }))
                {
                    self.form(path, record, doc, level);
                }
            }
            Form::Record {
                doc: own, fields, ..
            } => {
                self.heading(level, &Say::same(format!("`{path}`")));
                self.paragraph(&if own.say().en.is_empty() {
                    doc.say()
                } else {
                    own.say()
                });
                self.fields(path, fields, level);
            }
            Form::Tagged { tag, cases } => {
                self.heading(level, &Say::same(format!("`{path}`")));
                self.paragraph(&doc.say());
                let names: Vec<String> =
                    cases.iter().map(|(name, _)| format!("`{name}`")).collect();
                let names = names.join(", ");
                self.paragraph(&say!(
                    "`{tag}` is one of {names}.",
                    "`{tag}` は {names} のいずれかです。"
                ));
                for (name, case) in cases {
                    let Form::Record { doc, fields, .. } = case else {
                        continue;
                    };
                    self.heading(level + 1, &Say::same(format!("`{path}` — `{tag}: {name}`")));
                    self.paragraph(&doc.say());
                    self.fields(path, fields, level + 1);
                }
            }
            Form::Scalar { .. } | Form::OneOf(_) => {}
        }
    }

    fn fields(&mut self, path: &str, fields: &[FieldForm], level: usize) {
        self.table(fields);
        for field in fields {
            // A name in two languages is met everywhere and explained by its row.
            if field.name != "name" {
                self.form(
                    &format!("{path}.{}", field.name),
                    &field.form,
                    field.doc,
                    level + 1,
                );
            }
        }
    }

    fn table(&mut self, fields: &[FieldForm]) {
        if fields.is_empty() {
            self.paragraph(&say!("It has no fields.", "項目はありません。"));
            return;
        }
        let head = say!("| field | form | default | |", "| 項目 | 形 | 省略時 | |");
        let _ = writeln!(self.out, "{}\n|---|---|---|---|", head.get(self.lang));
        for field in fields {
            let default = match (&field.default, field.required) {
                (_, true) => say!("**required**", "**必須**"),
                // What a whole section defaults to stands in its own table.
                (Some(value), false) if value.starts_with('{') && value != "{}" => {
                    say!("as below", "下のとおり")
                }
                (Some(value), false) => Say::same(format!("`{}`", value.trim_matches('"'))),
                (None, false) => Say::same("–"),
            };
            let _ = writeln!(
                self.out,
                "| `{}` | {} | {} | {} |",
                field.name,
                self.word(&field.form),
                default.get(self.lang),
                field.doc.say().get(self.lang).replace('|', "\\|"),
            );
        }
        self.out.push('\n');
    }

    /// A form in a few words.
    fn word(&self, form: &Form) -> String {
        let say = match form {
            Form::Scalar { name, example, .. } => {
                say!("{name}, such as `{example}`", "`{example}` など")
            }
            Form::OneOf(names) => Say::same(
                names
                    .iter()
                    .map(|n| format!("`{n}`"))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            Form::List(item) => {
                let item = self.word(item);
                say!("list of {item}", "リスト({item})")
            }
            Form::Map(value) => {
                let value = self.word(value);
                say!("by name: {value}", "名前ごと({value})")
            }
            Form::Record { .. } => say!("fields, below", "下の項目"),
            Form::Tagged { tag, .. } => say!("fields by `{tag}`, below", "`{tag}` ごとの項目(下)"),
            Form::Either(forms) => {
                let all: Vec<String> = forms.iter().map(|form| self.word(form)).collect();
                let (en, ja) = (all.join(" or "), all.join(" または "));
                say!("{en}", "{ja}")
            }
        };
        say.get(self.lang).to_owned()
    }

    fn rules(&mut self) {
        self.heading(2, &say!("Rules", "検査の規則"));
        self.paragraph(&say!(
            "What `tegata check` finds beside mistakes in the writing. An error refuses the spec; a warning says \
             that something will not do what it says; advice can wait.",
            "書き方の誤りのほかに `tegata check` が見つけるもの。「誤り」があると仕様は使われません。\
             「警告」は書いたとおりに働かないもの、「助言」は急がないものです。"
        ));
        for rule in RULES {
            self.heading(3, &Say::same(format!("`{}`", rule.code)));
            let level = match rule.level {
                Level::Error => say!("Error.", "誤り。"),
                Level::Warning => say!("Warning.", "警告。"),
                Level::Advice => say!("Advice.", "助言。"),
            };
            self.paragraph(&level);
            for (heading, text) in headings(rule.doc) {
                let title = title(heading);
                let _ = writeln!(
                    self.out,
                    "**{}.** {}\n",
                    title.get(self.lang),
                    text.get(self.lang)
                );
            }
        }
    }
}

/// The headings of a rule's page that every rule has, in this order.
pub const HEADINGS: [&str; 5] = ["Finds", "Why", "Source", "Example", "Fix"];

/// What a heading of a rule's page says to a reader.
pub(crate) fn title(heading: &str) -> Say {
    match heading {
        "Finds" => say!("Finds", "見つけるもの"),
        "Why" => say!("Why it matters", "なぜ大切か"),
        "Source" => say!("Where its number comes from", "数値の根拠"),
        "Example" => say!("Example", "例"),
        "Fix" => say!("How to fix it", "直し方"),
        other => Say::same(other),
    }
}

/// A doc comment by its headings.
pub fn headings(doc: Doc) -> impl Iterator<Item = (&'static str, Say)> {
    let lines: &'static [&'static str] = doc.0;
    lines.iter().enumerate().filter_map(move |(at, line)| {
        let heading = line.trim().strip_prefix("# ")?;
        let rest = &lines[at + 1..];
        let end = rest
            .iter()
            .position(|line| line.trim().starts_with("# "))
            .unwrap_or(rest.len());
        Some((heading, Doc(&rest[..end]).say()))
    })
}
