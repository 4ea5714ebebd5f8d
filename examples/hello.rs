//! Two tasks and a third that joins what they return; run it twice, and nothing runs again: `cargo run --example hello`.

use xpm::prelude::*;

/// Puts a word in capitals.
#[task(id = "hello.capitals")]
struct Capitals {
    word: String,
}

impl Task for Capitals {
    type Output = String;
    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        Ok(self.word.to_uppercase())
    }
}

/// Joins words.
#[task(id = "hello.join")]
struct Join {
    words: Vec<String>,
}

impl Task for Join {
    type Output = String;
    fn execute(&self, _job: &JobContext) -> TaskResult<String> {
        Ok(self.words.join(", "))
    }
}

#[xpm::main]
#[expect(clippy::print_stdout, reason = "the text is what this program is for")]
fn main() -> xpm::Result<()> {
    xpm::experiment("workspaces/hello", "hello").run(|xp| {
        let hello = Capitals::config().word("hello").submit(xp)?;
        let world = Capitals::config().word("world").submit(xp)?;
        println!("{}", Join::config().words([hello.promise(), world.promise()]).submit(xp)?.output()?);
        Ok(())
    })
}
