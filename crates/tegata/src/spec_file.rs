//! The spec as a file: read with a bound, loaded, and its diagnostics shown.

use std::{
    io::{IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use promise::{Clock as _, Lang, Say, say};
use spec::{Diagnostic, Included, Level, Loaded, Style, Texts, World};

use crate::{clock::SystemClock, exit::Stop, facts, rule_files};

/// Endings of what `tegata import` reads.
const DOCUMENTS: [&str; 10] = [
    "md", "markdown", "txt", "yaml", "yml", "json", "tf", "hcl", "bicep", "template",
];

/// What came of a file and of those that it includes.
pub(crate) struct SpecFile {
    pub(crate) loaded: Loaded,
}

/// Reads and checks the file; only a file that cannot be read is an error.
pub(crate) fn open(path: &Path, lang: Lang) -> anyhow::Result<SpecFile> {
    let text = read(path).map_err(|why| Stop::missing(why.get(lang)))?;
    let loaded = load(&text, &path.display().to_string());
    Ok(SpecFile { loaded })
}

/// Checks a text with all that the binary knows.
pub(crate) fn load(text: &str, file: &str) -> Loaded {
    with_world(&|world| spec::load(text, file, world))
}

/// What the binary knows: PromQL, the files beside a spec, and the time.
pub(crate) fn with_world<T>(ask: &dyn Fn(&World<'_>) -> T) -> T {
    in_world(&|path| read(path), ask)
}

/// The same, where files are read by `read`.
pub(crate) fn in_world<T>(
    read: &dyn Fn(&Path) -> Result<String, Say>,
    ask: &dyn Fn(&World<'_>) -> T,
) -> T {
    let check_query = |query: &str| match promql::Query::parse(query) {
        Ok(_) => Ok(()),
        Err(error) => Err((error.offset.unwrap_or(0), error.message)),
    };
    let include = |from: &str, pattern: &str| -> Vec<Included> {
        let folder = Path::new(from).parent().unwrap_or(Path::new(""));
        let files = rule_files::matching(folder, pattern).into_iter();
        let one = |path: PathBuf| (path.display().to_string(), read(&path));
        files.map(one).collect()
    };
    ask(&World {
        check_query: &check_query,
        include: &include,
        now: SystemClock.now(),
        facts: facts::known(),
    })
}

/// Writes a file so that at every moment either the old or the new text is there, with the old one's permissions.
pub(crate) fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    // A link stays one: what it leads to is replaced.
    let path = std::fs::canonicalize(path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = folder.join(format!(".{name}.{}", std::process::id()));
    let write = || {
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(std::fs::metadata(&path)?.permissions())?;
        file.sync_all()?;
        std::fs::rename(&beside, &path)
    };
    let written = write();
    if written.is_err() {
        // What is left of it helps nobody; the first error is the one that counts.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// The text of a file of bounded size.
pub(crate) fn read(path: &Path) -> Result<String, Say> {
    let shown = path.display();
    let size = std::fs::metadata(path)
        .map_err(|error| cannot_read(path, &error))?
        .len();
    if size > spec::TEXT_MAX as u64 {
        return Err(say!(
            "{shown} has {size} bytes; a spec has at most {}",
            "{shown} は {size} バイトあります。仕様は {} バイトまでです",
            spec::TEXT_MAX
        ));
    }
    let bytes = std::fs::read(path).map_err(|error| cannot_read(path, &error))?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        say!(
            "{shown} is not UTF-8 at byte {at}",
            "{shown} の {at} バイト目が UTF-8 ではありません"
        )
    })
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Say {
    let shown = path.display();
    if error.kind() == std::io::ErrorKind::NotFound {
        return say!(
            "{shown} is not there: `tegata init` writes a first one, `tegata import FILES -o {shown}` one from what you have",
            "{shown} がありません。`tegata init` で最初の仕様を、`tegata import ファイル -o {shown}` で手元の文書から仕様を作れます"
        );
    }
    say!(
        "{shown} cannot be read: {error}",
        "{shown} を読めません: {error}"
    )
}

impl SpecFile {
    /// Shows every diagnostic on stderr.
    pub(crate) fn show(&self, lang: Lang) {
        show(&self.loaded.diagnostics, &self.loaded.texts, lang);
    }

    /// The spec, or its mistakes on stderr and the exit code for them. What else there is to say of a spec that can be
    /// used is said by `tegata check`, and at a start.
    pub(crate) fn into_spec(self, lang: Lang) -> anyhow::Result<spec::Spec> {
        if self.loaded.spec.is_none() {
            self.show(lang);
        }
        Ok(self.loaded.spec.ok_or_else(Stop::bad_spec)?)
    }
}

/// Shows what was found in texts on stderr.
pub(crate) fn show(diagnostics: &[Diagnostic], texts: &Texts, lang: Lang) {
    let read = |name: &str| document(name, texts);
    let documents = spec::documents(diagnostics, texts, &read);
    let page = spec::render(diagnostics, texts, &documents, lang, style());
    eprint!("{page}");
}

/// A document that a spec was imported from: as it was named then, or from the spec's folder. Only what a design is
/// written in, so that a comment in a spec from elsewhere cannot have any other file of this machine printed.
fn document(name: &str, texts: &Texts) -> Option<String> {
    let path = origin_path(name, Path::new(texts.name(0)))?;
    read(&path).ok()
}

/// Where a document that a spec names as its origin lies, if it is one and is there.
pub(crate) fn origin_path(name: &str, spec: &Path) -> Option<PathBuf> {
    let ending = Path::new(name).extension()?.to_str()?.to_lowercase();
    if !DOCUMENTS.contains(&ending.as_str()) {
        return None;
    }
    let beside = spec.parent().unwrap_or(Path::new("")).join(name);
    [PathBuf::from(name), beside]
        .into_iter()
        .find(|path| path.is_file())
}

/// One sentence for a bad spec, for the board and the log.
pub(crate) fn summary(diagnostics: &[Diagnostic]) -> Say {
    let first = diagnostics.iter().find(|d| d.level == Level::Error);
    let count = diagnostics
        .iter()
        .filter(|d| d.level == Level::Error)
        .count();
    match first {
        Some(first) => Say::new(
            format!("{count} mistakes, the first: {}", first.message.en),
            format!("誤り {count} 件。最初の誤り: {}", first.message.ja),
        ),
        None => say!("no mistakes", "誤りはありません"),
    }
}

fn style() -> Style {
    let color = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let width = std::env::var("COLUMNS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(100);
    Style { color, width }
}
