//! Which option may stand where: one table for all attributes.
//!
//! Knows names, places and conflicts of options; what they do is for [`crate::model`].

/// Where options stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Site {
    /// `#[config(…)]` on a struct.
    Struct,
    /// `#[config(…)]` on an enum.
    Enum,
    /// `#[task(…)]`.
    Task,
    /// `#[param(…)]` on a field.
    Param,
}

impl Site {
    /// The attribute, for messages.
    pub(crate) fn attribute(self) -> &'static str {
        match self {
            Self::Struct | Self::Enum => "config",
            Self::Task => "task",
            Self::Param => "param",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Struct => "a configuration",
            Self::Enum => "a closed family (an enum)",
            Self::Task => "a task",
            Self::Param => "an argument",
        }
    }
}

/// What follows the name of an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Takes {
    /// `= "…"`.
    Text,
    /// `= "…"` or `= ["…", "…"]`.
    Texts,
    /// `= 3`.
    Number,
    /// `= 4`, of what a job needs: a `u32`.
    Count,
    /// `= Name`.
    Name,
    /// `= path::to::function`.
    Function,
    /// `= Type`.
    Type,
    /// `= ["…", "…"]`: at least one text.
    Words,
    /// `=` one of these names.
    OneOf(&'static [&'static str]),
    /// Nothing, or one of these names: `= "name"` or `(name)`.
    Choice(&'static [&'static str]),
    /// `(name, except = [argument, …])`; may be given several times.
    Partial,
    /// `=` any expression.
    Value,
    /// Nothing.
    Nothing,
}

impl Takes {
    /// Whether what follows the name may stand in parentheses.
    pub(crate) fn in_parentheses(self) -> bool {
        matches!(self, Self::Choice(_) | Self::Partial)
    }

    /// Whether it may be given several times.
    pub(crate) fn repeats(self) -> bool {
        self == Self::Partial
    }
}

/// One option.
#[derive(Debug)]
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) sites: &'static [Site],
    pub(crate) takes: Takes,
    /// How it is written.
    pub(crate) example: &'static str,
}

use Site::{Enum, Param, Struct, Task};

/// Every option there is.
pub(crate) static TABLE: &[Spec] = &[
    Spec { name: "id", sites: &[Struct, Enum, Task], takes: Takes::Text, example: "id = \"ir.bm25\"" },
    Spec {
        name: "renamed_from",
        sites: &[Struct, Enum, Task],
        takes: Takes::Texts,
        example: "renamed_from = \"ir.old\"",
    },
    Spec { name: "deprecated", sites: &[Struct, Enum, Task], takes: Takes::Type, example: "deprecated = NewType" },
    Spec { name: "version", sites: &[Struct, Task], takes: Takes::Number, example: "version = 2" },
    Spec { name: "args", sites: &[Struct, Task], takes: Takes::Name, example: "args = OtherName" },
    Spec { name: "builder", sites: &[Struct, Enum, Task], takes: Takes::Name, example: "builder = OtherName" },
    Spec {
        name: "validate",
        sites: &[Struct, Enum, Task],
        takes: Takes::Function,
        example: "validate = path::to::function",
    },
    Spec { name: "cpus", sites: &[Task], takes: Takes::Count, example: "cpus = 4" },
    Spec { name: "memory", sites: &[Task], takes: Takes::Text, example: "memory = \"8GiB\"" },
    Spec { name: "gpus", sites: &[Task], takes: Takes::Count, example: "gpus = 1" },
    Spec { name: "time", sites: &[Task], takes: Takes::Text, example: "time = \"2h\"" },
    Spec { name: "resumable", sites: &[Task], takes: Takes::Nothing, example: "resumable" },
    Spec { name: "transient", sites: &[Task], takes: Takes::Choice(&["remove"]), example: "transient" },
    Spec { name: "partial", sites: &[Task], takes: Takes::Partial, example: "partial(checkpoints, except = [epochs])" },
    Spec { name: "program", sites: &[Task], takes: Takes::Words, example: "program = [\"python3\", \"train.py\"]" },
    Spec { name: "output", sites: &[Task], takes: Takes::Type, example: "output = Metrics" },
    Spec { name: "arguments", sites: &[Task], takes: Takes::OneOf(ARGUMENTS), example: "arguments = json" },
    Spec { name: "default", sites: &[Param], takes: Takes::Value, example: "default = 10" },
    Spec { name: "ignore_default", sites: &[Param], takes: Takes::Nothing, example: "ignore_default" },
    Spec { name: "ignored", sites: &[Param], takes: Takes::Nothing, example: "ignored" },
    Spec { name: "path", sites: &[Param], takes: Takes::Text, example: "path = \"weights.bin\"" },
    Spec { name: "id", sites: &[Param], takes: Takes::Text, example: "id = \"older_name\"" },
    Spec { name: "renamed_from", sites: &[Param], takes: Takes::Texts, example: "renamed_from = \"older_name\"" },
    Spec { name: "json", sites: &[Param], takes: Takes::Nothing, example: "json" },
];

/// How a program gets its arguments.
const ARGUMENTS: &[&str] = &["flags", "json", "none"];

/// Two options that cannot stand together, and why.
pub(crate) struct Conflict {
    pub(crate) pair: [&'static str; 2],
    pub(crate) why: &'static str,
}

const PATH: &str = "a path is a file of the job's own folder: the plan never sets it and it is never in the identity";
const IGNORED: &str = "an ignored argument is not in the identity, whatever its value; remove one of the two";

/// Which options of an argument exclude each other.
pub(crate) static CONFLICTS: &[Conflict] = &[
    Conflict { pair: ["path", "default"], why: PATH },
    Conflict { pair: ["path", "ignore_default"], why: PATH },
    Conflict { pair: ["path", "ignored"], why: PATH },
    Conflict { pair: ["path", "id"], why: PATH },
    Conflict { pair: ["path", "renamed_from"], why: PATH },
    Conflict { pair: ["path", "json"], why: PATH },
    Conflict { pair: ["ignored", "ignore_default"], why: IGNORED },
    Conflict { pair: ["ignored", "id"], why: IGNORED },
];

/// What differs from one submission of a task to the next, and is no option for that.
const SUBMITTED: [&str; 3] = [".max_retries(2)", ".retry_delay(delay)", ".priority(1)"];

/// The option `name` at `site`, or what to tell who wrote it.
pub(crate) fn find(name: &str, site: Site) -> Result<&'static Spec, String> {
    if let Some(spec) = at(site).find(|spec| spec.name == name) {
        return Ok(spec);
    }
    if let Some(call) = SUBMITTED.iter().find(|call| call.starts_with(&format!(".{name}("))) {
        return Err(format!(
            "`{name}` is said where a job is submitted, not where its task is declared: `{call}` before `.submit(xp)`"
        ));
    }
    let elsewhere = TABLE.iter().find(|spec| spec.name == name);
    Err(match (elsewhere, site) {
        (Some(spec), Param) => {
            let attribute = if spec.sites == [Task] { "task" } else { "config" };
            format!("`{name}` is no option of an argument: it goes on the type, `#[{attribute}({})]`", spec.example)
        }
        (Some(spec), _) if spec.sites == [Task] => format!(
            "`{name}` belongs to tasks, and {} is not run: write it on the task, `#[task({})]`",
            site.words(),
            spec.example
        ),
        (Some(spec), _) if spec.sites == [Param] => {
            format!("`{name}` is no option of {}: it goes on a field, `#[param({})]`", site.words(), spec.example)
        }
        (Some(_), _) => format!("{} has no `{name}`; {}", site.words(), allowed(site)),
        (None, _) => match nearest(name, site) {
            Some(near) => format!("unknown option `{name}`: did you mean `{near}`? {}", allowed(site)),
            None => format!("unknown option `{name}`; {}", allowed(site)),
        },
    })
}

fn at(site: Site) -> impl Iterator<Item = &'static Spec> {
    TABLE.iter().filter(move |spec| spec.sites.contains(&site))
}

/// "`#[param(…)]` takes `default`, …".
pub(crate) fn allowed(site: Site) -> String {
    let names: Vec<_> = at(site).map(|spec| format!("`{}`", spec.name)).collect();
    let of = if site == Enum { " on an enum" } else { "" };
    format!("`#[{}(…)]`{of} takes {}", site.attribute(), names.join(", "))
}

/// The option of `site` that `name` is a misspelling of.
fn nearest(name: &str, site: Site) -> Option<&'static str> {
    let near = at(site).map(|spec| (distance(name, spec.name), spec.name)).min()?;
    let close = near.0 <= (name.len().max(near.1.len()) / 3).max(1);
    let begun = || at(site).find(|spec| name.len() > 2 && (spec.name.starts_with(name) || name.starts_with(spec.name)));
    if close { Some(near.1) } else { begun().map(|spec| spec.name) }
}

/// How many letters to change, add, remove or swap.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<_>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proposes_the_nearest_option() {
        for (written, meant) in [
            ("ignore_defualt", Some("ignore_default")),
            ("defualt", Some("default")),
            ("ignore", Some("ignored")),
            ("jsn", Some("json")),
            ("banana", None),
        ] {
            assert_eq!(nearest(written, Param), meant, "{written}");
        }
        assert_eq!(nearest("verison", Task), Some("version"));
        assert_eq!(nearest("validator", Struct), Some("validate"));
    }

    #[test]
    fn an_option_in_the_wrong_place_is_told_where_it_goes() {
        let message = find("default", Struct).unwrap_err();
        assert!(message.contains("`#[param(default = 10)]`"), "{message}");
        let message = find("version", Param).unwrap_err();
        assert!(message.contains("`#[config(version = 2)]`"), "{message}");
        let message = find("cpus", Struct).unwrap_err();
        assert!(message.contains("belongs to tasks") && message.contains("`#[task(cpus = 4)]`"), "{message}");
        let message = find("resumable", Param).unwrap_err();
        assert!(message.contains("`#[task(resumable)]`"), "{message}");
        let message = find("version", Enum).unwrap_err();
        assert!(message.contains("closed family"), "{message}");
    }

    #[test]
    fn conflicts_name_options_that_exist() {
        for name in CONFLICTS.iter().flat_map(|conflict| conflict.pair) {
            assert!(find(name, Param).is_ok(), "{name}");
        }
    }
}
