use xpm::prelude::*;

#[task(partial(checkpoints, except = [epoch]))]
pub struct UnknownArgument {
    pub epochs: u64,
    pub lr: f64,
}

#[task(partial(a, except = [x]), partial(b, except = [x, x]), partial("A", except = [x]))]
pub struct Twice {
    pub x: u64,
}

#[task(partial("", except = [x]))]
pub struct EmptyName {
    pub x: u64,
}

#[task(partial())]
pub struct Nothing;

#[task(partial)]
pub struct Alone;

#[task(partial("../up", except = [x]))]
pub struct Outside {
    pub x: u64,
}

#[task(partial(a))]
pub struct NoExcept {
    pub x: u64,
}

#[task(partial(a, except = []))]
pub struct EmptyExcept {
    pub x: u64,
}

#[task(partial(a, but = [x]))]
pub struct OtherWord {
    pub x: u64,
}

#[task(partial(a, except = x))]
pub struct NoList {
    pub x: u64,
}

#[task(partial(a, except = [x], b))]
pub struct TooMuch {
    pub x: u64,
}

#[config(partial(a, except = [x]))]
pub struct Config {
    pub x: u64,
}

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
tasks!(UnknownArgument Twice EmptyName Nothing Alone Outside NoExcept EmptyExcept OtherWord NoList TooMuch);

fn main() {}
