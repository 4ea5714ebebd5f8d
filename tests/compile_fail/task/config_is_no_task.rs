use xpm::prelude::*;

#[config]
pub struct Data {
    pub depth: usize,
}

fn main() {
    let _ = xpm::experiment("/tmp", "x").run(|xp| {
        Data::config().depth(3).submit(xp)?;
        Ok(())
    });
}
