use xpm::prelude::*;

#[config(id = "ir/collection")]
pub struct Slash;

#[config(id = "ir..collection")]
pub struct Dots;

#[config(id = "")]
pub struct Empty;

#[config(id = ".hidden")]
pub struct Hidden;

#[config(id = "été de la science")]
pub struct Letters;

fn main() {}
