use xpm::prelude::*;

#[config]
pub struct Model {
    pub name: String,
    pub depth: usize,
    pub rate: f64,
    pub rates: Vec<f64>,
}

fn main() {
    let model = || Model::config();
    model().name(3);
    model().depth("three");
    model().depth(-1.5);
    model().rate(1);
    model().rates(["a", "b"]);
    model().rate(tag("x"));
    model().unknown(3);
    let mut built = model().name("x").depth(1).rate(0.5).rates([0.5]).build();
    built.set_depth("three");
    built.depth = 100;
}
