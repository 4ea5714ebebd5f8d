//! Nothing, much, deep and long.

use xpm::prelude::*;

use crate::Call;

#[task(id = "story.nothing")]
pub struct Nothing;

impl Task for Nothing {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

#[task(id = "story.sum")]
pub struct Sum {
    pub numbers: Vec<i64>,
    pub names: Vec<String>,
}

impl Task for Sum {
    type Output = (i64, usize);

    fn execute(&self, _job: &JobContext) -> TaskResult<(i64, usize)> {
        Ok((self.numbers.iter().sum(), self.names.iter().map(String::len).sum()))
    }
}

#[config(id = "story.nest")]
pub struct Nest {
    pub level: u32,
    pub inner: Option<Box<Self>>,
}

#[task(id = "story.depth")]
pub struct Depth {
    pub nest: Nest,
}

impl Task for Depth {
    type Output = u32;

    fn execute(&self, _job: &JobContext) -> TaskResult<u32> {
        Ok(std::iter::successors(Some(&self.nest), |nest| nest.inner.as_deref()).map(|_| 1).sum())
    }
}

/// Holds all of its predecessors.
#[task(id = "story.link")]
pub struct Link {
    pub previous: Option<Box<Self>>,
}

impl Task for Link {
    type Output = u32;

    fn execute(&self, _job: &JobContext) -> TaskResult<u32> {
        Ok(std::iter::successors(Some(self), |link| link.previous.as_deref()).map(|_| 1).sum())
    }
}

/// Knows only what its predecessor returned.
#[task(id = "story.count")]
pub struct Count {
    pub previous: i64,
}

impl Task for Count {
    type Output = i64;

    fn execute(&self, _job: &JobContext) -> TaskResult<i64> {
        Ok(self.previous + 1)
    }
}

#[task(id = "story.no_op")]
pub struct NoOp {
    pub number: usize,
}

impl Task for NoOp {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

/// `what`, `how many`: prints what came of it.
pub fn size(call: &Call) -> xpm::Result<()> {
    let (what, count) = (call.texts()[0], call.number(1));
    call.run(2, |xp| {
        match what {
            "nothing" => println!("{:?}", Nothing::config().submit(xp)?.output()?),
            "list" => {
                let numbers: Vec<i64> = (0..i64::try_from(count)?).collect();
                let names: Vec<String> = numbers.iter().map(|n| format!("{n:05}")).collect();
                println!("{:?}", Sum::config().numbers(&numbers).names(&names).submit(xp)?.output()?);
            }
            "nested" => {
                let mut nest = Nest::config().level(0).build();
                for level in 1..u32::try_from(count)? {
                    nest = Nest::config().level(level).inner(nest).build();
                }
                println!("{}", Depth::config().nest(nest).submit(xp)?.output()?);
            }
            "chain" => {
                let mut last = Link::config().submit(xp)?;
                for _ in 1..count {
                    last = Link::config().previous(&last).submit(xp)?;
                }
                println!("{}", last.output()?);
                println!("{}", last.path().display());
            }
            "promises" => {
                let first = Count::config().previous(0).submit(xp)?;
                let second = Count::config().previous(first.promise()).submit(xp)?;
                let mut last = second.clone();
                for _ in 2..count {
                    last = Count::config().previous(last.promise()).submit(xp)?;
                }
                println!("{}\n{}\n{}", last.output()?, second.path().display(), last.path().display());
            }
            "no-ops" => {
                for number in 0..count {
                    NoOp::config().number(number).submit(xp)?;
                }
            }
            other => return Err(xpm::Error::msg(format!("no size {other}"))),
        }
        Ok(())
    })
}
