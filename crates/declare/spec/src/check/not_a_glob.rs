//! File patterns that would not match what they seem to.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A pattern in `files` that is empty, or uses `**`, `?`, `[…]` or `{…}`.
    /// ja: `files` のパターンが空であるか、`**`・`?`・`[…]`・`{…}` を使っている。
    /// # Why
    /// Only `*` is special; the rest would be taken as letters, so the file would never be found and its log would be missing in silence.
    /// ja: 特別な意味を持つのは `*` だけです。ほかは文字どおりに扱われ、ファイルが見つからないまま気づかれません。
    /// # Source
    /// No number.
    /// ja: 数値はありません。
    /// # Example
    /// `files: [/var/log/**/app.log]`
    /// ja: `files: [/var/log/**/app.log]`
    /// # Fix
    /// Name each folder: `[/var/log/*.log, /var/log/app/*.log]`.
    /// ja: フォルダーごとに書きます: `[/var/log/*.log, /var/log/app/*.log]`。
    "not-a-glob": Error, needs [], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, logs) in &sight.spec.sources.logs {
        for (index, pattern) in logs.files.iter().enumerate() {
            let unknown = ["**", "?", "[", "]", "{", "}"].into_iter().find(|part| pattern.contains(part));
            let message = match unknown {
                Some(part) => say!(
                    "`{part}` has no meaning in a file pattern",
                    "ファイルのパターンで `{part}` は使えません"
                ),
                None if pattern.trim().is_empty() || pattern.ends_with('/') => {
                    say!("this names no file", "ファイルが指定されていません")
                }
                None => continue,
            };
            let path = ["sources", "logs", name, "files", &index.to_string()];
            found.note(sight.places.at(&path), message).hint(say!(
                "`*` matches any text within one folder, such as `/var/log/app_*.jsonl`",
                "`*` は一つのフォルダーの中の任意の文字列に一致します。例: `/var/log/app_*.jsonl`"
            ));
        }
    }
}
