//! What other tools and design documents say, read into a spec: each line keeps the place that it came from.
//!
//! **Pure**: text in, text and a report out. A format is one file beside this one and one line in `IMPORTERS`; it
//! says which files are its own and puts what it understands into a [`Draft`]. What it does not understand it says:
//! nothing is dropped in silence, and a guess is called one.

mod draft;
mod escalated;
mod hcl;
mod taking;
mod written;

mod alertmanager;
mod cloudformation;
mod compose;
mod image;
mod kubernetes;
mod markdown;
mod openslo;
mod prometheus;
mod pyrra;
mod resource;
mod routing;
mod rule_groups;
mod sloth;
mod terraform;
mod unreadable;
mod variables;

use promise::{
    Lang,
    document::{Node, parse_foreign_yaml},
    say,
};

pub use draft::{Draft, Entry, Standing};
pub(crate) use markdown::said;
pub(crate) use taking::Taking;

/// A file that is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path, as the report and the comments name it.
    pub name: String,
    pub text: String,
}

/// A file, and its documents where it is YAML or JSON.
pub(crate) struct Source<'f> {
    pub(crate) name: &'f str,
    pub(crate) text: &'f str,
    pub(crate) documents: Vec<Node>,
    starts: Vec<usize>,
    /// The line of its file on which it begins, counted from 1.
    first: usize,
}

impl<'f> Source<'f> {
    fn of(name: &'f str, text: &'f str, first: usize) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        Self {
            name,
            text,
            documents: Vec::new(),
            starts: std::iter::once(0).chain(ends).collect(),
            first,
        }
    }

    fn read(file: &'f File, draft: &mut Draft) -> Self {
        let mut source = Self::of(&file.name, &file.text, 1);
        draft.open(source.name);
        if !source.has_ending(&[".tf"]) && !markdown::is_markdown(&file.name, &file.text) {
            let (documents, mistakes) = parse_foreign_yaml(&file.text);
            source.documents = documents;
            for mistake in mistakes {
                draft.lost(source.line(mistake.span.start), &file.name, mistake.message);
            }
        }
        source
    }

    /// The line of a byte offset, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        self.own_line(self.starts.partition_point(|start| *start <= offset))
    }

    /// The line of the file that is line `line` of this text.
    pub(crate) fn own_line(&self, line: usize) -> usize {
        line.max(1) + self.first - 1
    }

    /// Whether a template leaves it to whoever runs it to say what `name` is.
    pub(crate) fn has_parameter(&self, name: &str) -> bool {
        let parameters = self.documents.first().and_then(|it| it.get("Parameters"));
        parameters.is_some_and(|all| all.get(name).is_some())
    }

    fn has_ending(&self, endings: &[&str]) -> bool {
        endings.iter().any(|ending| self.name.ends_with(ending))
    }
}

/// A format.
pub(crate) struct Importer {
    /// What it is called in the report.
    name: &'static str,
    /// Whether a file, or one document of it, is of this format.
    fits: fn(&Source<'_>) -> bool,
    /// Reads all files of this format: one may refer to another. Each is opened before it is spoken of.
    read: fn(&[Source<'_>], &mut Draft),
}

/// The first that fits takes the file: what is told by its content stands before what is told by its name alone.
const IMPORTERS: &[Importer] = &[
    openslo::IMPORTER,
    sloth::IMPORTER,
    pyrra::IMPORTER,
    kubernetes::IMPORTER,
    cloudformation::IMPORTER,
    terraform::PLAN,
    terraform::IMPORTER,
    alertmanager::IMPORTER,
    prometheus::IMPORTER,
    rule_groups::IMPORTER,
    compose::IMPORTER,
    markdown::IMPORTER,
];

/// Formats that are told by their content, where a document quotes a whole file.
const QUOTED: &[&Importer] = &[
    &openslo::IMPORTER,
    &sloth::IMPORTER,
    &pyrra::IMPORTER,
    &kubernetes::IMPORTER,
    &cloudformation::IMPORTER,
    &terraform::PLAN,
    &alertmanager::IMPORTER,
    &prometheus::IMPORTER,
    &rule_groups::IMPORTER,
];

/// Reads a block of another file as that file would be read; `false` where no format fits it.
fn quoted(name: &str, language: &str, text: &str, first: usize, draft: &mut Draft) -> bool {
    let mut source = Source::of(name, text, first);
    if hcl::is_named(language) {
        (terraform::IMPORTER.read)(&[source], draft);
        return true;
    }
    // What is wrong with it is told by whoever reads it.
    source.documents = parse_foreign_yaml(text).0;
    let Some(importer) = QUOTED.iter().find(|importer| (importer.fits)(&source)) else {
        return false;
    };
    (importer.read)(&[source], draft);
    true
}

/// A spec made from files, and what became of each thing that they say.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    pub text: String,
    /// In the order of the files and their lines.
    pub report: Vec<Entry>,
}

/// What the program around this crate knows, where no file says it.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// What the service is called.
    pub name: &'a str,
    /// An IANA time zone.
    pub time_zone: &'a str,
    /// The language in which the spec's comments say why something is a guess.
    pub lang: Lang,
}

/// Reads every file by the format that fits it.
#[must_use]
pub fn import(files: &[File], about: &About<'_>) -> Imported {
    let mut draft = Draft::default();
    let mut taken: Vec<Vec<Source<'_>>> = IMPORTERS.iter().map(|_| Vec::new()).collect();
    for file in files {
        let source = Source::read(file, &mut draft);
        match IMPORTERS
            .iter()
            .position(|importer| (importer.fits)(&source))
        {
            Some(at) => taken[at].push(source),
            None => draft.lost(
                1,
                &file.name,
                say!(
                    "no format that is known here fits this file",
                    "知っているどの形式にも当てはまりません"
                ),
            ),
        }
    }
    for (importer, sources) in IMPORTERS
        .iter()
        .zip(taken)
        .filter(|(_, sources)| !sources.is_empty())
    {
        (importer.read)(&sources, &mut draft);
    }
    draft.finish(about)
}

/// The names of the formats, for help.
pub fn formats() -> impl Iterator<Item = &'static str> {
    IMPORTERS.iter().map(|importer| importer.name)
}
