//! Rows 27 to 32 and 34, and the golden vectors of jobs.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use xpm::Identity;
use xpm::prelude::*;

use crate::compare::{different, same, with_golden};
use crate::tasks::{Consumer, ConsumerConfig, Leaf, Long, Train, Waits, Where};
use crate::{run, run_anew};

fn train(n: u32, xp: &Experiment) -> xpm::Result<Job<Train>> {
    Train::config().n(n).submit(xp)
}

/// The path argument.
fn path(given: &str) -> xpm::Arg<PathBuf> {
    given.into_arg()
}

pub(crate) fn row_27_before_and_after_submit() {
    run_anew(|xp| {
        let args = Train::config().n(1).build();
        let before = args.identity();
        let job = args.clone().submit(xp)?;
        same([
            ("before", before),
            ("the job", job.id()),
            ("the copy kept", args.identity()),
            ("the copy given back", job.config().identity()),
            ("submitted twice", train(1, xp)?.id()),
        ]);
        let folder = job.path().to_owned();
        assert!(folder.ends_with(format!("jobs/golden.job/{before}")), "{}", folder.display());
        assert_eq!(job.output()?, 10);
        same([("before", before), ("done", job.id())]);
        Ok(())
    });
}

pub(crate) fn rows_28_and_29_a_task_as_an_argument() {
    run_anew(|xp| {
        let with = |job: &Job<Train>| Consumer::config().task(job).identity();
        let (one, two) = (train(1, xp)?, train(2, xp)?);
        let other_threads = Train::config().n(1).threads(8).submit(xp)?;
        different([("T{1}", with(&one)), ("T{2}", with(&two)), ("none", Consumer::config().identity())]);
        same([
            ("threads 4", with(&one)),
            ("threads 8", with(&other_threads)),
            ("tagged", Consumer::config().task(tag(&one)).identity()),
            ("the handle itself", Consumer::config().task(one.clone()).identity()),
        ]);
        Ok(())
    });
}

pub(crate) fn row_30_promises() {
    run_anew(|xp| {
        let (one, two) = (train(1, xp)?, train(2, xp)?);
        different([
            ("promise of T{1}", Consumer::config().promise(one.promise()).identity()),
            ("promise of T{2}", Consumer::config().promise(two.promise()).identity()),
            ("the value it will be", Consumer::config().promise(10).identity()),
            ("the job itself", Consumer::config().task(&one).identity()),
            ("a list of it", Consumer::config().list([one.promise()]).identity()),
            ("a list of its value", Consumer::config().list([10]).identity()),
            ("as JSON", Consumer::config().json(one.promise()).identity()),
            ("a value as JSON", Consumer::config().json(10).identity()),
        ]);
        Ok(())
    });
}

pub(crate) fn row_30_promises_of_paths_and_durations() {
    run_anew(|xp| {
        let (place, long) = (Where::config().submit(xp)?, Long::config().submit(xp)?);
        let waits = || Waits::config().time(Duration::from_secs(1));
        different([
            ("a promised path", waits().place(place.promise()).identity()),
            ("a plain path", waits().place("/data").identity()),
            ("a promised duration", Waits::config().place("/data").time(long.promise()).identity()),
        ]);
        let job = Waits::config().place(place.promise()).time(long.promise()).submit(xp)?;
        assert_eq!(job.output()?, "/data 1.5s");
        Ok(())
    });
}

pub(crate) fn row_31_files() {
    run_anew(|xp| {
        let (one, two) = (train(1, xp)?, train(2, xp)?);
        let with = |file| Consumer::config().file(file).identity();
        different([
            ("w of T{1}", with(one.file("w"))),
            ("v of T{1}", with(one.file("v"))),
            ("w of T{2}", with(two.file("w"))),
            ("a/w of T{1}", with(one.file("a/w"))),
            ("a plain path", Consumer::config().file("w").identity()),
            ("in a list", Consumer::config().files([one.file("w")]).identity()),
            ("two in a list", Consumer::config().files([one.file("w"), one.file("w")]).identity()),
        ]);
        same([("w", with(one.file("w"))), ("./w", with(one.file("./w"))), ("w/", with(one.file("w/")))]);
        let list = |plain: &str| Consumer::config().files([path(plain), one.file("w").into_arg()]).identity();
        same([("plain path beside it", list("/a")), ("another plain path", list("/b"))]);
        let file = || one.file("w").into_arg();
        different([
            ("a file, a path", Consumer::config().files([file(), path("/a")]).identity()),
            ("a path, a file", Consumer::config().files([path("/a"), file()]).identity()),
            ("a file, two paths", Consumer::config().files([file(), path("/a"), path("/b")]).identity()),
            ("a file between paths", Consumer::config().files([path("/a"), file(), path("/b")]).identity()),
        ]);
        let refused = Consumer::config().file(one.file("../w")).try_identity().expect_err("it leaves the folder");
        let why = "`file(\"../w\")` leaves the folder of";
        let expected = format!("argument `file`: {why} golden.job/{}; give a path inside it", one.id().short());
        assert_eq!(refused.to_string(), expected);
        Ok(())
    });
}

pub(crate) fn row_32_what_a_job_made() {
    run_anew(|xp| {
        let (one, two) = (train(1, xp)?, train(2, xp)?);
        let leaf = |n: u32| Leaf::config().n(n);
        let with = |config: ConsumerConfig| config.identity();
        different([
            ("made by T{1}", with(Consumer::config().made(one.produces(leaf(5))).build())),
            ("made by T{2}", with(Consumer::config().made(two.produces(leaf(5))).build())),
            ("another one made by T{1}", with(Consumer::config().made(one.produces(leaf(6))).build())),
            ("plain", with(Consumer::config().made(leaf(5)).build())),
            ("as a member of a family", with(Consumer::config().member(one.produces(leaf(5))).build())),
        ]);
        let (plain, arguments) = (Leaf { n: 5 }, leaf(5).build());
        same([
            ("of a builder", with(Consumer::config().made(one.produces(leaf(5))).build())),
            ("of a value", with(Consumer::config().made(one.produces(Leaf { n: 5 })).build())),
            ("of a reference to a value", with(Consumer::config().made(one.produces(&plain)).build())),
            ("of arguments", with(Consumer::config().made(one.produces(arguments.clone())).build())),
            ("of a reference to arguments", with(Consumer::config().made(one.produces(&arguments)).build())),
        ]);
        Ok(())
    });
}

pub(crate) fn row_33_what_other_jobs_made_reads_back() {
    run_anew(|xp| {
        let (one, two) = (train(1, xp)?, Train::config().n(2).threads(8).submit(xp)?);
        let job = Consumer::config()
            .task(&one)
            .promise(one.promise())
            .json(two.promise())
            .list([two.promise(), one.promise()])
            .file(one.file("weights.bin"))
            .files([path("/plain"), two.file("a/é.bin").into_arg()])
            .made(one.produces(Leaf::config().n(5)))
            .member(two.produces(Leaf::config().n(6)))
            .tuple((one.file("w"), &two))
            .map([("a", &two), ("b", &one)])
            .submit(xp)?;
        let (file, other) = (one.path().join("weights.bin"), two.path().join("a/é.bin"));
        let expected = [
            "Some(10) Some(20) Some([20, 10])".to_owned(),
            format!("Some({file:?}) Some([\"/plain\", {other:?}]) Some(Leaf {{ n: 5 }}) Some(Leaf {{ n: 6 }})"),
            "1 4 \"1 4\"".to_owned(),
            "2 8 \"2 8\"".to_owned(),
            "2 8 \"2 8\"".to_owned(),
            "1 4 \"1 4\"".to_owned(),
        ];
        assert_eq!(job.output()?, expected);
        Ok(())
    });
}

pub(crate) fn row_34_what_is_no_argument() {
    let in_another_way = |way: fn(&Experiment, xpm::Arg<u32>) -> xpm::Result<Job<Train>>| {
        let mut id = None;
        run_anew(|xp| {
            id = Some(way(xp, 1.into_arg())?.id());
            Ok(())
        });
        id.expect("the plan ran")
    };
    let workdir = tempfile::tempdir().expect("a folder");
    let (mut found_done, mut other_run) = (None, None);
    run(workdir.path(), |xp| {
        found_done = Some(train(1, xp)?.id());
        Ok(())
    });
    let cpus = NonZeroU32::new(1).expect("not zero");
    let again = xpm::experiment(workdir.path(), "other").cpus(cpus).reporter(xpm::report::Silent).run(|xp| {
        other_run = Some(train(1, xp)?.id());
        Ok(())
    });
    assert!(again.is_ok(), "{again:?}");
    same([
        ("plain", in_another_way(|xp, n| Train::config().n(n).submit(xp))),
        ("tagged", in_another_way(|xp, n| Train::config().n(tag(n)).tag("y", 1).submit(xp))),
        ("after another job", in_another_way(|xp, n| Train::config().n(n).add_dependency(&train(2, xp)?).submit(xp))),
        ("in a workspace that is kept", found_done.expect("the plan ran")),
        ("in another experiment, with other CPUs", other_run.expect("the plan ran")),
        ("never submitted", Train::config().n(1).identity()),
    ]);
}

pub(crate) fn golden_vectors_of_jobs() {
    run_anew(|xp| {
        let (one, two) = (train(1, xp)?, Train::config().n(2).threads(8).submit(xp)?);
        let c = Consumer::config;
        let leaf = || Leaf::config().n(5);
        let files = [path("/a"), one.file("w").into_arg(), two.file("w").into_arg()];
        let vectors: Vec<(&str, Identity)> = vec![
            ("job: itself", c().task(&one).identity()),
            ("job: promise", c().promise(one.promise()).identity()),
            ("job: promise of json", c().json(two.promise()).identity()),
            ("job: promises in a list", c().list([one.promise(), two.promise()]).identity()),
            ("job: file", c().file(one.file("weights.bin")).identity()),
            ("job: file in a folder", c().file(one.file("a/é.bin")).identity()),
            ("job: files and plain paths", c().files(files).identity()),
            ("job: a file among plain paths", c().files([path("/a"), one.file("w").into_arg(), path("/b")]).identity()),
            ("job: plain paths", c().files(["/a", "/b"]).identity()),
            ("job: produced", c().made(one.produces(leaf())).identity()),
            ("job: produced in a family", c().member(two.produces(leaf())).identity()),
            ("job: in a tuple", c().tuple((one.file("w"), &one)).identity()),
            ("job: in a map", c().map([("b", &two), ("a", &one)]).identity()),
        ];
        with_golden(|name| name.starts_with("job: "), vectors);
        Ok(())
    });
}
