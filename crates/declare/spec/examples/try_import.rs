//! Scratch.
use promise::{Lang, Timestamp};
use spec::{
    World,
    import::{About, File, Standing, import},
    load,
};
fn main() {
    let mut args = std::env::args().skip(1);
    let path = args.next().unwrap();
    let yaml = args.next().as_deref() == Some("-y");
    let file = File {
        name: path.rsplit('/').next().unwrap().to_owned(),
        text: std::fs::read_to_string(&path).unwrap(),
    };
    let done = import(
        std::slice::from_ref(&file),
        &About {
            name: "x",
            time_zone: "Asia/Tokyo",
            lang: if std::env::args().any(|a| a == "-j") {
                Lang::Ja
            } else {
                Lang::En
            },
        },
    );
    if yaml {
        println!("{}", done.text);
    }
    if std::env::args().any(|a| a == "-v") {
        for e in &done.report {
            println!(
                "ALL {}: {:?} {} {:?} {}",
                e.line,
                e.standing,
                e.what,
                e.to,
                e.why
                    .as_ref()
                    .map(|w| w.get(Lang::En).to_string())
                    .unwrap_or_default()
            );
        }
    }
    for e in &done.report {
        if e.standing == Standing::Lost {
            println!(
                "LOST {}: {} {}",
                e.line,
                e.what,
                e.why
                    .as_ref()
                    .map(|w| w.get(Lang::En).to_string())
                    .unwrap_or_default()
            );
        }
    }
    let n = |s| done.report.iter().filter(|e| e.standing == s).count();
    println!(
        "MAPPED {} GUESSED {} LOST {}",
        n(Standing::Mapped),
        n(Standing::Guessed),
        n(Standing::Lost)
    );
    fn balanced(_: &str) -> Result<(), (usize, String)> {
        Ok(())
    }
    let loaded = load(
        &done.text,
        "tegata.yaml",
        &World::without_files(&balanced, Timestamp::from_millis(1_795_000_000_000)),
    );
    for d in &loaded.diagnostics {
        let lines: Vec<_> = d
            .labels
            .iter()
            .map(|(s, t)| {
                let l = done.text[..s.start as usize].matches('\n').count();
                let ls = done.text.lines().nth(l).unwrap_or("");
                format!("    | {} {}", ls.trim(), t.get(Lang::En))
            })
            .collect();
        println!(
            "CODE {:?} {} {}\n{}",
            d.level,
            d.code,
            d.message.get(Lang::En),
            lines.join("\n")
        );
    }
}
