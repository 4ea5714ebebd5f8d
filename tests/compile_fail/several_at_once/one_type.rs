use xpm::prelude::*;

#[config(id = "a/b", verison = 3)]
pub struct Model {
    #[param(defualt = 3)]
    pub depth: usize,
    #[param(ignore_default)]
    pub width: usize,
    #[param(path = "../x")]
    pub file: std::path::PathBuf,
}

fn main() {
    // The rest of the type is there: no mistake but those above.
    let model = Model::config().depth(3).width(4).build();
    let _ = model.identity();
}
