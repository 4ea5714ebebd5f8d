use xpm::prelude::*;

#[task(cpus = "4", memory = 8, gpus = -1, time = 7200)]
pub struct Kinds;

#[task(cpus = 5_000_000_000)]
pub struct TooMany;

#[task(resumable = true)]
pub struct Value;

#[task(cpu = 4, ram = "8GiB", resume)]
pub struct Misspelled;

#[config(cpus = 4)]
pub struct Model;

#[config(resumable)]
pub enum Loss {
    Mse,
}

#[config]
pub struct Field {
    #[param(memory = "8GiB")]
    pub n: usize,
}

#[config(gpus = 1)]
pub trait Scorer {}

macro_rules! tasks {
    ($($name:ident)*) => {$(
        impl Task for $name {
            type Output = ();

            fn execute(&self, _: &JobContext) -> TaskResult<()> {
                Ok(())
            }
        }
    )*};
}
tasks!(Kinds TooMany Value Misspelled);

fn main() {}
