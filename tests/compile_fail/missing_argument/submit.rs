use xpm::prelude::*;

#[task]
pub struct Count {
    pub to: u32,
}

impl Task for Count {
    type Output = u32;

    fn execute(&self, _job: &JobContext) -> TaskResult<u32> {
        Ok(self.to)
    }
}

fn main() {
    let _ = xpm::experiment("/tmp", "count").run(|xp| {
        Count::config().submit(xp)?;
        Ok(())
    });
}
