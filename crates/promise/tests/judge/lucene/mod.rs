//! Lucene's own classic parser reads 10,000 queries; ours must read the same.
//!
//! It comes with Debian's `liblucene8-java`, which `cargo xtask test` installs. Where it is not there nothing is
//! compared, and that is said; a run of `cargo xtask test` does not pass without it.

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use promise::signal::log_query::lucene::{Asks, Leaf, Occur, Operator, Syntax, Tree, parse};
use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

const QUERIES: usize = 10_000;
const JARS: [&str; 3] = [
    "lucene-core",
    "lucene-queryparser",
    "lucene-analyzers-common",
];

#[test]
fn ten_thousand_queries_are_read_as_lucene_reads_them() {
    let Some(jars) = jars() else {
        assert!(
            std::env::var_os("TEGATA_PEERS").is_none(),
            "liblucene8-java is missing from {FOLDER}"
        );
        println!("liblucene8-java is not installed: `cargo xtask test` installs it");
        return;
    };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lucene");
    fs::create_dir_all(&folder).unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judge/lucene/Oracle.java");
    let compiled = Command::new("javac")
        .args(["-nowarn", "-cp", &jars, "-d"])
        .arg(&folder)
        .arg(source)
        .status()
        .unwrap();
    assert!(compiled.success());
    let class_path = format!("{jars}:{}", folder.display());
    let queries = queries();
    let mut differ = Vec::new();
    let mut accepted = 0;
    for (name, operator) in [("or", Operator::Or), ("and", Operator::And)] {
        let theirs = ask(&class_path, name, &queries);
        assert_eq!(theirs.len(), queries.len());
        for (query, theirs) in queries.iter().zip(theirs) {
            let ours = parse(query, Syntax::classic(operator))
                .map_or_else(|_| "!".to_owned(), |tree| show(&tree));
            accepted += usize::from(theirs != "!");
            if ours != theirs {
                differ.push(format!(
                    "{name}: {query}\n  ours   {ours}\n  theirs {theirs}"
                ));
            }
        }
    }
    assert!(
        differ.is_empty(),
        "{} differ:\n{}",
        differ.len(),
        differ[..differ.len().min(40)].join("\n")
    );
    assert!(
        accepted > QUERIES,
        "only {accepted} of {} were queries at all",
        2 * QUERIES
    );
}

const FOLDER: &str = "/usr/share/java";

/// The class path, when all of it is there.
fn jars() -> Option<String> {
    let names: Vec<String> = fs::read_dir(FOLDER)
        .ok()?
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    let jar = |wanted: &&str| {
        let name = names
            .iter()
            .find(|name| name.starts_with(&format!("{wanted}-8")))?;
        Some(format!("{FOLDER}/{name}"))
    };
    JARS.iter()
        .map(jar)
        .collect::<Option<Vec<_>>>()
        .map(|jars| jars.join(":"))
}

/// Most are built from the grammar, one in five is its letters in any order. A line each, so no line ends.
fn queries() -> Vec<String> {
    let word =
        "[a-c甲]{1,3}|[a-c]{1,3}|[a-c]{1,2}|TO|5|1\\.5|\\\\\\*x|a\\\\u0041|a-b|a\\+|&&a|x\\.y|失敗";
    let term = proptest::strategy::Union::new([
        word.prop_map(|w: String| w).boxed(),
        "(f|g\\.h|_exists_|\\\\ f|f\\\\:):".prop_flat_map(move |f: String| word.prop_map(move |w: String| format!("{f}{w}"))).boxed(),
        "\"[a-c ]{0,6}\"(~[0-9]{0,2})?".boxed(),
        "[a-c]{0,2}[*?]{1,2}[a-c*?]{0,2}".boxed(),
        "/[a-c.*+()|]{0,5}(\\\\/)?[a-c]?/".boxed(),
        "[a-c]{1,4}~([0-2]|0\\.5)?".boxed(),
        "(f:)?[\\[{]([a-c1-9*]{1,3}|\"[a-c ]{1,4}\"|TO) {1,2}TO ([a-c1-9*]{1,3}|\"[a-c ]{1,4}\")[\\]}]".boxed(),
        "[a-c]\\^[0-9](\\.[0-9])?(~1)?".boxed(),
        "f:[<>]=?[0-9]".boxed(),
    ]);
    let joined = |inner: proptest::strategy::BoxedStrategy<String>| {
        let clause =
            ("(|||||||\\+|-|!|NOT )", inner).prop_map(|(sign, term)| format!("{sign}{term}"));
        proptest::collection::vec((clause, "( | AND | OR | && | \\|\\| |  )"), 1..5)
            .prop_map(|parts| {
                let text: String = parts
                    .into_iter()
                    .flat_map(|(clause, join)| [clause, join])
                    .collect();
                let mut text = text.as_str();
                while let Some(shorter) = [" ", "AND", "OR", "&&", "||"]
                    .iter()
                    .find_map(|join| text.strip_suffix(join))
                {
                    text = shorter;
                }
                text.to_owned()
            })
            .boxed()
    };
    let grouped = term.boxed().prop_recursive(3, 12, 4, move |inner| {
        ("(|f:|-)", joined(inner), "(\\^2|\\^0\\.5||)")
            .prop_map(|(field, inner, boost)| format!("{field}({inner}){boost}"))
    });
    let built = joined(grouped.boxed());
    let random =
        "[a-c甲:\\\\(){}\\[\\]\"*?<>=!+~^/u0-2.\\- &|ANDORTO]{0,24}".prop_map(|text: String| text);
    // Halves of surrogate pairs are no text for us; Java keeps them.
    let random = random.prop_filter("surrogates", |text| !text.contains("\\u"));
    let both = proptest::strategy::Union::new_weighted(vec![(4, built), (1, random.boxed())]);
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..QUERIES)
        .map(|_| both.new_tree(&mut runner).unwrap().current())
        .collect()
}

fn ask(class_path: &str, operator: &str, queries: &[String]) -> Vec<String> {
    let mut java = Command::new("java")
        .args(["-cp", class_path, "Oracle", operator])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = java.stdin.take().unwrap();
    let lines = queries.join("\n") + "\n";
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let answer = java.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(answer.status.success());
    String::from_utf8(answer.stdout)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}

/// In the form of Oracle.java.
fn show(tree: &Tree) -> String {
    match tree {
        Tree::Clauses(clauses) => {
            let parts = clauses.iter().map(|(occur, tree)| {
                let sign = match occur {
                    Occur::Must => '+',
                    Occur::Should => '?',
                    Occur::MustNot => '-',
                };
                format!("{sign}{}", show(tree))
            });
            format!("({})", parts.collect::<String>())
        }
        Tree::Boost(inner, boost) => format!("{}^{:x}", show(inner), boost.to_bits()),
        Tree::Leaf(leaf) => show_leaf(leaf),
    }
}

fn show_leaf(leaf: &Leaf) -> String {
    let field = escape(leaf.field.as_deref().unwrap_or_default());
    let (kind, text) = match &leaf.asks {
        Asks::Word(text) => ("word", escape(text)),
        Asks::Phrase { text, slop } => {
            ("phrase", format!("{}|{}", escape(text), slop.unwrap_or(0)))
        }
        Asks::Prefix(text) => ("prefix", escape(text)),
        Asks::Wildcard(text) => ("wildcard", escape(text)),
        Asks::Regex(text) => ("regex", escape(text)),
        // Lucene takes two edits where no number stands.
        Asks::Fuzzy { text, distance } => (
            "fuzzy",
            format!("{}|{:x}", escape(text), distance.unwrap_or(2.0).to_bits()),
        ),
        Asks::Range {
            low,
            high,
            low_inclusive,
            high_inclusive,
        } => {
            let end = |end: &Option<String>| {
                end.as_ref()
                    .map_or("*".to_owned(), |text| format!("'{}", escape(text)))
            };
            (
                "range",
                format!(
                    "{}|{}|{low_inclusive}|{high_inclusive}",
                    end(low),
                    end(high)
                ),
            )
        }
    };
    format!("{kind}{{{field}|{text}}}")
}

fn escape(text: &str) -> String {
    let mut out = String::new();
    for unit in text.encode_utf16() {
        match char::from_u32(u32::from(unit)).filter(char::is_ascii_alphanumeric) {
            Some(c) => out.push(c),
            None => write!(out, "\\{unit:04x}").unwrap(),
        }
    }
    out
}
