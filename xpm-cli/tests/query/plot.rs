//! `xpm plot`.

use serde_json::Value as Json;

use crate::plan::{workspace, xpm};

pub fn of_a_column() {
    let file = workspace().join("map.svg");
    let args = ["plot", "grid", "-t", "q.rank", "--x", "k1", "--y", "map", "--by", "b"];
    let said = xpm(&[&args[..], &["-o", file.to_str().unwrap(), "--title", "a < b"]].concat());
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(said.stderr.contains("map by k1, mean and std of 3 jobs a point"), "{}", said.stderr);
    let svg = std::fs::read_to_string(&file).unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n"), "{svg}");
    for text in ["<title>a &lt; b</title>", ">b = 0.3<", ">b = 0.4<", ">0.60<", ">0.90<", ">map<", ">k1<"] {
        assert!(svg.contains(text), "{text}: {svg}");
    }
    // Two points of the first series and its mark in the legend; no number that is none.
    assert_eq!(svg.matches("<circle").count(), 3, "{svg}");
    assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
    // Without a file it goes to standard output.
    assert!(xpm(&args).ok().starts_with("<svg "));

    let json: Json = serde_json::from_str(&xpm(&[&["--json"], &args[..]].concat()).ok()).unwrap();
    assert_eq!(json["series"].as_array().unwrap().len(), 2);
    let point = &json["series"][1]["points"][1];
    assert_eq!((point["x"].as_f64(), point["n"].as_u64()), (Some(0.9), Some(3)));
    let near = |name: &str, wanted: f64| assert!((point[name].as_f64().unwrap() - wanted).abs() < 1e-9, "{point}");
    near("y", 0.31);
    near("low", 0.30);
    near("high", 0.32);
}

pub fn of_names_and_of_steps() {
    let json = |args: &[&str]| -> Json {
        serde_json::from_str(&xpm(&[&["--json", "plot", "grid"], args].concat()).ok()).unwrap()
    };
    let names = json(&["--x", "note", "--y", "map", "--error", "range", "-t", "q.rank"]);
    assert_eq!(names["series"][0]["points"][0]["x"], "50% of a_b");
    let categories = json(&["--x", "seed", "--y", "map", "--categorical", "-t", "q.rank"]);
    assert_eq!(categories["series"][0]["points"][2]["x"], "3");
    let steps = json(&["--x", "step", "--y", "loss", "--by", "k1", "--logy"]);
    assert_eq!(steps["series"].as_array().unwrap().len(), 2);
    assert_eq!(steps["series"][0]["points"].as_array().unwrap().len(), 5);
    assert_eq!(steps["series"][0]["points"][0]["n"], 6);
    let svg = xpm(&["plot", "grid", "--x", "step", "--y", "metric.loss", "--logy"]).ok();
    assert!(svg.contains(">0.5<") && svg.contains(">step<"), "{svg}");
    let log = xpm(&["plot", "grid", "--x", "k1", "--y", "loss", "--logx", "-t", "q.rank"]).ok();
    assert!(log.contains("<circle"), "{log}");
}

pub fn of_what_is_not_there() {
    let fails = |args: &[&str], code: i32, said: &[&str]| xpm(&[&["plot"], args].concat()).fails(code, said);
    fails(&["gird", "--x", "k1", "--y", "map"], 3, &["there is no experiment `gird`", "grid"]);
    fails(&["grid", "--x", "k1", "--y", "mpa"], 1, &["there is no column `mpa`: did you mean `map`?"]);
    fails(&["grid", "--x", "k1", "--y", "note"], 1, &["the column `note` has no numbers; these have: ", "map"]);
    fails(&["grid", "--x", "k1", "--y", "map", "--by", "bb"], 1, &["there is no column `bb`"]);
    fails(&["grid", "--x", "note", "--y", "map", "--logx"], 1, &["cannot be logarithmic"]);
    fails(&["grid", "--x", "step", "--y", "los"], 1, &["no job has a metric `los`: did you mean `loss`?"]);
    fails(&["grid", "--x", "limit", "--y", "map"], 1, &["no job has both `limit` and a number as `map`"]);
    fails(&["grid", "--x", "k1", "--y", "map", "-f", "k1 = 7"], 1, &["nothing to draw"]);
    fails(&["grid", "--x", "k1", "--y", "map", "-o", "x.pdf"], 1, &["`pdf` is not", "rsvg-convert"]);
    fails(&["grid", "--x", "k1", "--y", "map", "--size", "big"], 2, &["`big` is no size", "440x290"]);
    fails(&["grid", "--x", "k1", "--y", "map", "--size", "100x100"], 2, &["from 160x100 to 10000x10000"]);
    fails(&["grid", "--x", "k1", "--y", "map", "-o", "/nowhere/x.svg"], 1, &["/nowhere/x.svg cannot be written"]);
    fails(&["grid", "--x", "", "--y", "map"], 2, &["a column has a name"]);
    fails(&["grid", "--x", "k1", "--y", "map", "--by", "b,b"], 1, &["the column `b` is asked for twice"]);
    // Nor has a small figure room for twelve names.
    let args = ["plot", "grid", "-t", "q.rank", "--x", "k1", "--y", "map", "--by", "seed,k1,b", "--size", "320x120"];
    let said = xpm(&args);
    let note = "note: the legend has no room for 9 of the 12 series; a larger --size gives it more";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    assert!(said.ok().contains(">9 more<"));
    // The failed job has no map, which is said.
    let said = xpm(&["plot", "mixed", "-t", "q.rank", "--x", "seed", "--y", "map"]);
    assert!(said.stderr.contains("note: 1 job has no finite number there"), "{}", said.stderr);
}
