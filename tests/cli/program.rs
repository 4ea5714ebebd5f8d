//! A user's program with a command line of its own.

#![allow(missing_docs, missing_debug_implementations, unreachable_pub, reason = "a program, not a library")]
#![allow(clippy::print_stdout, clippy::disallowed_methods, reason = "written as users write")]

use std::path::PathBuf;

use clap::Parser;
use xpm::prelude::*;

#[task(id = "program.square")]
pub struct Square {
    #[param(default = 2)]
    pub side: u32,
    #[param(ignored, default = 1)]
    pub threads: u32,
}

impl Task for Square {
    type Output = u32;

    fn execute(&self, _: &JobContext) -> TaskResult<u32> {
        self.side.checked_mul(self.side).ok_or_else(|| xpm::Error::msg("that is no square"))
    }
}

#[derive(Parser, Debug)]
struct Cli {
    workdir: PathBuf,
    /// Says `loud` so many times
    #[arg(long, short, action = clap::ArgAction::Count)]
    loud: u8,
    #[command(flatten)]
    square: Sweep<Square>,
}

#[xpm::main]
fn main() -> xpm::Result<()> {
    let cli = Cli::parse();
    println!("own: loud {}, {} squares", cli.loud, cli.square.len());
    xpm::experiment(cli.workdir, "squares").run(|xp| {
        for square in &cli.square {
            let job = square.submit(xp)?;
            println!("job: {}", job.path().display());
            println!("tags: {:?}", job.tags());
        }
        Ok(())
    })
}
