//! What a container's image holds: a database, a cache, a queue, or a program of one's own.

use super::Draft;

/// Images by the end of their path, the section that they belong to, and what the spec calls the engine.
const KNOWN: &[(&str, &str, &str)] = &[
    ("postgres", "databases", "postgres"),
    ("postgresql", "databases", "postgres"),
    ("mysql", "databases", "mysql"),
    ("mariadb", "databases", "mariadb"),
    ("mongo", "databases", "mongodb"),
    ("mongodb", "databases", "mongodb"),
    ("redis", "caches", "redis"),
    ("valkey", "caches", "valkey"),
    ("memcached", "caches", "memcached"),
    ("elasticsearch", "search", "elasticsearch"),
    ("opensearch", "search", "opensearch"),
];

/// Queues have no engine in a spec, only a product.
const QUEUES: &[&str] = &["rabbitmq", "kafka", "nats", "activemq"];

/// Writes what runs from `image` under its name, and says where that is.
pub(super) fn write(
    image: &str,
    name: &str,
    product: &str,
    line: usize,
    draft: &mut Draft,
) -> Vec<String> {
    let (base, version) = parts(image);
    let known = KNOWN.iter().find(|(known, ..)| *known == base);
    let section = match known {
        Some((_, section, _)) => section,
        None if QUEUES.contains(&base) => "queues",
        None => "compute",
    };
    let id = draft.id(&format!("infrastructure.{section}"), name);
    let path = ["infrastructure", section, &id];
    let at = |field| [path[0], path[1], path[2], field];
    match known {
        Some((_, _, engine)) => draft.set(&at("engine"), *engine, line),
        None if section == "queues" => draft.set(&at("product"), base, line),
        None => draft.set(&at("product"), product, line),
    }
    // `latest` is no version, and a queue has no field for one.
    let version = version.filter(|version| version.starts_with(|c: char| c.is_ascii_digit()));
    if let (Some(version), Some(_)) = (version, known) {
        draft.set(&at("version"), version, line);
    }
    path.map(str::to_owned).to_vec()
}

/// The last name of an image's path, and the version at the start of its tag: `16` of `postgres:16-alpine`.
fn parts(image: &str) -> (&str, Option<&str>) {
    let image = image.split('@').next().unwrap_or(image);
    let last = image.rsplit('/').next().unwrap_or(image);
    match last.split_once(':') {
        Some((base, tag)) => (base, tag.split('-').next()),
        None => (last, None),
    }
}

/// The units of Kubernetes and Compose: `512Mi`, `1.5G`, `256m` (of bytes, in Compose), plain bytes.
pub(super) fn memory(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let number: f64 = text[..end].parse().ok()?;
    let unit = match text[end..].trim() {
        "" | "b" | "B" => "B",
        "Ki" | "k" | "kb" | "KB" => "KiB",
        "Mi" | "m" | "mb" | "MB" => "MiB",
        "Gi" | "g" | "gb" | "GB" => "GiB",
        "Ti" => "TiB",
        "M" => "MB",
        "G" => "GB",
        "T" => "TB",
        _ => return None,
    };
    Some(format!("{number} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_and_units_are_read_as_they_are_written() {
        assert_eq!(
            parts("registry.example:5000/library/postgres:16.3-alpine"),
            ("postgres", Some("16.3"))
        );
        assert_eq!(parts("redis@sha256:abc"), ("redis", None));
        assert_eq!(memory("512Mi").as_deref(), Some("512 MiB"));
        assert_eq!(memory("1.5G").as_deref(), Some("1.5 GB"));
        assert_eq!(memory("x"), None);
    }
}
