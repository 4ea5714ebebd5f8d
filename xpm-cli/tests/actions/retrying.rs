//! `xpm retry`: jobs that failed are run again as they were run, and nothing is run twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::{Said, World, names, said, wait_until};

pub fn runs_what_failed() {
    let world = World::new();
    world.mark("fail.a");
    world.make(&["a", "b"]);
    let (a, b) = (world.id("a"), world.id("b"));
    let dry = world.xpm(&["retry", &a]);
    assert!(dry.code == 0 && dry.stdout.contains("attempt 1 failed: the disk is on fire"), "{dry:?}");
    assert!(dry.stdout.contains("would run 1 job again; nothing is done without --yes"), "{dry:?}");
    assert_eq!((world.state("a"), world.runs("a")), ("failed".to_owned(), 1));
    world.unmark("fail.a");
    let again = world.xpm(&["retry", &a, "--yes"]);
    assert!(again.code == 0 && again.stderr.contains("retry: 1 run in"), "{again:?}");
    assert!(again.stderr.contains("name=a done"), "{again:?}");
    assert_eq!((world.state("a"), world.runs("a")), ("done".to_owned(), 2));
    assert_eq!(world.json(&["show", &a])["attempt"], 2);
    assert_eq!(world.xpm(&["log", &a]).stdout, "a began\na ends\n");
    assert!(world.step("a").join(".xpm/attempts/1/stdout.log").exists(), "the log of before is kept");
    // Its experiment has it, where it was.
    let list = world.json(&["list"]);
    assert_eq!(list["experiments"][0]["last_run"]["jobs"]["done"], 2, "{list}");
    assert_eq!(world.json(&["jobs", "-e", "acts"])["states"]["done"], 2);
    assert_eq!(names(&world.workdir.join("experiments")), ["acts"], "no run was made");
    // What is done is never run again.
    let done = world.xpm(&["retry", &a, &b, "--yes"]);
    assert!(done.code == 1 && done.stderr.contains("it is done, and nothing runs it again"), "{done:?}");
    let none = world.xpm(&["retry", "-e", "acts", "--yes"]);
    assert!(none.code == 0 && none.stdout == "nothing to run again\n", "{none:?}");
    assert_eq!((world.runs("a"), world.runs("b")), (2, 1));
    // The plan finds it done.
    world.make(&["a", "b"]);
    assert_eq!(world.runs("a"), 2);
}

pub fn of_a_chain() {
    let world = World::new();
    world.mark("fail.a");
    world.make(&["a", "b:a", "c:b", "d"]);
    // What was not started has no folder.
    assert_eq!(names(&world.workdir.join("jobs/act.step")).len(), 2);
    assert_eq!(world.json(&["list"])["experiments"][0]["last_run"]["jobs"]["failed"], 3);
    let tagged = |name: &str| world.json(&["jobs", "--filter", &format!("name = {name}")])["jobs"][0].clone();
    assert_eq!(tagged("c")["failure"]["reason"], "dependency_failed", "{}", tagged("c"));
    let [b, c] = ["b", "c"].map(|name| tagged(name)["identity"].as_str().unwrap().to_owned());
    let a = world.id("a");
    let alone = world.json(&["retry", &a, "--alone"]);
    assert_eq!(alone["done"], 1, "{alone}");
    let all = world.json(&["retry", &a]);
    assert_eq!((&all["done"], &all["dry"]), (&3.into(), &true.into()), "{all}");
    let order: Vec<&str> = all["jobs"].as_array().unwrap().iter().map(|job| job["job"].as_str().unwrap()).collect();
    let place = |id: &str| order.iter().position(|job| job.contains(id)).unwrap();
    assert!(place(&a) < place(&b) && place(&b) < place(&c), "{order:?}");
    // What the last one needs is named.
    let last = world.xpm(&["retry", &c]);
    assert!(last.stdout.contains("would run 3 jobs") && last.stdout.contains(" needs it"), "{last:?}");
    world.unmark("fail.a");
    let said = world.xpm(&["retry", &a, "--yes"]);
    assert!(said.code == 0 && said.stderr.contains("retry: 3 run in"), "{said:?}");
    assert_eq!(["a", "b", "c", "d"].map(|name| world.runs(name)), [2, 1, 1, 1]);
    assert_eq!(world.json(&["list"])["experiments"][0]["last_run"]["jobs"]["done"], 4);
}

pub fn that_fails_again() {
    let world = World::new();
    world.mark("fail.a");
    world.make(&["a", "b:a"]);
    let said = world.xpm(&["retry", "--filter", "state = failed", "--yes"]);
    assert!(said.code == 1 && said.stderr.contains("FAILED: the disk is on fire"), "{said:?}");
    assert!(said.stderr.contains("1 job not started") && said.stderr.contains("retry: 2 failed in"), "{said:?}");
    assert_eq!((world.runs("a"), world.runs("b")), (2, 0));
    let b = world.json(&["jobs", "--filter", "name = b"])["jobs"][0].clone();
    assert_eq!(b["failure"]["reason"], "dependency_failed", "{b}");
    let json = world.json(&["retry", "--filter", "state = failed", "--yes"]);
    assert_eq!((&json["failed"], &json["done"], &json["dry"]), (&2.into(), &0.into(), &false.into()), "{json}");
    world.unmark("fail.a");
    assert_eq!(world.json(&["retry", "-e", "acts", "--yes"])["done"], 2);
    assert_eq!((world.runs("a"), world.runs("b")), (4, 1));
}

pub fn waits_for_a_token() {
    let world = World::new();
    world.mark("fail.a");
    world.make(&["a"]);
    world.unmark("fail.a");
    world.mark("hold.x");
    world.mark("hold.y");
    // There are two.
    let mut run = world.start(&["x", "y"]);
    wait_until("both are held", || world.json(&["tokens"])["tokens"][0]["held"] == 2);
    let retry = world.retry(&[&world.id("a")]);
    for _ in 0..20 {
        assert_eq!((world.runs("a"), world.json(&["tokens"])["tokens"][0]["held"].clone()), (1, 2.into()));
    }
    world.unmark("hold.x");
    let said = said(retry.wait_with_output().unwrap());
    assert!(said.code == 0 && world.runs("a") == 2, "{said:?}");
    let end = |name: &str, member: &str| world.json(&["show", &world.id(name)])[member].as_str().unwrap().to_owned();
    assert!(end("a", "start") >= end("x", "end"), "it held what the other did");
    world.unmark("hold.y");
    run.wait().unwrap();
    // The token is not what it was.
    fs::remove_file(world.workdir.join("tokens/slots.json")).unwrap();
    fs::remove_file(world.step("a").join("status.json")).unwrap();
    let gone = world.xpm(&["retry", &world.id("a"), "--yes"]);
    assert!(
        gone.code == 1 && gone.stderr.contains("it holds 1 of the token `slots`, which is not declared"),
        "{gone:?}"
    );
}

pub fn by_two_at_once() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.mark(&format!("fail.{name}"));
    }
    world.make(&["a", "b", "c", "d:a"]);
    for name in ["a", "b", "c"] {
        world.unmark(&format!("fail.{name}"));
    }
    world.mark("hold.a");
    let both = [world.retry(&["-e", "acts"]), world.retry(&["-e", "acts"])];
    wait_until("it runs again", || world.runs("a") == 2);
    world.unmark("hold.a");
    let both = both.map(|retry| said(retry.wait_with_output().unwrap()));
    assert!(both.iter().all(|said| said.code == 0), "{both:?}");
    assert_eq!(["a", "b", "c", "d"].map(|name| world.runs(name)), [2, 2, 2, 1], "{both:?}");
}

/// A copy of this program, and the folder of the frozen ones.
fn copied(world: &World) -> (PathBuf, PathBuf) {
    let program = world.path().join("program");
    // By a process of its own: what another test starts meanwhile would have the file open for writing too, and nobody could execute it.
    assert!(Command::new("cp").arg(std::env::current_exe().unwrap()).arg(&program).status().unwrap().success());
    (program, world.workdir.join("bin"))
}

fn frozen(bin: &Path) -> PathBuf {
    bin.join(names(bin).iter().find(|name| name.len() == 64).unwrap())
}

pub fn with_the_program_of_before() {
    let world = World::new();
    let (program, bin) = copied(&world);
    world.mark("fail.a");
    world.start_from(&program, &["a", "b:a"]).wait().unwrap();
    world.unmark("fail.a");
    // The program is built anew, and is another one.
    fs::remove_file(&program).unwrap();
    fs::write(&program, "#!/bin/sh\nexit 9\n").unwrap();
    let said = world.xpm(&["retry", &world.id("a"), "--yes"]);
    assert!(said.code == 0, "{said:?}");
    let digest = frozen(&bin).file_name().unwrap().to_str().unwrap().to_owned();
    for name in ["a", "b"] {
        let status = fs::read_to_string(world.step(name).join("status.json")).unwrap();
        assert!(status.contains(&digest), "{status}");
    }
}

pub fn with_another_program() {
    let world = World::new();
    world.mark("fail.a");
    world.make(&["a", "b:a"]);
    world.unmark("fail.a");
    let bin = world.workdir.join("bin");
    let program = frozen(&bin);
    let original = fs::read(&program).unwrap();
    let id = world.id("a");
    let here = std::env::current_exe().unwrap();
    let retry = |with: Option<&str>| match with {
        Some(with) => world.xpm(&["retry", &id, "--yes", "--executable", with]),
        None => world.xpm(&["retry", &id, "--yes"]),
    };
    let refused = |said: Said, why: &str| {
        assert!(said.code == 1 && said.stderr.contains(why), "`{why}` is not said: {said:?}");
        assert_eq!(world.runs("a"), 1, "it ran");
    };
    // The frozen one is damaged, then gone.
    fs::remove_file(&program).unwrap();
    fs::write(&program, &original[..original.len() - 1]).unwrap();
    refused(retry(None), "is damaged: its digest is ");
    fs::remove_file(&program).unwrap();
    refused(
        retry(None),
        "is not there any more: run its experiment again, or name a program that has its task: --executable",
    );
    refused(retry(Some("/bin/true")), "/bin/true cannot run it: it is no program of xpm");
    refused(retry(Some(env!("CARGO_BIN_EXE_xpm"))), "cannot run it: it is no program of xpm");
    refused(retry(Some("/no/such")), "cannot run it: it cannot be started");
    let params = world.step("a").join("params.json");
    let text = fs::read_to_string(&params).unwrap();
    fs::write(&params, text.replace("\"name\": \"a\"", "\"name\": \"other\"")).unwrap();
    refused(retry(Some(here.to_str().unwrap())), "they give the identity");
    fs::write(&params, text.replace("act.step", "act.spet")).unwrap();
    let other = world.xpm(&["retry", &id, "--yes", "--executable", here.to_str().unwrap()]);
    refused(other, "is damaged (it is that of act.spet/");
    fs::write(&params, &text).unwrap();
    assert_eq!(names(&bin).iter().filter(|name| name.len() == 64).count(), 0, "what is refused is not kept");
    let said = retry(Some(here.to_str().unwrap()));
    assert_eq!((said.code, world.runs("a"), world.runs("b")), (0, 2, 1), "{said:?}");
    assert_eq!(fs::read(frozen(&bin)).unwrap(), original);
}

pub fn refuses_what_it_cannot_run() {
    let world = World::new();
    world.mark("hold.b");
    world.mark("fail.a");
    let mut run = world.start(&["a", "b"]);
    wait_until("both have started", || world.runs("a") == 1 && world.runs("b") == 1);
    wait_until("one has failed and one runs", || {
        let states = world.json(&["jobs"])["states"].clone();
        states["failed"] == 1 && states["running"] == 1
    });
    let said = world.xpm(&["retry", &world.id("b"), "--yes"]);
    assert!(said.code == 1 && said.stderr.contains("not: it runs (process "), "{said:?}");
    world.unmark("hold.b");
    run.wait().unwrap();
    assert_eq!(world.runs("b"), 1);
    // Its arguments are those of an older xpm, or gone.
    let id = world.id("a");
    let params = world.step("a").join("params.json");
    let text = fs::read_to_string(&params).unwrap();
    let mut old: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(old["run"]["executable"].is_string() && old["run"]["tokens"]["slots"] == 1, "{old}");
    old.as_object_mut().unwrap().remove("run");
    fs::write(&params, old.to_string()).unwrap();
    let said = world.xpm(&["retry", &id, "--yes"]);
    assert!(said.code == 1 && said.stderr.contains("an older xpm wrote it: run its experiment again"), "{said:?}");
    fs::write(&params, &text[..text.len() / 2]).unwrap();
    let said = world.xpm(&["retry", &id, "--yes"]);
    assert!(said.code == 1 && said.stderr.contains("params.json is damaged"), "{said:?}");
    fs::remove_file(&params).unwrap();
    let said = world.xpm(&["retry", &id, "--yes"]);
    assert!(said.code == 1 && said.stderr.contains("its arguments are not written down"), "{said:?}");
    assert_eq!(world.runs("a"), 1);
    // The plan puts it right.
    world.unmark("fail.a");
    world.make(&["a", "b"]);
    assert_eq!(world.json(&["jobs"])["states"]["done"], 2);
}

pub fn killed_and_again() {
    let world = World::new();
    world.mark("fail.a");
    world.make(&["a", "b:a"]);
    world.unmark("fail.a");
    world.mark("hold.a");
    let mut retry = world.retry(&["-e", "acts"]);
    wait_until("it runs again", || world.runs("a") == 2 && world.state("a") == "running");
    retry.kill().unwrap();
    retry.wait().unwrap();
    assert_eq!(world.state("a"), "running", "it goes on");
    // What needs it waits for it, and nothing is run twice.
    let b = world.json(&["jobs", "--filter", "name = b"])["jobs"][0]["identity"].as_str().unwrap().to_owned();
    let retry = world.retry(&[&b]);
    world.unmark("hold.a");
    let said = said(retry.wait_with_output().unwrap());
    assert!(said.code == 0, "{said:?}");
    assert_eq!((world.runs("a"), world.runs("b")), (2, 1), "{said:?}");
}

pub fn interrupted() {
    let world = World::new();
    world.mark("fail.a");
    world.make(&["a", "b:a"]);
    world.unmark("fail.a");
    world.mark("hold.a");
    let retry = world.retry(&["-e", "acts"]);
    wait_until("it runs again", || world.runs("a") == 2);
    assert!(Command::new("kill").args(["-INT", &retry.id().to_string()]).status().unwrap().success());
    let said = said(retry.wait_with_output().unwrap());
    assert!(said.code == 1 && said.stderr.contains("interrupted; 1 running job goes on by itself"), "{said:?}");
    world.unmark("hold.a");
    wait_until("it ends by itself", || world.state("a") == "done");
    let again = world.xpm(&["retry", "-e", "acts", "--yes"]);
    assert!(again.code == 0, "{again:?}");
    assert_eq!((world.runs("a"), world.runs("b")), (2, 1));
}

pub fn of_a_resumable_job() {
    let world = World::new();
    world.make(&["long=a"]);
    assert_eq!((world.state("a"), world.runs("a")), ("failed".to_owned(), 1));
    // The plan does not run it again: its retries are spent.
    world.make(&["long=a"]);
    assert_eq!(world.runs("a"), 1);
    let said = world.xpm(&["retry", &world.id("a"), "--yes"]);
    assert!(said.code == 1 && said.stderr.contains("time"), "{said:?}");
    let said = world.xpm(&["retry", &world.id("a"), "--yes"]);
    assert!(said.code == 0, "{said:?}");
    assert_eq!((world.runs("a"), world.json(&["show", &world.id("a")])["value"].clone()), (3, 3.into()));
}

pub fn of_a_script() {
    let world = World::new();
    let script = world.path().join("act.sh");
    fs::write(&script, "echo once >> \"$4/ran.$2\"; test -e \"$4/ready\" && echo 7 > \"$XPM_OUTPUT\"\n").unwrap();
    world.make(&["script=a"]);
    assert_eq!((world.state("a"), world.runs("a")), ("failed".to_owned(), 1));
    world.mark("ready");
    // From another folder: the script is found where the plan was started.
    let mut command = world.command(&["retry", "--yes", &world.id("a")]);
    command.env("XPM_WORKDIR", &world.workdir).current_dir(&world.control);
    let said = said(command.output().unwrap());
    assert!(said.code == 0, "{said:?}");
    assert_eq!((world.state("a"), world.runs("a")), ("done".to_owned(), 2));
}
