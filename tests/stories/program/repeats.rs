//! Plans that submit jobs again, retry them, and ask why they wait.

use std::fs;
use std::time::Duration;

use xpm::{JobState, Waiting, prelude::*};

use crate::Call;
use crate::steps::{Control, Step, StepConfig};

/// Fails, each attempt with its number, as often as `fails.NAME` says; where it resumes it runs out of time instead.
#[task(id = "story.flaky")]
pub struct Flaky {
    pub name: String,
    pub control: Control,
}

impl Task for Flaky {
    type Output = usize;

    fn execute(&self, _job: &JobContext) -> TaskResult<usize> {
        let (attempt, fails) = attempt(&self.control, &self.name)?;
        if attempt <= fails { Err(xpm::Error::msg(format!("attempt {attempt} fails"))) } else { Ok(attempt) }
    }
}

#[task(id = "story.goes_on", resumable)]
pub struct Resumes {
    pub name: String,
    pub control: Control,
}

impl Task for Resumes {
    type Output = usize;

    fn execute(&self, job: &JobContext) -> TaskResult<usize> {
        let (attempt, fails) = attempt(&self.control, &self.name)?;
        self.control.mark(&format!("attempt.{attempt}"))?;
        self.control.wait_until("it is not held", |control| job.stop_requested() || !control.exists("hold.r"))?;
        if job.stop_requested() {
            return Err(xpm::Error::msg("stopped while it was held"));
        }
        if attempt <= fails { Err(job.out_of_time()) } else { Ok(attempt) }
    }
}

fn attempt(control: &Control, name: &str) -> TaskResult<(usize, usize)> {
    control.log(name)?;
    let log = fs::read_to_string(control.folder.join("log"))?;
    let fails = fs::read_to_string(control.folder.join(format!("fails.{name}"))).unwrap_or_default();
    Ok((log.lines().filter(|line| *line == name).count(), fails.parse().unwrap_or(0)))
}

/// Is taken apart slowly when it is killed.
#[task(id = "story.heavy")]
pub struct Heavy {
    pub control: Control,
}

impl Task for Heavy {
    type Output = usize;

    fn execute(&self, _job: &JobContext) -> TaskResult<usize> {
        let held = self.control.exists("hold.heavy");
        let memory = vec![1_u8; if held { 256 << 20 } else { 1 }];
        self.control.mark("started.heavy")?;
        self.control.wait_until("it is not held", |control| !held || !control.exists("hold.heavy"))?;
        Ok(memory.iter().map(|byte| usize::from(*byte)).sum())
    }
}

pub fn repeats(call: &Call) -> xpm::Result<()> {
    let control = call.control();
    let step = |name: &str| Step::config().name(name).control(&control).build();
    let mark = |name: &str| fs::write(call.control.join(name), "");
    let unmark = |name: &str| fs::remove_file(call.control.join(name));
    let wait_for = |what: &str, condition: &dyn Fn() -> bool| {
        Control { folder: call.control.clone() }.wait_until(what, |_| condition())
    };
    let texts = call.texts();
    call.run(if texts[0] == "parallel" { 2 } else { 1 }, |xp| match texts[0] {
        "failed" => {
            mark("fail.a")?;
            let first = step("a").submit(xp)?;
            let after = |job: &Job<Step>| step("b").after_job(job);
            let dependent = after(&first).submit(xp)?;
            xp.wait()?;
            println!("{} {}", short(&first), short(&dependent));
            // What depends on it fails again as long as it is not submitted itself.
            after(&first).submit(xp)?.wait()?;
            println!("{} {}", short(&first), short(&dependent));
            for again in &texts[1..] {
                if *again == "mended" {
                    unmark("fail.a")?;
                }
                let second = step("a").submit(xp)?;
                after(&second).submit(xp)?;
                // The first handles see it.
                println!("{:?} {:?}", first.wait()?.is_final(), dependent.wait()?.is_final());
                println!("{} {}", short(&second), short(&dependent));
            }
            Ok(())
        }
        "other-needs" => {
            mark("hold.a")?;
            let job = step("a").resources(Resources::new().time(Duration::from_millis(200))).submit(xp)?;
            println!("{:?}", job.wait()?);
            unmark("hold.a")?;
            step("a").resources(Resources::new().time("1h")).submit(xp)?;
            println!("{:?} {}", job.wait()?, job.output()?);
            Ok(())
        }
        "running" => {
            mark("hold.a")?;
            let first = step("a").submit(xp)?;
            wait_for("it runs", &|| call.control.join("started.a").exists())?;
            let second = step("a").priority(7).submit(xp)?;
            unmark("hold.a")?;
            println!("{} {}", second.output()?, first.output()?);
            println!("{}", step("a").submit(xp)?.output()?);
            Ok(())
        }
        "waiting" => {
            mark("hold.first")?;
            let token = xp.token("only", 1)?;
            let first = step("first").submit(xp)?;
            wait_for("the first runs", &|| call.control.join("started.first").exists())?;
            let [low, high, late, dependent] = ["low", "high", "late", "dependent"].map(step);
            let (low, high) = (low.submit(xp)?, high.submit(xp)?);
            let dependent = dependent.submit(xp)?;
            let late = late.after_job(&low).submit(xp)?;
            step("high").priority(5).submit(xp)?;
            step("dependent").priority(9).add_dependency(&late).add_dependency(token.dependency(1)).submit(xp)?;
            let error = step("low").add_dependency(&dependent).submit(xp).map(drop).expect_err("it waits for it");
            println!("{error}");
            let error = step("low").add_dependency(token.dependency(2)).submit(xp).map(drop).expect_err("too many");
            println!("{error}");
            unmark("hold.first")?;
            for job in [first, low, high, late, dependent] {
                job.output()?;
            }
            Ok(())
        }
        "retries" => {
            let flaky = Flaky::config().name(texts[1]).control(&control);
            let job = flaky.max_retries(3).retry_delay(Duration::from_millis(texts[2].parse()?)).submit(xp)?;
            println!("{:?}", job.output().map_err(|error| error.to_string().contains("fails")));
            Ok(())
        }
        "resumes" => {
            let job = Resumes::config().name("r").control(&control);
            let job = match texts.get(1) {
                Some(retries) => job.max_retries(retries.parse()?).submit(xp)?,
                None => job.submit(xp)?,
            };
            println!("{}", job.output()?);
            Ok(())
        }
        "heavy" => {
            println!("{}", Heavy::config().control(&control).submit(xp)?.output()?);
            Ok(())
        }
        "why" => why(call, xp),
        other => Err(xpm::Error::msg(format!("no repeat {other}"))),
    })
}

trait AfterJob {
    fn after_job(self, job: &Job<Step>) -> StepConfig;
}

impl AfterJob for StepConfig {
    fn after_job(mut self, job: &Job<Step>) -> StepConfig {
        self.set_after(vec![job]);
        self
    }
}

fn short(job: &Job<Step>) -> String {
    let text = format!("{:?}", job.state());
    text.split(['(', ' ']).take(2).collect::<Vec<_>>().join(":")
}

/// Asks of jobs that wait for every reason.
fn why(call: &Call, xp: &Experiment) -> xpm::Result<()> {
    let control = call.control();
    let step = |name: &str| Step::config().name(name).control(&control).build();
    fs::write(call.control.join("hold.runs"), "")?;
    fs::write(call.control.join("fails.flaky"), "1")?;
    let flaky = Flaky::config().name("flaky").control(&control);
    let flaky = flaky.max_retries(1).retry_delay(Duration::from_secs(3600)).submit(xp)?;
    let asked = Control { folder: call.control.clone() };
    asked.wait_until("it is held off", |_| matches!(flaky.why(), Some(Waiting::Retry { .. })))?;
    let token = xp.token("slots", 3)?;
    let runs = step("runs").add_dependency(token.dependency(2)).submit(xp)?;
    // The process is there before its driver says so.
    asked.wait_until("it runs", |asked| asked.exists("started.runs") && runs.state() == JobState::Running)?;
    println!("runs: {:?}", runs.why());
    let dependent = step("dependent").after_job(&runs).submit(xp)?;
    let token_short =
        step("token").add_dependency(token.dependency(2)).resources(Resources::new().cpus(0)).submit(xp)?;
    let (cpu, next) = (step("cpu").submit(xp)?, step("next").submit(xp)?);
    for (name, job) in [("dependent", &dependent), ("token", &token_short), ("cpu", &cpu), ("next", &next)] {
        println!("{name}: {}", job.why().expect("it waits"));
    }
    let text = flaky.why().expect("it waits").to_string();
    println!("flaky: {}", text.replace(|c: char| c.is_ascii_digit() || c == '.', ""));
    fs::remove_file(call.control.join("hold.runs"))?;
    for job in [&runs, &dependent, &token_short, &cpu, &next] {
        job.wait()?;
        assert_eq!(job.why(), None, "it has ended");
    }
    println!("{}", &runs.id().to_string()[..8]);
    // The retry is an hour away: the test interrupts the run.
    xp.wait()
}
