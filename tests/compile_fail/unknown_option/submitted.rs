use xpm::prelude::*;

#[task(max_retries = 2, priority = 1)]
pub struct Work {
    pub depth: usize,
}

impl Task for Work {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

#[task(retry_delay = "10s")]
pub struct Other {
    #[param(priority = 3)]
    pub depth: usize,
}

impl Task for Other {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

fn main() {}
