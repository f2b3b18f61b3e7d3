//! The tables of facts that rules use: those of the program, and the rows of a folder in their place.
//!
//! A price or an end of life changes more often than the program is released. The folder is read once, before the
//! command does anything; a file in it that is no table ends the command instead of being left out, for a rule
//! that silently used the older figure would be believed.

use std::{io::Read as _, path::Path, sync::OnceLock};

use promise::{Lang, Say, say};
use spec::Facts;

use crate::exit::Stop;

/// More than a table of the largest provider has; a larger file is another one.
const TABLE_MAX: u64 = 4 * 1024 * 1024;

static FACTS: OnceLock<Facts> = OnceLock::new();

/// The tables in use.
pub(crate) fn known() -> &'static Facts {
    FACTS.get_or_init(|| Facts::built_in().clone())
}

/// Puts the rows of every `*.tsv` of the folder in the place of those of the program.
///
/// # Errors
/// Where the folder cannot be read or one of its tables is none; all of them are named at once.
pub(crate) fn take(folder: &Path, lang: Lang) -> anyhow::Result<()> {
    let shown = folder.display();
    let unread = |error: std::io::Error| {
        let why = say!(
            "the folder of facts {shown} cannot be read: {error}",
            "事実の表のフォルダー {shown} を読めません: {error}"
        );
        Stop::missing(why.get(lang))
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        paths.extend(
            path.extension()
                .is_some_and(|it| it == "tsv")
                .then_some(path),
        );
    }
    paths.sort();
    let (mut facts, mut mistakes) = (Facts::built_in().clone(), Vec::new());
    for path in paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let more = text(&path).and_then(|text| facts.clone().with(&name, &text));
        match more {
            Ok(more) => facts = more,
            Err(why) => mistakes.push(format!("{}: {}", path.display(), why.get(lang))),
        }
    }
    if !mistakes.is_empty() {
        return Err(Stop::missing(mistakes.join("\n")).into());
    }
    // A process runs one command, so the tables are not in use yet.
    let _ = FACTS.set(facts);
    Ok(())
}

fn text(path: &Path) -> Result<String, Say> {
    let mut text = String::new();
    let read = std::fs::File::open(path)
        .and_then(|file| file.take(TABLE_MAX + 1).read_to_string(&mut text));
    match read {
        Ok(bytes) if u64::try_from(bytes).is_ok_and(|bytes| bytes <= TABLE_MAX) => Ok(text),
        Ok(_) => Err(say!(
            "larger than {TABLE_MAX} bytes",
            "{TABLE_MAX} バイトを超えています"
        )),
        Err(error) => Err(say!("cannot be read: {error}", "読めません: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_malformed_table_of_the_folder_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).expect("written")
        };
        write("price.tsv", "product\tmonthly\tcategory\tsource\tdate\n");
        write(
            "limits.tsv",
            "product\tlimit\tvalue\tsource\tdate\nalb\tidle_timeout\t90s\n",
        );
        write("notes.txt", "not a table, and not asked to be one");
        let said = take(folder.path(), Lang::En)
            .err()
            .map(|error| error.to_string());
        let said = said.unwrap_or_default();
        assert!(
            said.contains("limits.tsv: line 2: 3 cells where there are 5 columns"),
            "{said}"
        );
        assert!(
            said.contains("price.tsv: there is no table `price`: did you mean `prices`?"),
            "{said}"
        );
        assert!(!said.contains("notes.txt"), "{said}");
    }
}
