use xpm::prelude::*;

#[config(deprecated = Newer)]
pub struct NoConversion {
    pub x: u32,
}

#[config]
pub struct Newer {
    pub y: u32,
}

#[config(deprecated = String)]
pub struct ByNoConfiguration {
    pub x: u32,
}

impl From<ByNoConfiguration> for String {
    fn from(_: ByNoConfiguration) -> Self {
        Self::new()
    }
}

#[config(deprecated)]
pub struct ByNothing {
    pub x: u32,
}

#[config(deprecated = ByItself)]
pub struct ByItself {
    pub x: u32,
}

#[config(deprecated = "Newer")]
pub struct ByText {
    pub x: u32,
}

#[config(deprecated = Newer)]
pub trait Family {
    fn f(&self);
}

#[config(deprecated = Work)]
pub struct ByTask {
    pub x: u32,
}

impl From<ByTask> for Work {
    fn from(_: ByTask) -> Self {
        Self {}
    }
}

#[task]
pub struct Work {}

impl Task for Work {
    type Output = ();
    fn execute(&self, _: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

#[task(deprecated = Newer)]
pub struct ByConfig {}

impl Task for ByConfig {
    type Output = ();
    fn execute(&self, _: &JobContext) -> TaskResult<()> {
        Ok(())
    }
}

impl From<ByConfig> for Newer {
    fn from(_: ByConfig) -> Self {
        Self { y: 1 }
    }
}

fn main() {}
