use xpm::prelude::*;

#[task(program = "python3 train.py")]
pub struct Text {}

#[task(program = [])]
pub struct Empty {}

#[task(program = ["python3 train.py"])]
pub struct OneWord {}

#[task(program = [""])]
pub struct NoName {}

#[task(program = ["python3", 3])]
pub struct Number {}

#[task(program)]
pub struct Nothing {}

#[task(program = ["python3", "train.py"], args = json)]
pub struct Args {}

#[task(program = ["python3", "train.py"], arguments = yaml)]
pub struct Yaml {}

#[task(program = ["python3", "train.py"], output = "f64")]
pub struct Output {}

#[task(output = f64, arguments = json)]
pub struct NoProgram {}

impl Task for NoProgram {
    type Output = f64;

    fn execute(&self, _: &JobContext) -> TaskResult<f64> {
        Ok(0.0)
    }
}

#[config(program = ["python3", "train.py"])]
pub struct Config {}

fn main() {}
