//! Values that JSON has no form of, and names that look like those of xpm.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use tempfile::TempDir;
use xpm::prelude::*;

use crate::plan::{Said, xpm_in};

#[task(id = "q.odd")]
pub struct Odd {
    pub mode: String,
    pub x: f64,
    pub wide: u128,
    pub seed: u64,
    pub limit: Duration,
    pub prices: BTreeMap<String, i64>,
}

#[derive(Serialize, Deserialize)]
pub struct Result {
    pub y: f64,
    pub text: String,
    pub prices: BTreeMap<String, i64>,
}

impl Task for Odd {
    type Output = Result;

    fn execute(&self, _: &JobContext) -> TaskResult<Result> {
        Ok(Result { y: self.limit.as_secs_f64(), text: self.mode.clone(), prices: self.prices.clone() })
    }
}

fn make(workdir: &Path) {
    let plan = |xp: &Experiment| {
        let values = [("inf", -1.0), ("NaN", 1.0), ("-inf", f64::INFINITY), ("[plain]", f64::NAN)];
        for (n, (mode, x)) in (0u8..).zip(values) {
            Odd::config()
                .mode(tag(mode))
                .x(x)
                .wide((1 << 70) + u128::from(n))
                .seed(tag(u64::MAX - u64::from(n)))
                .limit(Duration::from_secs(u64::from(n) * 4 + 1))
                .prices(
                    ["$cash", "a, b"]
                        .map(|key| (key.to_owned(), n.into()))
                        .into_iter()
                        .chain([("plain".to_owned(), 1)])
                        .collect::<BTreeMap<_, i64>>(),
                )
                .submit(xp)?;
        }
        xp.wait()
    };
    xpm::experiment(workdir, "odd").reporter(xpm::report::Silent).run(plan).unwrap();
}

fn xpm(args: &[&str]) -> Said {
    static MADE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let (_, workdir) = MADE.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let workdir = folder.path().join("work");
        make(&workdir);
        (folder, workdir)
    });
    xpm_in(workdir, args)
}

fn json(args: &[&str]) -> Json {
    serde_json::from_str(&xpm(args).ok()).unwrap()
}

pub fn filters_see_what_they_are() {
    for (filter, jobs) in [
        ("mode = inf", 1),
        ("mode = \"inf\"", 1),
        ("mode > 5 or output.text > 5", 0),
        ("output.text = NaN", 1),
        ("x = inf", 1),
        ("x = nan", 1),
        ("wide > 5", 4),
        ("wide = 1180591620717411303424", 1),
        ("wide < 1180591620717411303426", 2),
        ("seed > 5 and arg.seed > 5", 4),
        ("seed = 18446744073709551615", 1),
        ("limit > 5s", 2),
        ("limit >= 5 and limit < 1m", 3),
        ("arg.prices.$cash > 1", 2),
        ("output.prices.$cash = 0", 1),
    ] {
        assert_eq!(json(&["--json", "jobs", "-f", filter])["count"], jobs, "{filter}");
    }
}

pub fn tables_show_them_once() {
    let csv = xpm(&["results", "odd", "--format", "csv"]).ok();
    let titles: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    for title in ["mode", "seed", "wide", "limit", "x", "arg.prices.$cash", "output.prices.$cash"] {
        assert!(titles.contains(&title), "{title}: {csv}");
    }
    assert!(!titles.contains(&"arg.seed") && !titles.contains(&"arg.mode"), "{csv}");
    let rows = json(&["--json", "results", "odd", "-c", "mode,wide,seed,limit,x", "--sort", "-wide"]);
    assert_eq!(
        rows[3].to_string(),
        r#"{"limit":1.0,"mode":"inf","seed":18446744073709551615,"wide":"1180591620717411303424","x":-1.0}"#
    );
    // A name with a comma is one.
    let comma = "arg.prices.a, b";
    let rows = json(&["--json", "results", "odd", "-c", &format!("x,{comma},mode"), "--sort", &format!("-{comma}")]);
    assert_eq!((rows[0][comma].as_i64(), rows[0].as_object().unwrap().len()), (Some(3), 3), "{rows}");
    let told =
        json(&["--json", "plot", "odd", "--x", "arg.prices.plain", "--y", "y", "--by", &format!("mode,{comma}")]);
    assert_eq!(told["series"].as_array().unwrap().len(), 4, "{told}");
    xpm(&["results", "odd", "-c", "x,arg.prices.a, c"]).fails(1, &["arg.prices.a"]);
    let latex = xpm(&["results", "odd", "-c", "mode,x", "--format", "latex"]).ok();
    for row in ["  inf & $-1", "  {}[plain] & NaN \\\\", "  -inf & $\\infty$ \\\\"] {
        assert!(latex.contains(row), "{row}: {latex}");
    }
    let id = json(&["--json", "jobs", "-f", "mode = inf"])["jobs"][0]["identity"].as_str().unwrap().to_owned();
    let shown = xpm(&["show", &id]).ok();
    assert_eq!(shown.matches("prices.$cash = 0").count(), 2, "{shown}");
    let arguments = &json(&["--json", "show", &id])["arguments"];
    assert_eq!((&arguments["wide"], &arguments["limit"]), (&"1180591620717411303424".into(), &1.0.into()));
}

pub fn plots_leave_out_what_no_axis_has() {
    let plot = |args: &[&str]| xpm(&[&["plot", "odd", "--x", "x", "--y", "y"], args].concat());
    let said = plot(&["--json"]);
    assert!(said.stderr.contains("note: 2 jobs have no finite number there: left out"), "{}", said.stderr);
    let points = |said: Said| {
        let told: Json = serde_json::from_str(&said.ok()).unwrap();
        let points = told["series"][0]["points"].as_array().unwrap();
        points.iter().map(|point| point["x"].as_f64().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(points(said), [-1.0, 1.0]);
    // Nor is told what is not drawn.
    assert_eq!(points(plot(&["--json", "--logx"])), [1.0]);
    // What is not above zero is in no mean of a logarithmic axis.
    let mean = || xpm(&["--json", "plot", "odd", "--x", "arg.prices.plain", "--y", "x", "--logy"]);
    let note = "note: 1 value is not above zero, where a logarithmic axis has no place: left out";
    assert!(mean().stderr.contains(note), "{}", mean().stderr);
    let told: Json = serde_json::from_str(&mean().ok()).unwrap();
    let point = &told["series"][0]["points"][0];
    assert_eq!((point["y"].as_f64(), point["n"].as_u64()), (Some(1.0), Some(1)), "{told}");
    let all = ["--logy", "-f", "x = -1"];
    xpm(&[&["plot", "odd", "--x", "y", "--y", "x"], &all[..]].concat()).fails(1, &["nothing is above zero"]);
    plot(&["-f", "x = inf"]).fails(1, &["no job has a finite number as `x`"]);
    assert!(plot(&["--categorical"]).ok().contains(">NaN<"));
}
