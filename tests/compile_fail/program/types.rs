use xpm::prelude::*;

pub struct NoSerde;

#[task(program = ["python3", "train.py"], output = NoSerde)]
pub struct Output {}

#[task(program = ["python3", "train.py"])]
pub struct Twice {}

impl Task for Twice {
    type Output = f64;

    fn execute(&self, _: &JobContext) -> TaskResult<f64> {
        Ok(0.0)
    }
}

fn main() {}
