//! Breaks specs and files of other tools at random, and reads them: `cargo xtask fuzz spec --minutes 10 --seed 1`.
//!
//! Nothing may panic; every place of a finding lies in its text; a spec comes with no error and no spec without one;
//! what is laid out says the same and stays so; what is mended is never worse; what is imported can be read. The
//! text that breaks one of these is printed with the seed that leads to it.

use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};

use promise::{Lang, Timestamp};
use spec::{
    Level, Loaded, Style, Texts, World,
    import::{About, File, import},
    load, render, to_json, to_sarif,
};

/// Files are small, as a person's are: larger ones only make each try slower.
const LETTERS_MAX: usize = 20_000;
/// Edits to one text: many mistakes hide each other.
const EDITS_MAX: u64 = 6;

/// What people and accidents put into a file.
const SCRAPS: &[&str] = &[
    "",
    " ",
    "\n",
    "\t",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "|\n  x",
    ">-",
    "&a ",
    "*a",
    "<<: *a",
    "!Ref x",
    "#",
    "---\n",
    "99.5",
    "5 min",
    "${",
    "}",
    "決済",
    "\u{1f600}",
    "\u{202e}",
    "\u{0}",
    "\r\n",
    "null",
    "true",
    "=",
    "<<EOF\n",
    "include: [x]",
    "~",
    "%",
    "-1",
    "1e999",
    "\\",
    "/*",
    "//",
];

/// A small generator, so that a seed leads to the same text on every machine (Marsaglia's xorshift64*).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() >> 16).unwrap_or(0) % bound.max(1)
    }
}

fn main() {
    let (mut minutes, mut seed) = (1u64, 1u64);
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let value = args.next().and_then(|value| value.parse().ok());
        match (arg.as_str(), value) {
            ("--minutes", Some(value)) => minutes = value,
            ("--seed", Some(value)) => seed = value,
            _ => {
                eprintln!("fuzz_spec [--minutes N] [--seed N]");
                std::process::exit(2);
            }
        }
    }
    let files = corpus();
    let (start, until) = (Instant::now(), Duration::from_secs(60 * minutes));
    let mut tries = 0u64;
    while start.elapsed() < until {
        let this = seed.wrapping_add(tries);
        let file = broken(&files, this);
        // A panic ends the program; what led to it must be known by then.
        let told = std::panic::catch_unwind(|| held(&file));
        if !matches!(told, Ok(Ok(()))) {
            let why = told.map_or_else(
                |_| "it panicked".to_owned(),
                |held| held.err().unwrap_or_default(),
            );
            eprintln!("seed {this}, {}: {why}\n{}", file.name, file.text);
            std::process::exit(1);
        }
        tries += 1;
    }
    println!("{tries} texts in {minutes} min from seed {seed}: nothing broke");
}

/// The specs and files that the tests read.
fn corpus() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [
        root.join("tests/clean"),
        root.join("tests/import"),
        root.join("../../../examples"),
    ];
    let mut out = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if let Ok(text) = fs::read_to_string(entry.path()) {
                out.push(File {
                    name: entry.file_name().to_string_lossy().into_owned(),
                    text,
                });
            }
        }
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(!out.is_empty(), "there is nothing to break");
    out
}

fn broken(files: &[File], seed: u64) -> File {
    let mut chance = Chance(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let file = &files[chance.below(files.len())];
    let mut letters: Vec<char> = file.text.chars().take(LETTERS_MAX).collect();
    for _ in 0..=chance.next() % EDITS_MAX {
        let from = chance.below(letters.len() + 1);
        let until = (from + chance.below(16)).min(letters.len());
        let scrap = match chance.below(4) {
            // A part of the text itself, at another place.
            0 => {
                let at = chance.below(letters.len());
                letters[at..(at + chance.below(40)).min(letters.len())]
                    .iter()
                    .collect()
            }
            _ => SCRAPS[chance.below(SCRAPS.len())].to_owned(),
        };
        letters.splice(from..until, scrap.chars());
    }
    File {
        name: file.name.clone(),
        text: letters.into_iter().collect(),
    }
}

fn held(file: &File) -> Result<(), String> {
    let world = World::without_files(&|_| Ok(()), Timestamp::EPOCH);
    let loaded = load(&file.text, &file.name, &world);
    whole(&loaded, &Texts::default())?;
    if let Ok(once) = spec::format(&file.text)
        && spec::format(&once).as_deref() != Ok(once.as_str())
    {
        return Err("the layout changes the second time".to_owned());
    }
    let errors = |loaded: &Loaded| {
        loaded
            .diagnostics
            .iter()
            .filter(|it| it.level == Level::Error)
            .count()
    };
    for with_unsafe in [false, true] {
        let mended = spec::mend(&file.text, &file.name, &world, with_unsafe);
        if errors(&mended.loaded) > errors(&loaded) {
            return Err("mending made it worse".to_owned());
        }
    }
    let about = About {
        name: "fuzz",
        time_zone: "UTC",
        lang: Lang::En,
    };
    let imported = import(std::slice::from_ref(file), &about);
    let again = load(&imported.text, "imported.yaml", &world);
    // The document too is shown beside what came of it.
    whole(&again, &Texts::one(&file.name, &file.text))?;
    match again
        .diagnostics
        .iter()
        .find(|it| ["yaml-syntax", "duplicate-key", "not-plain-yaml"].contains(&it.code))
    {
        Some(found) => Err(format!(
            "the import cannot be read: {}\n{}",
            found.message.en, imported.text
        )),
        None => Ok(()),
    }
}

fn whole(loaded: &Loaded, documents: &Texts) -> Result<(), String> {
    for diagnostic in &loaded.diagnostics {
        let spans = diagnostic
            .labels
            .iter()
            .map(|(span, _)| span)
            .chain(&diagnostic.masked);
        let edits = diagnostic
            .fixes
            .iter()
            .flat_map(|fix| &fix.edits)
            .map(|edit| &edit.span);
        for span in spans.chain(edits) {
            if loaded.texts.get(span).is_none() {
                return Err(format!("{span:?} lies outside of its text: {diagnostic:?}"));
            }
        }
    }
    let errors = loaded.diagnostics.iter().any(|it| it.level == Level::Error);
    if loaded.spec.is_some() == errors {
        return Err("a spec comes without errors, and none with them".to_owned());
    }
    // That they end is all that is asked here.
    for lang in Lang::ALL {
        let _ = render(
            &loaded.diagnostics,
            &loaded.texts,
            documents,
            lang,
            Style {
                color: true,
                width: 60,
            },
        );
    }
    let _ = to_json(&loaded.diagnostics, &loaded.texts);
    let _ = to_sarif(
        &loaded.diagnostics,
        &loaded.suppressed,
        &loaded.texts,
        "0",
        Lang::En,
    );
    Ok(())
}
