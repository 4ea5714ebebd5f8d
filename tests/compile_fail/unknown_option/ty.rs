use xpm::prelude::*;

#[config(di = "model")]
pub struct Model {
    pub depth: usize,
}

#[task(verison = 3)]
pub struct Work {
    pub depth: usize,
}

impl Task for Work {
    type Output = ();

    fn execute(&self, _job: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

#[config(version = 3)]
pub enum Loss {
    Mse,
}

#[config(default = 3)]
pub struct Wrong {
    pub depth: usize,
}

#[config(id = "scorer")]
pub trait Scorer {}

#[config(id = "scorer")]
impl Scorer for Model {}

fn main() {
    // What is wrong hides nothing that is right.
    let _ = Model::config().depth(3).build();
}
