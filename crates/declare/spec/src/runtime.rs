//! Runtimes of languages, as documents and providers write them.

/// How a runtime's name may begin, in small letters, and what the table calls it.
const RUNTIMES: [(&str, &str); 15] = [
    ("nodejs", "nodejs"),
    ("node.js", "nodejs"),
    ("node", "nodejs"),
    ("python", "python"),
    ("amazon corretto", "corretto"),
    ("corretto", "corretto"),
    ("eclipse temurin", "temurin"),
    ("temurin", "temurin"),
    ("openjdk", "java"),
    ("java", "java"),
    ("dotnet", "dotnet"),
    (".net", "dotnet"),
    ("ruby", "ruby"),
    ("php", "php"),
    ("go", "go"),
];

/// The language and version of `nodejs18.x`, `Node.js 18.20`, `Java 11` or `java8.al2`; `None` of a text that says more than
/// one version, such as `Python 3.9+`.
pub(crate) fn runtime(text: &str) -> Option<(&'static str, &str)> {
    let (begins, engine) = RUNTIMES.iter().find(|(begins, _)| {
        text.get(..begins.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(begins))
    })?;
    let mut rest = &text[begins.len()..];
    if *engine == "dotnet" {
        rest = rest
            .trim_start()
            .strip_prefix("Core")
            .or_else(|| rest.strip_prefix("core"))
            .unwrap_or(rest);
    }
    let rest = rest.trim_start_matches([' ', ':', '-']);
    let rest = rest.strip_prefix('v').unwrap_or(rest);
    let ends = rest
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(rest.len());
    let (version, tail) = (rest[..ends].trim_end_matches('.'), rest[ends..].trim());
    let is_one = matches!(tail, "" | "x" | "al2" | "al2023" | "LTS" | "lts")
        || tail
            .strip_prefix('-')
            .is_some_and(|base| base.starts_with(|c: char| c.is_ascii_alphabetic()));
    // Java called itself 1.8 when it was 8.
    let version = match *engine {
        "java" | "corretto" | "temurin" => version.strip_prefix("1.").unwrap_or(version),
        _ => version,
    };
    (is_one && !version.is_empty()).then_some((*engine, version))
}

#[cfg(test)]
mod tests {
    use super::runtime;

    #[test]
    fn a_runtime_is_read_as_people_and_providers_write_it() {
        for (text, wanted) in [
            ("nodejs18.x", Some(("nodejs", "18"))),
            ("Node.js 18.20", Some(("nodejs", "18.20"))),
            ("node:20-alpine", Some(("nodejs", "20"))),
            ("python3.9", Some(("python", "3.9"))),
            ("Java 11", Some(("java", "11"))),
            ("java8.al2", Some(("java", "8"))),
            ("Java 1.8", Some(("java", "8"))),
            ("Amazon Corretto 17", Some(("corretto", "17"))),
            (".NET 6", Some(("dotnet", "6"))),
            (".NET Core 3.1", Some(("dotnet", "3.1"))),
            ("dotnetcore3.1", Some(("dotnet", "3.1"))),
            ("Go 1.22", Some(("go", "1.22"))),
            ("ruby3.2", Some(("ruby", "3.2"))),
            ("php8.1", Some(("php", "8.1"))),
            // More than one, another product, or none.
            ("Python 3.9+", None),
            ("Node.js 18/20", None),
            ("Node.js 18 or later", None),
            ("Java 11以降", None),
            (".NET Framework 4.8", None),
            ("provided.al2023", None),
            ("Gosu 1.2", None),
            ("Rust 1.80", None),
            ("Java", None),
        ] {
            assert_eq!(runtime(text), wanted, "{text}");
        }
    }
}
