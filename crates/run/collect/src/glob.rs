//! Which files a pattern means: `*` and `?` within the last part of the path, one folder, no recursion.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Bounds one look at a folder that someone fills.
const ENTRIES_MAX: usize = 100_000;

/// The files that fit, sorted. A folder that is not there holds none.
pub(crate) fn files(data_dir: &Path, pattern: &str) -> io::Result<Vec<PathBuf>> {
    let path = data_dir.join(pattern);
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return Ok(Vec::new());
    };
    if !name.contains(['*', '?']) {
        return Ok(if path.is_file() {
            vec![path]
        } else {
            Vec::new()
        });
    }
    let folder = path.parent().unwrap_or(data_dir);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = Vec::new();
    for entry in entries.take(ENTRIES_MAX) {
        let entry = entry?;
        let fits_name = entry
            .file_name()
            .to_str()
            .is_some_and(|entry| fits(name, entry));
        if fits_name && entry.path().is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Linear: on a mismatch only the last `*` takes one more character.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((at, taken)) = star else {
                    return false;
                };
                star = Some((at, taken + 1));
                p = at + 1;
                n = taken + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_match_any_text() {
        assert!(fits("app*.log", "app-1.log"));
        assert!(fits("*", "anything"));
        assert!(fits("a?c", "abc"));
        assert!(!fits("app*.log", "app.log.1"));
        assert!(fits("*a*b*", "xxaxxbxx"));
        assert!(!fits("*a*b", "ab-"));
    }
}
