//! A program in which two types have one id.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program, not a library")]

use xpm::prelude::*;

mod first {
    use super::*;

    #[config(id = "story.twin")]
    pub struct One {
        pub x: u8,
    }
}

mod second {
    use super::*;

    #[config(id = "story.twin")]
    pub struct Other {
        pub y: u8,
    }
}

#[task(id = "story.twins")]
pub struct Twins {
    pub one: first::One,
    pub other: second::Other,
}

impl Task for Twins {
    type Output = u8;

    fn execute(&self, _job: &JobContext) -> TaskResult<u8> {
        Ok(self.one.x + self.other.y)
    }
}

#[xpm::main]
fn main() -> xpm::Result<()> {
    let workdir = std::env::args_os().nth(1).unwrap_or_default();
    xpm::experiment(workdir, "twins").run(|xp| {
        let twins = Twins::config().one(first::One::config().x(1)).other(second::Other::config().y(2));
        twins.submit(xp)?.output()?;
        Ok(())
    })
}
