//! Plans with jobs that share a folder.

use std::fs::{self, File};

use xpm::prelude::*;

use crate::Call;
use crate::steps::Control;

/// Goes on from where another job of the same rate has come to.
#[task(id = "story.partial", partial(checkpoints, except = [epochs]))]
pub struct Train {
    pub rate: u64,
    pub epochs: u64,
    pub control: Control,
}

impl Task for Train {
    type Output = u64;

    fn execute(&self, job: &JobContext) -> TaskResult<u64> {
        let Self { rate, epochs, control } = self;
        let name = format!("{rate}x{epochs}");
        let folder = job.partial("checkpoints")?;
        let alone = File::create(folder.join("alone"))?;
        if alone.try_lock().is_err() {
            control.log("two at once")?;
            return Err(xpm::Error::msg("two at once"));
        }
        let last = folder.join("last");
        let begin = fs::read_to_string(&last).map_or(Ok(0), |text| text.parse())?;
        control.log(&format!("{name} from {begin}"))?;
        for epoch in begin + 1..=*epochs {
            fs::write(folder.join("new"), epoch.to_string())?;
            fs::rename(folder.join("new"), &last)?;
            control.mark(&format!("at.{name}.{epoch}"))?;
            control.wait_until("it is not held", |control| !control.exists(&format!("hold.{name}.{epoch}")))?;
        }
        Ok(begin)
    }
}

/// Has two such folders, and tells where they are.
#[task(id = "story.partial.both", version = 3, partial(first, except = [a]), partial("se-cond", except = [a, r#type,]))]
pub struct Both {
    pub a: u64,
    pub r#type: String,
    #[param(ignored, default = 0)]
    pub ignored: u64,
    pub ask: String,
}

impl Task for Both {
    type Output = Vec<String>;

    fn execute(&self, job: &JobContext) -> TaskResult<Vec<String>> {
        let folders = [job.partial("first")?, job.partial("se-cond")?, job.partial(&self.ask)?];
        assert!(folders.iter().all(|folder| folder.is_dir()));
        Ok(folders.map(|folder| folder.display().to_string()).into())
    }
}

/// A program with such a folder.
#[task(
    id = "story.partial.program",
    program = ["sh", "-c", "touch \"$XPM_PARTIAL_SE_COND/x\" && printf '\"%s\"' \"$XPM_PARTIAL_SE_COND\" >\"$XPM_OUTPUT\""],
    arguments = none,
    output = String,
    partial("se-cond", except = [n]),
)]
pub struct Program {
    pub n: u64,
}

/// What the arguments say, in order: `RATE EPOCHS`, `both A TYPE IGNORED ASK`, `program N`, `wait`, `why`; first `other` for
/// another experiment.
pub fn partial(call: &Call) -> xpm::Result<()> {
    let other = call.texts().first().is_some_and(|text| *text == "other");
    let experiment = xpm::experiment(&call.workdir, if other { "other" } else { "story" });
    experiment.cpus(4.try_into()?).run(|xp| {
        let mut last = None::<Job<Train>>;
        for text in call.texts() {
            let words: Vec<_> = text.split(' ').collect();
            match words[..] {
                ["other"] => {}
                ["wait"] => xp.wait()?,
                ["why"] => {
                    println!("{}", last.as_ref().and_then(Job::why).map_or_else(String::new, |why| why.to_string()));
                }
                ["both", a, of, ignored, ask] => {
                    let both = Both::config().a(a.parse::<u64>()?).r#type(of).ignored(ignored.parse::<u64>()?).ask(ask);
                    println!("{}", both.submit(xp)?.output()?.join(" "));
                }
                ["program", n] => println!("{}", Program::config().n(n.parse::<u64>()?).submit(xp)?.output()?),
                [rate, epochs] => {
                    let train = Train::config().rate(rate.parse::<u64>()?).epochs(epochs.parse::<u64>()?);
                    last = Some(train.control(call.control()).submit(xp)?);
                }
                _ => return Err(xpm::Error::msg(format!("what is {text}?"))),
            }
        }
        Ok(())
    })
}
