//! What `--json` prints against docs/json.md: no member that is not told there, and none told that is never printed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value as Json;

use crate::world::{World, wait_until};

/// Members, each with the section that it refers to.
type Members = Vec<(String, Option<String>)>;
/// The members of each section, by its title.
type Page = BTreeMap<String, Vec<String>>;

fn page() -> Page {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json.md")).unwrap();
    let mut own: BTreeMap<String, Members> = BTreeMap::new();
    let (mut title, mut includes) = (String::new(), Vec::new());
    // What an entry refers to: `[a run](#a-run)`.
    let link = |text: &str| Some(text.split_once("](#")?.1.split_once(')')?.0.replace('-', " "));
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("## ") {
            title = name.to_owned();
        } else if let Some(row) = line.strip_prefix("| `") {
            let (members, what) =
                format!("`{row}").split_once(" | ").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
            for member in members.split(", ") {
                own.entry(title.clone()).or_default().push((member.trim_matches('`').to_owned(), link(&what)));
            }
        } else if !title.is_empty() && line.starts_with('[') && link(line).is_some() {
            includes.push((title.clone(), link(line).unwrap()));
        }
    }
    for (title, other) in includes {
        own.entry(title).or_default().push((String::new(), Some(other)));
    }
    let section = |name: &str| own.keys().find(|title| title.to_lowercase() == name).cloned();
    let mut page = Page::new();
    for (title, members) in &own {
        let mut all = Vec::new();
        let mut open: Vec<(String, &Members)> = vec![(String::new(), members)];
        while let Some((prefix, members)) = open.pop() {
            for (member, other) in members {
                let path =
                    [prefix.as_str(), member].iter().filter(|part| !part.is_empty()).copied().collect::<Vec<_>>();
                let path = path.join(".");
                if !member.is_empty() {
                    all.push(path.clone());
                }
                if let Some(other) = other {
                    let other = section(other).unwrap_or_else(|| panic!("docs/json.md has no section {other}"));
                    open.push((path, &own[&other]));
                }
            }
        }
        for name in title.split(", ") {
            page.insert(name.trim_matches('`').to_owned(), all.clone());
        }
    }
    page
}

/// The paths of all members: `a[].b`.
fn members(json: &Json, path: &str, all: &mut BTreeSet<String>) {
    match json {
        Json::Object(object) => {
            for (name, value) in object {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                all.insert(path.clone());
                members(value, &path, all);
            }
        }
        Json::Array(items) => {
            let path = format!("{path}[]");
            items.iter().for_each(|item| members(item, &path, all));
            if !items.is_empty() {
                all.insert(path);
            }
        }
        _ => {}
    }
}

/// Whether `told` stands for `printed`: the same, or `a.*` for everything below `a`.
fn stands_for(told: &str, printed: &str) -> bool {
    match told.strip_suffix("*") {
        Some(below) => printed.starts_with(below) || printed == below.trim_end_matches('.'),
        None => told == printed,
    }
}

/// Whether `told` leads to something behind `printed`, so that that need not be told by itself.
fn leads_behind(told: &str, printed: &str) -> bool {
    told.strip_prefix(printed).is_some_and(|rest| rest.starts_with(['.', '[']))
}

#[derive(Default)]
struct Seen(BTreeMap<String, BTreeSet<String>>);

impl Seen {
    /// What a command has printed; `name` is its title on the page.
    fn look(&mut self, page: &Page, name: &str, json: &Json) {
        let told = page.get(name).unwrap_or_else(|| panic!("docs/json.md does not tell of `{name}`"));
        let all = self.0.entry(name.to_owned()).or_default();
        let mut printed = BTreeSet::new();
        members(json, "", &mut printed);
        for member in &printed {
            let known = told.iter().any(|told| stands_for(told, member) || leads_behind(told, member));
            assert!(known, "docs/json.md does not tell of `{member}` of `{name}`: {told:?}");
        }
        all.extend(printed);
    }
}

pub fn json_is_as_documented() {
    let page = page();
    let mut seen = Seen::default();
    let world = World::new();
    world.mark("emit.a");
    world.make(&["a", "z"]);
    for name in ["fail.b", "hold.d", "hold.e"] {
        world.mark(name);
    }
    let mut run = world.start(&["a", "b", "c:b", "d", "e", "f", "g:d"]);
    wait_until("two run, one has failed", || {
        let states = world.json(&["jobs"])["states"].clone();
        let started = |name: &str| world.control.join(format!("started.{name}")).exists();
        started("d")
            && started("e")
            && states["running"] == 2
            && states["failed"] == 2
            && !world.json(&["tokens"])["tokens"][0]["waiting"].is_null()
    });
    let id = |name: &str| world.id(name);
    let progress = world.step("d").join(".xpm/progress.json");
    fs::write(progress, r#"[{"description": "epochs", "done": 1, "total": 3}]"#).unwrap();
    fs::write(world.step("a").join(".xpm/metrics.jsonl"), "{\"name\":\"loss\",\"step\":1,\"value\":0.5}\n").unwrap();
    let attempt = world.step("b").join(".xpm/attempts/0");
    fs::create_dir_all(&attempt).unwrap();
    fs::copy(world.step("b").join("status.json"), attempt.join("status.json")).unwrap();
    let jobs = world.json(&["jobs"]);
    let waiting = jobs["jobs"].as_array().unwrap().iter().find(|job| job["tags"]["name"] == "g").unwrap();
    let waiting = waiting["job"].as_str().unwrap().to_owned();
    let all: Vec<(&str, Vec<String>)> = vec![
        ("xpm list", vec!["list".into(), "--runs".into()]),
        ("xpm jobs", vec!["jobs".into()]),
        ("xpm show", vec!["show".into(), id("a")]),
        ("xpm show", vec!["show".into(), id("b")]),
        ("xpm show", vec!["show".into(), id("d")]),
        ("xpm show", vec!["show".into(), waiting.clone()]),
        ("xpm path", vec!["path".into(), id("a")]),
        ("xpm log", vec!["log".into(), id("a"), "-n".into(), "1".into()]),
        ("xpm results", vec!["results".into(), "acts".into()]),
        ("xpm plot", ["plot", "acts", "--x", "name", "--y", "duration"].map(str::to_owned).to_vec()),
        ("xpm diff", vec!["diff".into(), id("a"), id("b")]),
        ("xpm why", vec!["why".into(), id("b")]),
        ("xpm why", vec!["why".into(), waiting]),
        ("xpm tokens", vec!["tokens".into()]),
        ("xpm kill", vec!["kill".into(), id("d"), id("a")]),
        ("xpm clean", vec!["clean".into(), id("a"), id("d")]),
        ("xpm orphans", vec!["orphans".into(), "--size".into()]),
    ];
    for (name, args) in &all {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        seen.look(&page, name, &world.json(&args));
    }
    world.unmark("hold.d");
    world.unmark("hold.e");
    run.wait().unwrap();
    let (a, b) = (id("a"), id("b"));
    seen.look(&page, "xpm retry", &world.json(&["retry", &b, &a]));
    seen.look(&page, "xpm retry", &world.json(&["retry", &b, &a, "--yes"]));
    let error = world.xpm(&["show", "0000", "--json"]);
    let error: Json = serde_json::from_str(&error.stderr).unwrap();
    assert!(error["error"].is_string() && error["code"] == 3, "{error}");

    // Without its runs every job is an orphan; what is damaged is found.
    fs::write(world.step("a").join("status.json"), "{").unwrap();
    let spoilt = world.step("e");
    fs::write(spoilt.join("params.json"), "{").unwrap();
    seen.look(&page, "xpm doctor", &world.json(&["doctor"]));
    seen.look(&page, "xpm show", &world.json(&["show", &spoilt.display().to_string()]));
    fs::remove_dir_all(world.workdir.join("experiments/acts")).unwrap();
    seen.look(&page, "xpm orphans", &world.json(&["orphans", "--size"]));
    seen.look(&page, "xpm orphans --clean", &world.json(&["orphans", "--clean"]));
    fs::write(world.workdir.join("tokens/slots.json"), "{").unwrap();
    seen.look(&page, "xpm tokens", &world.json(&["tokens"]));
    let new = world.xpm(&["new", "fresh", "--json"]);
    seen.look(&page, "xpm new", &serde_json::from_str(&new.stdout).unwrap_or_else(|error| panic!("{error}: {new:?}")));

    // What is told is printed: all but what only another moment or another failure would have.
    let rare = ["differences[].of[]", "stderr_tail[]", "waiting[].", "problem", "earlier_attempts[].failure"];
    for (name, told) in &page {
        let Some(printed) = seen.0.get(name) else {
            assert!(!name.starts_with("xpm "), "nothing is printed by `{name}`, which docs/json.md tells of");
            continue;
        };
        for told in told {
            let found =
                printed.iter().any(|printed| stands_for(told, printed) || told.trim_end_matches("[]") == printed);
            assert!(
                found || rare.iter().any(|rare| told.contains(rare)),
                "`{name}` does not print `{told}`: {printed:?}"
            );
        }
    }
}

/// Every word that a command prints for a state is one that filters know, and the page of filters tells.
pub fn states_are_one_set_of_words() {
    let words = xpm_core::state::JobStatus::NAMES;
    let filters = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/filter.md")).unwrap();
    let row = filters.lines().find(|line| line.starts_with("| `state` |")).unwrap();
    let told: Vec<&str> =
        row.split('|').nth(2).unwrap().trim().split(", ").map(|word| word.trim_matches('`')).collect();
    assert_eq!(told, words);
    let json = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json.md")).unwrap();
    let row = json.lines().find(|line| line.starts_with("| `state` | `unstarted`")).unwrap();
    for word in words {
        assert!(row.contains(&format!("`{word}`")), "{word}");
    }
    let world = World::new();
    world.mark("fail.b");
    world.make(&["a", "b", "c:b"]);
    for word in words {
        let said = world.xpm(&["jobs", "--filter", &format!("state = {word}")]);
        assert_eq!(said.code, 0, "{said:?}");
    }
    let jobs = world.json(&["jobs"]);
    for word in jobs["jobs"].as_array().unwrap().iter().map(|job| job["state"].as_str().unwrap()) {
        assert!(words.contains(&word), "{word}");
    }
    for word in jobs["states"].as_object().unwrap().keys().filter(|word| *word != "total") {
        assert!(words.contains(&word.as_str()), "{word}");
    }
    let said = world.xpm(&["jobs", "--filter", "state = cancelled"]);
    assert!(said.code == 2 && said.stderr.contains("`cancelled` is no state; states are unstarted, "), "{said:?}");
}
