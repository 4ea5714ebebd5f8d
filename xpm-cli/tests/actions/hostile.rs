//! Names that steer a terminal, hide what stands beside them, or take more or less room than they have letters.

use crate::world::World;

/// A name, and how people see it.
const NAMES: [(&str, &str); 10] = [
    ("clear\u{1b}[2J", r"clear\u{1b}[2J"),
    ("title\u{1b}]0;owned\u{7}", r"title\u{1b}]0;owned\u{7}"),
    ("c1\u{9b}2J", r"c1\u{9b}2J"),
    ("real\rfake", r"real\rfake"),
    ("first\nsecond", r"first\nsecond"),
    ("turned\u{202e}cba", r"turned\u{202e}cba"),
    ("marked\u{200f}", r"marked\u{200f}"),
    ("un\u{200b}seen", r"un\u{200b}seen"),
    ("検索", "検索"),
    ("e\u{301}te\u{301}", "e\u{301}te\u{301}"),
];

fn world() -> World {
    let world = World::new();
    for (name, _) in NAMES {
        std::fs::write(world.control.join(format!("fail.{name}")), name).unwrap();
    }
    let steps = NAMES.map(|(name, _)| name);
    world.make(&steps);
    world
}

/// What a terminal would act on.
fn acts(c: char) -> bool {
    (c.is_control() && c != '\n') || "\u{202e}\u{200f}".contains(c)
}

pub fn names_are_shown_harmless_and_apart() {
    let world = world();
    let id = |name| {
        let jobs = world.json(&["jobs"]);
        let jobs = jobs["jobs"].as_array().unwrap();
        jobs.iter().find(|job| job["tags"]["name"] == name).unwrap()["identity"].as_str().unwrap().to_owned()
    };
    let ids = NAMES.map(|(name, _)| id(name));
    let plain = |args: &[&str]| {
        let said = world.xpm(args);
        let all = said.stdout + &said.stderr;
        assert!(!all.contains(acts), "{args:?}: {all:?}");
        all
    };
    for args in [&["list"][..], &["tokens"], &["doctor"], &["orphans"], &["retry", "-f", "state = failed"]] {
        plain(args);
    }
    // A row is a line, and every name is told.
    for args in [&["jobs", "--tags"][..], &["results", "acts", "-c", "name,state"]] {
        let table = plain(args);
        let rows: Vec<&str> = table.lines().skip(1).take(NAMES.len()).collect();
        for (name, shown) in NAMES {
            assert!(rows.iter().any(|row| row.contains(shown)), "{name:?}: {table}");
        }
        assert!(rows.iter().all(|row| row.contains("failed")), "{table}");
        // The column behind the names begins at the same place.
        let title = if args[0] == "jobs" { "WHY" } else { "state" };
        let place = place_of(table.lines().next().unwrap(), title);
        let behind =
            |row: &&str| columns_of(row).get(place - 1..=place).is_some_and(|two| two[0] == " " && two[1] != " ");
        assert!(rows.iter().all(behind), "{table}");
    }
    for ((name, shown), id) in NAMES.iter().zip(&ids) {
        let text = plain(&["show", id]);
        assert!(text.contains(&format!("name={shown}\n")), "{name:?}: {text}");
        plain(&["why", id]);
        let diff = plain(&["diff", id, if *id == ids[0] { &ids[1] } else { &ids[0] }]);
        // Titles and one argument.
        assert_eq!(diff.lines().count(), 2, "{name:?}: {diff}");
        plain(&["clean", id]);
    }
}

/// The column of the terminal at which `what` begins.
fn place_of(line: &str, what: &str) -> usize {
    xpm::report::width(&line[..line.find(what).unwrap()])
}

/// What stands in each column of the terminal.
fn columns_of(line: &str) -> Vec<String> {
    let mut columns: Vec<String> = Vec::new();
    for c in line.chars() {
        match xpm::report::width(&c.to_string()) {
            0 => columns.last_mut().unwrap().push(c),
            wide => columns.extend((0..wide).map(|_| c.to_string())),
        }
    }
    columns
}

pub fn names_are_raw_for_programs() {
    let world = world();
    let rows = world.json(&["results", "acts", "-c", "name"]);
    let mut names: Vec<&str> = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    let mut given = NAMES.map(|(name, _)| name);
    names.sort_unstable();
    given.sort_unstable();
    assert_eq!(names, given);
    let csv = world.xpm(&["results", "acts", "-c", "name", "--format", "csv"]).stdout;
    for (name, _) in NAMES {
        assert!(csv.contains(name), "{name:?}: {csv:?}");
    }
}
