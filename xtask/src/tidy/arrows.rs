//! Who may depend on whom: ARCHITECTURE.md draws it, `Cargo.toml` must not know more.

use super::{Complaint, Project, complaint};

const MAP: &str = "ARCHITECTURE.md";

/// The map and the workspace's members are the same list in the same order: the order in which to read.
pub fn members_are_the_map(project: &Project) -> Vec<Complaint> {
    let map: Vec<String> = rows(project.file(MAP), "## Map")
        .into_iter()
        .filter_map(|row| code(row.first()?))
        .collect();
    if map == project.members {
        return Vec::new();
    }
    let differs = (0..map.len().max(project.members.len()))
        .find(|at| map.get(*at) != project.members.get(*at));
    let at = |list: &[String]| {
        differs
            .and_then(|at| list.get(at))
            .map_or("nothing", String::as_str)
            .to_owned()
    };
    vec![complaint(
        MAP,
        format!(
            "the map has {} where `members` in Cargo.toml has {}",
            at(&map),
            at(&project.members)
        ),
    )]
}

/// Every dependency between our crates is drawn.
pub fn only_drawn_arrows(project: &Project) -> Vec<Complaint> {
    let arrows: Vec<(String, Vec<String>)> = rows(project.file(MAP), "## Arrows")
        .into_iter()
        .filter_map(|row| Some((code(row.get(1)?)?, codes(row.get(2)?))))
        .collect();
    let mut complaints = Vec::new();
    for (folder, on) in &project.depends {
        let Some(name) = folder
            .strip_prefix("crates/")
            .and_then(|path| path.rsplit('/').next())
        else {
            // Tests and tasks use nothing of ours: they see the project from outside.
            complaints.extend(on.iter().map(|other| {
                complaint(
                    folder,
                    format!("must not depend on {other}: it looks from outside"),
                )
            }));
            continue;
        };
        let Some((_, allowed)) = arrows.iter().find(|(from, _)| from == name) else {
            complaints.push(complaint(
                MAP,
                format!("the arrows do not say on what `{name}` may depend"),
            ));
            continue;
        };
        for other in on {
            let other = other.rsplit('/').next().unwrap_or(other);
            if !allowed
                .iter()
                .any(|one| one == other || one == "everything")
            {
                complaints.push(complaint(
                    folder,
                    format!("depends on `{other}`, and {MAP} draws no such arrow"),
                ));
            }
        }
    }
    complaints
}

/// The cells of the rows of the first table below a heading, without its head.
pub fn rows<'a>(page: &'a str, heading: &str) -> Vec<Vec<&'a str>> {
    let below = page
        .lines()
        .skip_while(|line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("## "));
    let table = below
        .skip_while(|line| !line.starts_with('|'))
        .take_while(|line| line.starts_with('|'));
    table
        .skip(2)
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect()
}

/// What stands in backticks in a cell.
pub fn codes(cell: &str) -> Vec<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

fn code(cell: &str) -> Option<String> {
    codes(cell).into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "## Map\n\n| folder | what |\n|---|---|\n| `crates/a` | the first |\n| `crates/x/b` | the second |\n\n\
        ## Arrows\n\n| level | crate | may use |\n|---|---|---|\n| 1 | `b` | `a` |\n| 0 | `a` | nothing of ours |\n";

    fn project(members: &[&str], depends: &[(&str, &[&str])]) -> Project {
        let mut project = Project::of(&[(MAP, PAGE)]);
        project.members = members.iter().map(|m| (*m).to_owned()).collect();
        let owned = |list: &[&str]| list.iter().map(|m| (*m).to_owned()).collect();
        project.depends = depends
            .iter()
            .map(|(from, on)| ((*from).to_owned(), owned(on)))
            .collect();
        project
    }

    #[test]
    fn an_arrow_that_is_drawn_may_be_used_and_no_other() {
        assert!(
            only_drawn_arrows(&project(
                &[],
                &[("crates/x/b", &["crates/a"]), ("crates/a", &[])]
            ))
            .is_empty()
        );
        let upwards = only_drawn_arrows(&project(&[], &[("crates/a", &["crates/x/b"])]));
        assert_eq!(upwards.len(), 1);
        assert!(upwards[0].0.contains("depends on `b`"), "{upwards:?}");
        assert_eq!(
            only_drawn_arrows(&project(&[], &[("crates/new", &[])])).len(),
            1
        );
        assert_eq!(
            only_drawn_arrows(&project(&[], &[("tests/e2e", &["crates/a"])])).len(),
            1
        );
    }

    #[test]
    fn the_map_is_in_the_order_of_the_members() {
        assert!(members_are_the_map(&project(&["crates/a", "crates/x/b"], &[])).is_empty());
        assert_eq!(
            members_are_the_map(&project(&["crates/x/b", "crates/a"], &[])).len(),
            1
        );
        assert_eq!(members_are_the_map(&project(&["crates/a"], &[])).len(), 1);
    }
}
