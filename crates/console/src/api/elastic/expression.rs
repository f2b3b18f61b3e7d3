//! Which indices are meant: names, patterns, exclusions, aliases, `_all`.

use promise::signal::log_query::Glob;

use super::{Ask, catalog::Catalog, problem::Problem};

/// The parts of one expression; an address holds no more.
const PARTS_MAX: usize = 1_024;

/// The streams that an expression names, in order. A name that is not there is an error unless `ignore_unavailable`;
/// a pattern that fits nothing is one only with `allow_no_indices=false`.
pub(super) async fn resolve(ask: &Ask, expression: &str) -> Result<Vec<String>, Problem> {
    let lenient = ask.is_set("ignore_unavailable");
    let strict = ask.param("allow_no_indices") == Some("false");
    resolve_with(ask, expression, lenient, strict).await
}

pub(super) async fn resolve_with(
    ask: &Ask,
    expression: &str,
    lenient: bool,
    strict: bool,
) -> Result<Vec<String>, Problem> {
    let catalog = Catalog::of(&ask.room).await?;
    let known = catalog.indices(&ask.room).await?;
    let mut found: Vec<String> = Vec::new();
    for part in expression
        .split(',')
        .filter(|part| !part.is_empty())
        .take(PARTS_MAX)
    {
        if let (Some(excluded), false) = (part.strip_prefix('-'), found.is_empty()) {
            let glob = Glob::parse(excluded);
            found.retain(|name| !glob.accepts(name));
            continue;
        }
        if part == "_all" || part.contains(['*', '?']) {
            let glob = Glob::parse(if part == "_all" { "*" } else { part });
            let fits = known.iter().filter(|name| glob.accepts(name)).cloned();
            let aliased = catalog
                .aliased(|alias| glob.accepts(alias))
                .filter(|name| known.contains(name));
            let before = found.len();
            found.extend(fits.chain(aliased));
            if strict && found.len() == before {
                return Err(Problem::no_index(part));
            }
            continue;
        }
        if known.iter().any(|name| name == part) {
            found.push(part.to_owned());
            continue;
        }
        let behind: Vec<String> = catalog.aliased(|alias| alias == part).collect();
        if !behind.is_empty() {
            found.extend(behind);
        } else if !lenient {
            return Err(Problem::no_index(part));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}
