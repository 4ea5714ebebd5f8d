use xpm::prelude::*;

#[task(cpus = 4, memory = "lots", gpus = 1, time = "two hours")]
pub struct Texts;

#[task(memory = "8 gigs")]
pub struct Unit;

#[task(memory = "", time = "")]
pub struct Empty;

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
tasks!(Texts Unit Empty);

fn main() {}
