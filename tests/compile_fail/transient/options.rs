use xpm::prelude::*;

#[task(transient = "delete")]
pub struct Unknown;

#[task(transient = true)]
pub struct Value;

#[task(transient(remove, keep))]
pub struct Two;

#[config(transient)]
pub struct Config;

#[task(transient, transient = "remove")]
pub struct Twice;

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
tasks!(Unknown Value Two Twice);

fn main() {}
