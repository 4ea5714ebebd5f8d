use xpm::prelude::*;

pub struct Metrics {
    pub map: f64,
}

#[task]
pub struct Rank {
    pub depth: usize,
}

impl Task for Rank {
    type Output = Metrics;

    fn execute(&self, _job: &JobContext) -> TaskResult<Metrics> {
        Ok(Metrics { map: 0.5 })
    }
}

fn main() {}
