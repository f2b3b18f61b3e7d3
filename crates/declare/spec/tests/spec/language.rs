//! Several files, suppressions, fixes, differences, and the help of an editor.

use promise::{Lang, document::Safety};
use spec::{
    Included, Level, Loaded, World,
    assist::{self, Sort},
    change::Effect,
};

use crate::{NOW, balanced, load};

const HEAD: &str = "service: { name: Shop, owner: sre }\n";
const TOLD: &str = "severities: { sev1: { level: 1 } }\nroutes: [{ receivers: [inbox] }]\nreceivers: { inbox: { kind: inbox } }\n";

fn promise(id: &str) -> String {
    format!(
        "  {id}: {{ kind: ratio, total: a_total, bad: b_total, at_least: 99 %, window: 5m, severity: sev1, runbook: 'https://r.example/' }}\n"
    )
}

/// Loads the first of `files`, which may include the others by their names.
fn load_files(files: &[(&str, String)]) -> Loaded {
    let include = |_: &str, pattern: &str| -> Vec<Included> {
        let fits = |name: &str| match pattern.strip_suffix('*') {
            Some(start) => name.starts_with(start),
            None => name == pattern,
        };
        files
            .iter()
            .filter(|(name, _)| fits(name))
            .map(|(name, text)| ((*name).to_owned(), Ok(text.clone())))
            .collect()
    };
    let world = World {
        check_query: &balanced,
        include: &include,
        now: NOW,
        facts: spec::Facts::built_in(),
    };
    spec::load(&files[0].1, files[0].0, &world)
}

fn codes(loaded: &Loaded) -> Vec<&'static str> {
    loaded.diagnostics.iter().map(|it| it.code).collect()
}

#[test]
fn a_spec_may_lie_in_several_files_and_every_finding_says_in_which() {
    let files = [
        ("a.yaml", format!("include: [p/*, c.yaml]\n{HEAD}{TOLD}")),
        ("p/1.yaml", format!("promises:\n{}", promise("one"))),
        (
            "p/2.yaml",
            format!("# 決済\npromises:\n{}{}", promise("two"), promise("one")),
        ),
        ("c.yaml", "retension: {}\n".to_owned()),
    ];
    let loaded = load_files(&files);
    assert_eq!(codes(&loaded), ["duplicate-key", "unknown-key"]);
    let duplicate = &loaded.diagnostics[0];
    assert_eq!(duplicate.file(&loaded.texts), "p/2.yaml");
    let places: Vec<(&str, usize)> = duplicate
        .labels
        .iter()
        .map(|(span, _)| {
            (
                loaded.texts.name(span.start),
                loaded.texts.place(span.start).line,
            )
        })
        .collect();
    assert_eq!(places, [("p/2.yaml", 4), ("p/1.yaml", 2)]);
    let page = spec::render(
        &loaded.diagnostics,
        &loaded.texts,
        &spec::Texts::default(),
        Lang::En,
        spec::Style::default(),
    );
    assert!(
        page.contains("--> p/2.yaml:4:3") && page.contains("::: p/1.yaml:2:3"),
        "{page}"
    );
    let json = spec::to_json(&loaded.diagnostics, &loaded.texts);
    assert_eq!(json["diagnostics"][1]["file"], "c.yaml");
    assert_eq!(
        json["diagnostics"][1]["bytes"]["start"], 0,
        "bytes count within their file"
    );
}

#[test]
fn what_is_right_in_several_files_is_one_spec() {
    let files = [
        (
            "a.yaml",
            format!("include: p/*\n{HEAD}{TOLD}promises:\n{}", promise("zero")),
        ),
        (
            "p/1.yaml",
            format!(
                "promises:\n{}routes: [{{ severities: [sev1], receivers: inbox }}]\n",
                promise("one")
            ),
        ),
    ];
    let loaded = load_files(&files);
    assert_eq!(codes(&loaded), Vec::<&str>::new());
    let spec = loaded.spec.unwrap();
    let ids: Vec<&str> = spec.promises.iter().map(|it| it.id.as_str()).collect();
    assert_eq!((ids, spec.routes.len()), (vec!["zero", "one"], 2));
}

#[test]
fn files_that_include_each_other_and_files_that_are_not_there_are_refused() {
    let cycle = [
        ("a.yaml", format!("include: b.yaml\n{HEAD}promises: {{}}\n")),
        ("b.yaml", "include: [a.yaml]\n".to_owned()),
    ];
    assert_eq!(codes(&load_files(&cycle)), ["include-cycle"]);
    let missing = [(
        "a.yaml",
        format!("include: [x.yaml]\n{HEAD}promises: {{}}\n"),
    )];
    assert_eq!(codes(&load_files(&missing)), ["no-such-file"]);
    let itself = [("a.yaml", format!("include: 'a*'\n{HEAD}promises: {{}}\n"))];
    assert_eq!(codes(&load_files(&itself)), ["include-cycle"]);
}

#[test]
fn what_is_suppressed_is_handed_out_with_its_reason() {
    let text = format!(
        "{HEAD}promises:\n{}suppressions:\n  soon: {{ rule: nobody-told, at: promises.one, reason: hired in December, until: 2026-12-31 }}\n",
        promise("one").replace(", severity: sev1", "")
    );
    let loaded = load(&text);
    assert_eq!(codes(&loaded), Vec::<&str>::new());
    let one = &loaded.suppressed[0];
    assert_eq!(
        (one.name.as_str(), one.finding.code),
        ("soon", "nobody-told")
    );
    let sarif = spec::to_sarif(
        &loaded.diagnostics,
        &loaded.suppressed,
        &loaded.texts,
        "0",
        Lang::En,
    );
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(
        result["suppressions"][0]["justification"],
        "hired in December"
    );
    // At another place it covers nothing.
    let elsewhere = load(&text.replace("promises.one", "service"));
    assert!(
        codes(&elsewhere).contains(&"nobody-told")
            && codes(&elsewhere).contains(&"idle-suppression")
    );
}

#[test]
fn sarif_and_annotations_name_the_place() {
    let text = "service: { name: 店, ownr: sre }\npromises: {}\n";
    let loaded = load(text);
    let sarif = spec::to_sarif(&loaded.diagnostics, &[], &loaded.texts, "1.2.3", Lang::En);
    let result = sarif["runs"][0]["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|it| it["ruleId"] == "unknown-key")
        .unwrap();
    let region = &result["locations"][0]["physicalLocation"]["region"];
    // `service: { name: 店, ` is 20 characters.
    assert_eq!(
        (&region["startLine"], &region["startColumn"]),
        (&1.into(), &21.into())
    );
    let replacement = &result["fixes"][0]["artifactChanges"][0]["replacements"][0];
    assert_eq!(replacement["insertedContent"]["text"], "owner");
    let line = spec::to_github(&loaded.diagnostics, &loaded.texts, Lang::Ja);
    assert!(
        line.contains(
            "::error file=tegata.yaml,line=1,col=21,endLine=1,endColumn=25,title=unknown-key::"
        ),
        "{line}"
    );
    assert!(line.contains("%0A"), "line ends are escaped: {line}");
}

fn mended(text: &str, with_unsafe: bool) -> (Option<String>, Loaded) {
    let world = World::without_files(&balanced, NOW);
    let mut done = spec::mend(text, "tegata.yaml", &world, with_unsafe);
    (done.files.remove("tegata.yaml"), done.loaded)
}

#[test]
fn safe_fixes_change_what_is_wrong_and_nothing_else() {
    let text = "# 店の約束\nservice: { name: Shop, ownr: sre }   # who\npromises:\n  paid:\n    kind: raito # the kind\n    total: a_total\n    bad: b_total\n\n    at_least: 99.5\n    window: 5 min\n    severity: sev1\n    runbook: 'https://r.example/'\nseverities: { sev1: { level: 1 } }\nroutes: [{ receivers: [inbox] }]\nreceivers: { inbox: { kind: inbox } }\n";
    let (changed, loaded) = mended(text, false);
    let wanted = text
        .replace("ownr", "owner")
        .replace("raito", "ratio")
        .replace("99.5\n", "99.5 %\n")
        .replace("5 min\n", "5m\n");
    assert_eq!(changed.as_deref(), Some(wanted.as_str()));
    assert!(loaded.spec.is_some(), "{:?}", loaded.diagnostics);
}

#[test]
fn a_fix_that_changes_who_is_told_waits_for_a_person() {
    let text = format!(
        "{HEAD}promises:\n{}{}",
        promise("one"),
        TOLD.replace("receivers: [inbox]", "receivers: [inbx]")
    );
    let (changed, loaded) = mended(&text, false);
    assert_eq!(changed, None);
    let fix = &loaded.diagnostics[0].fixes[0];
    assert_eq!(fix.safety, Safety::Unsafe);
    let (changed, loaded) = mended(&text, true);
    assert!(changed.is_some_and(|it| it.contains("receivers: [inbox]")) && loaded.spec.is_some());
}

#[test]
fn what_changed_is_said_in_words() {
    let old = format!(
        "{HEAD}promises:\n{}{}{TOLD}retention: {{ metrics: 400d }}\n",
        promise("one"),
        promise("two")
    );
    let new = old
        .replacen("99 %", "99.9 %", 1)
        .replacen("window: 5m", "window: 300s", 1)
        .replace(&promise("two"), &promise("three"))
        .replace("400d", "90d")
        .replace("level: 1 ", "level: 1, page_within: 5m ");
    let changes = spec::changes(&load(&old).spec.unwrap(), &load(&new).spec.unwrap());
    let said: Vec<(Effect, &str)> = changes
        .iter()
        .map(|it| (it.effect, it.path.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            (Effect::Looser, "retention.metrics"),
            (Effect::Dropped, "promises.two"),
            (Effect::Stricter, "promises.one.at_least"),
            (Effect::Added, "promises.three"),
            (Effect::Added, "severities.sev1.page_within"),
        ]
    );
    assert_eq!(
        changes[2].text.en,
        "`promises.one.at_least` is stricter: 99 % → 99.9 %"
    );
    assert_eq!(
        changes[0].text.ja,
        "`retention.metrics` が緩くなりました: 400d → 90d"
    );
}

/// The place is where `|` stands; the names are those of the text as it was before.
fn proposed(text: &str) -> Vec<(String, Sort)> {
    let offset = text.find('|').unwrap();
    let text = text.replacen('|', "", 1);
    let before = format!("{HEAD}{TOLD}promises:\n{}", promise("one"));
    let whole = load(&before).root;
    let all = assist::complete(&text, offset, whole.as_ref());
    all.into_iter().map(|it| (it.label, it.sort)).collect()
}

#[test]
fn an_editor_is_told_what_may_stand_here() {
    let has = |text: &str, label: &str, sort: Sort| {
        let all = proposed(text);
        assert!(all.contains(&(label.to_owned(), sort)), "{text}: {all:?}");
    };
    has("ret|", "retention", Sort::Key);
    has("promises:\n  new:\n    ki|", "kind", Sort::Key);
    has("promises:\n  new:\n    kind: |", "deadline", Sort::Name);
    has("promises:\n  new:\n    severity: |", "sev1", Sort::Name);
    has("routes:\n  - receivers: [|", "inbox", Sort::Name);
    has(
        "receivers:\n  m: { kind: email, security: |",
        "starttls",
        Sort::Value,
    );
    has("suppressions:\n  x: { rule: |", "page-too-late", Sort::Name);
    let inside = proposed("promises:\n  one: { kind: ratio, |");
    assert!(
        !inside.iter().any(|(label, _)| label == "histogram"),
        "a ratio has no histogram: {inside:?}"
    );
    assert!(
        !inside.iter().any(|(label, _)| label == "window"),
        "it is written already: {inside:?}"
    );
    assert_eq!(proposed("a: # |"), []);
}

#[test]
fn a_name_leads_to_where_it_is_defined_and_back() {
    let text = format!(
        "{HEAD}promises:\n{}{}{TOLD}",
        promise("one"),
        promise("two")
    );
    let root = load(&text).root.unwrap();
    let used = text.find("severity: sev1").unwrap() + 11;
    let defined = text.find("sev1: {").unwrap();
    assert_eq!(assist::definition(&root, used), Some(defined..defined + 4));
    let all = assist::references(&root, defined + 1);
    assert_eq!(all.len(), 3, "{all:?}");
    let hover = assist::hover(&root, text.find("at_least").unwrap() + 2).unwrap();
    assert!(
        hover.text.en.contains("share of good events") && hover.text.en.contains("99.5 %"),
        "{}",
        hover.text.en
    );
    let hover = assist::hover(&root, text.find("two").unwrap()).unwrap();
    assert_eq!(hover.promise.as_deref(), Some("two"));
    let outline = assist::symbols(&root);
    let names: Vec<&str> = outline.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(
        names,
        ["service", "promises", "severities", "routes", "receivers"]
    );
}

#[test]
fn the_layout_is_the_usual_one() {
    let text = "# top\nservice:   {name: Shop,owner: sre}\n\n\n\npromises:\n     # what is owed\n     paid:\n         kind:   ratio   \n         runbook: |\n             a\n               b\n         window: [ 1,2 ]\n# end\nroutes:\n-   receivers: inbox\n    repeat: 5m";
    let wanted = "# top\nservice: { name: Shop, owner: sre }\n\npromises:\n  # what is owed\n  paid:\n    kind: ratio\n    runbook: |\n        a\n          b\n    window: [1, 2]\n# end\nroutes:\n  - receivers: inbox\n    repeat: 5m\n";
    assert_eq!(spec::format(text).as_deref(), Ok(wanted));
    assert!(spec::format("a: [").is_err());
    assert_eq!(spec::format("").as_deref(), Ok(""));
}

#[test]
fn errors_do_not_hide_behind_warnings() {
    let loaded = load(&format!("{HEAD}promises:\n{}", promise("one")));
    assert!(
        loaded.diagnostics.iter().any(|it| it.level == Level::Error),
        "sev1 is not defined"
    );
}

#[test]
fn a_figure_that_nobody_held_against_its_source_only_advises() {
    // The load balancer of one provider has been compared, that of the other has not.
    let rows =
        "product\tlimit\tvalue\tsource\tdate\nmine\tidle_timeout\t30s\thttps://x.example/\t-\n";
    let facts = spec::Facts::built_in().clone();
    let facts = facts.with("limits", rows).unwrap();
    let world = World {
        facts: &facts,
        ..World::without_files(&balanced, NOW)
    };
    let text = |product: &str, timeout: &str| {
        format!(
            "service: {{ name: Shop, owner: sre, path: [front] }}\npromises: {{}}\n\
             infrastructure: {{ load_balancers: {{ front: {{ product: {product} }} }} }}\n\
             dependencies: {{ bank: {{ timeout: {timeout}, retries: 3, needed_by: [front] }} }}\n"
        )
    };
    let found = |product: &str, timeout: &str| {
        let loaded = spec::load(&text(product, timeout), "tegata.yaml", &world);
        let found = loaded
            .diagnostics
            .into_iter()
            .find(|it| it.code == "retries-exceed-idle-timeout");
        found.map(|it| {
            (
                it.level,
                it.sources.iter().all(|source| source.date.is_some()),
            )
        })
    };
    // 4 tries of 30 s are 120 s, more than 60 s; 4 of 10 s are 40 s, more than 30 s.
    assert_eq!(found("alb", "30s"), Some((Level::Error, true)));
    assert_eq!(found("mine", "10s"), Some((Level::Advice, false)));
}

#[test]
fn the_older_spelling_of_an_escalation_is_rewritten_and_means_the_same() {
    let text = "service: { name: Shop, owner: sre }\npromises: {}\nseverities:\n  sev1:\n    level: 1\n    escalate_to: [lead, \"the CTO\"] # who else\n    escalate_after: 5m\n  sev2: # less\n    level: 2\n    escalate_after: 1h\n";
    let (mended, loaded) = mended(text, false);
    let mended = mended.unwrap();
    assert_eq!(
        mended,
        "service: { name: Shop, owner: sre }\npromises: {}\nseverities:\n  sev1:\n    level: 1\n    escalation: sev1 # who else\n  sev2: # less\n    level: 2\n    escalation: sev2\n\nescalations:\n  sev1:\n    steps:\n      - { after: 0s }\n      - { after: 5m, roles: [\"lead\", \"the CTO\"] }\n  sev2:\n    steps:\n      - { after: 0s }\n      - { after: 1h }\n"
    );
    let before = load(text);
    assert!(before.spec.is_some(), "{:?}", before.diagnostics);
    assert!(loaded.spec.is_some(), "{:?}", loaded.diagnostics);
    let (before, after) = (before.spec.unwrap(), loaded.spec.unwrap());
    assert_eq!(before.escalations, after.escalations);
    assert_eq!(
        before.severities["sev1"].escalation,
        after.severities["sev1"].escalation
    );
}
