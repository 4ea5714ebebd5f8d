//! `xpm results` and filters.

use crate::plan::{workspace, xpm};

/// The words of each line.
fn lines(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

/// The cells of each line of CSV without quotes.
fn csv(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split(',').collect()).collect()
}

#[track_caller]
fn column(rows: &[Vec<&str>], name: &str) -> Vec<String> {
    // As a tag it is called `k1`, as an argument `model.k1`.
    let place = rows[0].iter().position(|title| *title == name || title.ends_with(&format!(".{name}")));
    let place = place.unwrap_or_else(|| panic!("no {name} in {:?}", rows[0]));
    rows[1..].iter().map(|row| row[place].to_owned()).collect()
}

pub fn shows_tags_what_varies_and_what_came_out() {
    let text = xpm(&["results", "grid", "--task", "q.rank"]).ok();
    let rows = lines(&text);
    assert_eq!(rows.len(), 13, "{text}");
    for title in ["id", "seed", "at.p10", "map", "note", "loss"] {
        assert!(rows[0].contains(&title), "{title}: {text}");
    }
    // What is the same everywhere, never counts, or is a file of the job is not shown.
    for title in ["depth", "threads", "run", "data", "task", "state", "loss.min"] {
        assert!(!rows[0].contains(&title), "{title}: {text}");
    }
    let mut k1 = column(&rows, "k1");
    k1.sort();
    assert_eq!(k1, [["0.6"; 6], ["0.9"; 6]].concat());
    assert!(column(&rows, "map").contains(&"0.3200".to_owned()) || column(&rows, "map").contains(&"0.320".to_owned()));
    // Of two tasks the one without such an output has gaps.
    let all = xpm(&["results", "grid"]).ok();
    assert!(lines(&all)[0].contains(&"task") && all.contains("q.prepare"), "{all}");
    // A failed job is a row that says so.
    let mixed = xpm(&["results", "mixed", "-t", "q.rank", "--format", "csv"]).ok();
    let rows = csv(&mixed);
    let mut states = column(&rows, "state");
    states.sort();
    assert_eq!(states, ["done", "done", "failed"], "{mixed}");
    assert!(rows[0].contains(&"depth") && rows[0].contains(&"data"), "{mixed}");
}

pub fn in_every_form() {
    let of = |format: &str| {
        let columns = "k1,b,seed,map,note";
        xpm(&["results", "grid", "-t", "q.rank", "-f", "seed = 1", "-s", "-map", "-c", columns, "--format", format])
            .ok()
    };
    let exact = (0.2 + 0.9 / 10.0 + 1.0 / 100.0_f64).to_string();
    let csv = of("csv");
    assert_eq!(csv.lines().nth(1).unwrap(), format!("0.9,0.4,1,{exact},50% of a_b"), "{csv}");
    assert_eq!(csv.lines().count(), 5);
    let json: serde_json::Value = serde_json::from_str(&of("json")).unwrap();
    assert_eq!(json[0]["map"].to_string(), exact);
    assert_eq!(json[0]["seed"], 1);
    assert_eq!(json.as_array().unwrap().len(), 4);
    for line in of("jsonl").lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let with_flag = xpm(&["--json", "results", "grid", "-t", "q.rank", "-f", "seed = 1", "-s", "-map"]).ok();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&with_flag).unwrap()[0]["map"].to_string(), exact);
    let markdown = of("markdown");
    assert!(markdown.lines().nth(1).unwrap().starts_with("| ---: |"), "{markdown}");
    assert!(markdown.contains("| 0.9 | 0.4 | 1 | 0.300 | 50% of a_b |"), "{markdown}");
    let latex = of("latex");
    assert!(latex.contains("\\begin{tabular}{rrrrl}") && latex.contains("\\toprule"), "{latex}");
    assert!(latex.contains("  0.9 & 0.4 & 1 & 0.300 & 50\\% of a\\_b \\\\"), "{latex}");
    let file = workspace().join("out.csv");
    let said = xpm(&["results", "grid", "--format", "csv", "-o", file.to_str().unwrap()]);
    assert!(said.stderr.contains("13 rows of 13 jobs"), "{}", said.stderr);
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 14);
    xpm(&["results", "grid", "-o", "/nowhere/x.csv"]).fails(1, &["/nowhere/x.csv cannot be written"]);
}

#[cfg(feature = "parquet")]
pub fn in_parquet() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::Field;

    let path = workspace().join("mixed.parquet");
    let columns = "id,seed,map,note,model,k1";
    let said =
        xpm(&["results", "mixed", "-t", "q.rank", "-c", columns, "--format", "parquet", "-o", path.to_str().unwrap()]);
    assert!(said.code == 0 && said.stderr.contains("3 rows of 3 jobs"), "{}", said.stderr);
    let file = SerializedFileReader::new(std::fs::File::open(&path).unwrap()).unwrap();
    let schema = file.metadata().file_metadata().schema();
    let types: Vec<_> =
        schema.get_fields().iter().map(|field| format!("{} {}", field.name(), field.get_physical_type())).collect();
    assert_eq!(
        types.join(", "),
        "id BYTE_ARRAY, seed INT64, map DOUBLE, note BYTE_ARRAY, model BYTE_ARRAY, model.k1 DOUBLE"
    );
    let csv_text = xpm(&["results", "mixed", "-t", "q.rank", "-c", columns, "--format", "csv"]).ok();
    let expected = csv(&csv_text);
    let mut rows = 0;
    for (row, expected) in file.get_row_iter(None).unwrap().map(Result::unwrap).zip(&expected[1..]) {
        let shown = row.get_column_iter().map(|(_, field)| match field {
            Field::Null => String::new(),
            Field::Str(text) => text.clone(),
            Field::Long(i) => i.to_string(),
            Field::Double(x) => format!("{x:?}"),
            other => panic!("{other:?}"),
        });
        assert_eq!(shown.collect::<Vec<_>>(), *expected);
        rows += 1;
    }
    assert_eq!(rows, 3);
    // The job that failed has no output.
    assert!(
        [column(&expected, "map"), column(&expected, "note")].iter().all(|cells| cells.iter().any(String::is_empty)),
        "{csv_text}"
    );
    // Over a pipe it is the same file.
    let piped = std::process::Command::new(env!("CARGO_BIN_EXE_xpm"))
        .arg("--workdir")
        .arg(workspace().join("work"))
        .args(["results", "mixed", "-t", "q.rank", "-c", columns, "--format", "parquet"])
        .output()
        .unwrap();
    assert_eq!(piped.stdout, std::fs::read(&path).unwrap());
}

pub fn over_seeds() {
    let text = xpm(&["results", "grid", "-t", "q.rank", "--by", "k1,b", "--format", "csv"]).ok();
    let rows = csv(&text);
    assert_eq!(rows.len(), 5, "{text}");
    assert_eq!(column(&rows, "n"), ["3"; 4]);
    assert_eq!(column(&rows, "k1"), ["0.6", "0.6", "0.9", "0.9"]);
    assert_eq!(column(&rows, "b"), ["0.3", "0.4", "0.3", "0.4"]);
    let numbers = |name: &str| column(&rows, name).iter().map(|x| x.parse().unwrap()).collect::<Vec<f64>>();
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
    near(numbers("map.mean")[3], 0.2 + 0.09 + 0.02);
    near(numbers("map.std")[0], 0.01);
    near(numbers("loss.mean")[0], 0.22);
    let text = xpm(&[
        "results",
        "grid",
        "-t",
        "q.rank",
        "--by",
        "k1",
        "-c",
        "map",
        "--agg",
        "count,min,max,median,sem",
        "--format",
        "csv",
        "--sort",
        "-map.max",
    ])
    .ok();
    let rows = csv(&text);
    assert_eq!(rows[0][1..], ["n", "map.count", "map.min", "map.max", "map.median", "map.sem"], "{text}");
    assert_eq!(column(&rows, "k1"), ["0.9", "0.6"]);
    xpm(&["results", "grid", "--by", "k1", "--agg", "meen"])
        .fails(2, &["`meen` is no statistic: did you mean `mean`?"]);
    xpm(&["results", "grid", "--by", "k1", "-c", "note"]).fails(1, &["the column `note` has no numbers"]);
    xpm(&["results", "grid", "-t", "q.prepare", "--by", "name"]).fails(1, &["nothing to make statistics of"]);
}

pub fn picked_sorted_filtered() {
    let of = |args: &[&str]| {
        let all = [&["results", "grid", "-t", "q.rank", "--format", "csv"], args].concat();
        let text = xpm(&all).ok();
        csv(&text).into_iter().map(|row| row.join(",")).collect::<Vec<_>>()
    };
    let rows = of(&["-c", "seed,depth,task", "-f", "k1 = 0.6 and b < 0.35", "--sort", "seed"]);
    assert_eq!(rows, ["seed,depth,task", "1,1000,q.rank", "2,1000,q.rank", "3,1000,q.rank"]);
    let rows = of(&["-c", "seed,loss.max", "-f", "metric.loss.last > 0.225 and map > 0.3", "--sort", "-seed"]);
    assert_eq!(rows, ["seed,loss.max", "3,1.03"]);
    let rows = of(&["--metrics"]);
    assert!(rows[0].ends_with("loss,loss.min,loss.max"), "{}", rows[0]);
}

pub fn of_what_is_not_there() {
    xpm(&["results", "gird"]).fails(3, &["there is no experiment `gird`; there are: grid, mixed"]);
    xpm(&["results", "grid", "-c", "mpa"]).fails(1, &["there is no column `mpa`: did you mean `map`?"]);
    xpm(&["results", "grid", "-c", "zebra"]).fails(1, &["there is no column `zebra`; there are: id, "]);
    xpm(&["results", "grid", "--sort", "-mpa"]).fails(1, &["there is no column `mpa`"]);
    xpm(&["results", "grid", "--run", "1999"]).fails(3, &["has no run `1999`; there are: 20"]);
    xpm(&["results", "grid", "--run", ""]).fails(3, &["has no run ``; there are: 20"]);
    xpm(&["results", "grid", "--run", "20"]).ok();
    for args in [&["-c", ""][..], &["-c", "k1,,seed"], &["--by", ""], &["--sort", "-"]] {
        xpm(&[&["results", "grid"], args].concat()).fails(2, &["a column has a name"]);
    }
    for args in [&["-c", "k1,tag.k1"][..], &["--by", "k1,k1"], &["--by", "b", "-c", "map,map"]] {
        xpm(&[&["results", "grid", "-t", "q.rank"], args].concat()).fails(1, &["is asked for twice"]);
    }
    xpm(&["results", "grid", "--by", "k1", "--agg", "max,mean,max"])
        .fails(1, &["the statistic `max` is asked for twice"]);
    for args in [&["--json", "results", "grid"][..], &["results", "grid", "--json"]] {
        let said = xpm(&[args, &["--format", "csv"]].concat());
        said.fails(2, &["the argument '--json' cannot be used with '--format <FORMAT>'", "\"code\":2"]);
    }
    xpm(&["results", "grid", "--json", "--format", "json"]).ok();
    xpm(&["results", "grid", "--task", "q.rnk"])
        .fails(1, &["no job here is one of the task `q.rnk`", "q.prepare, q.rank"]);
    let none = xpm(&["results", "grid", "-f", "k1 = 7"]);
    assert_eq!((none.code, none.stdout.as_str()), (0, ""));
    assert!(none.stderr.contains("no job of `grid` is asked for"), "{}", none.stderr);
    assert_eq!(xpm(&["--json", "results", "grid", "-f", "k1 = 7"]).ok(), "[]\n");
    // Which columns there would be cannot be told, so all that are named are taken.
    let none = |args: &[&str]| xpm(&[&["results", "grid", "-f", "k1 = 7", "--format", "csv"], args].concat()).ok();
    assert_eq!(none(&["-c", "id,k1,what", "--sort", "-map"]), "id,k1,what\n");
    assert_eq!(none(&["--by", "k1", "-c", "map", "--agg", "max"]), "k1,n,map.max\n");
    assert_eq!(xpm(&["results", "grid", "-f", "k1 = 7", "-c", "id"]).ok(), "");
}

pub fn filters_of_jobs() {
    let count = |filter: &str| {
        let text = xpm(&["--json", "jobs", "--all", "--filter", filter]).ok();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["count"].as_u64().unwrap()
    };
    for (filter, jobs) in [
        ("state = failed", 1),
        ("state != failed", 16),
        ("task = q.rank", 15),
        ("k1 in [0.6, 0.9] and task = q.rank", 15),
        ("arg.model.k1 = 0.6", 6),
        ("model.k1 = 0.6 and not seed in [2, 3]", 2),
        ("depth < 100", 1),
        ("model.threads = 8", 3),
        ("output.map > 0.31", 2),
        ("map > 0.31", 2),
        ("at.p10 > 0.157", 1),
        ("output.note ~ '^50% of'", 14),
        ("metric.loss < 0.215", 6),
        ("metric.loss.max > 1.02", 4),
        ("experiment = mixed", 5),
        ("experiment = mixed and experiment = grid", 1),
        ("start > -1h and end < 1h ago", 0),
        ("start = today or start = yesterday", 17),
        ("duration < 1h and attempt = 1", 17),
        ("memory > 1kB and memory < 1TiB and cpu < 1h", 17),
        ("host != none and host != nowhere", 17),
        ("seed = none", 2),
        ("seed != 1", 11),
    ] {
        assert_eq!(count(filter), jobs, "{filter}");
    }
    let id = xpm(&["--json", "jobs", "-f", "state = failed"]).ok();
    let id =
        serde_json::from_str::<serde_json::Value>(&id).unwrap()["jobs"][0]["identity"].as_str().unwrap().to_owned();
    assert_eq!(count(&format!("id = {}", &id[..8])), 1);
    // The job that the data of others is made by.
    let text = xpm(&["--json", "jobs", "-f", "task = q.prepare and limit = 20"]).ok();
    let data =
        serde_json::from_str::<serde_json::Value>(&text).unwrap()["jobs"][0]["identity"].as_str().unwrap().to_owned();
    assert_eq!(count(&format!("data = {}", &data[..8])), 1);

    xpm(&["jobs", "--filter", "state = faild"]).fails(2, &["column 9", "did you mean `failed`?", "\n          ^^^^^"]);
    assert_eq!(count("id ~ ^[0-9a-f]"), 17);
    xpm(&["jobs", "--filter", "id > 61"]).fails(2, &["column 4", "`id` has no order"]);
    let long = format!("{}state = faild", "seed = 1 or ".repeat(2_000));
    let said = xpm(&["jobs", "--filter", &long]);
    assert!(said.stderr.len() < 1_000 && said.stderr.contains("seed = 1 or…' for '--filter"), "{}", said.stderr);
    said.fails(2, &["column 24009", "did you mean `failed`?"]);
    xpm(&["jobs", "--filter", "kk1 = 3"]).fails(1, &["no job here has a field `kk1`: did you mean", "k1`", "\n  ^^^"]);
}
