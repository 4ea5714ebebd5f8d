use xpm::prelude::*;

#[config]
pub struct Tuple(usize, f64);

#[config]
pub struct Generic<T> {
    pub value: T,
}

#[config]
pub struct Borrows<'a> {
    pub value: &'a str,
}

#[config]
pub union Union {
    pub a: u8,
    pub b: i8,
}

#[config]
pub enum Empty {}

#[config]
pub enum GenericEnum<const N: usize> {
    One([u8; N]),
}

#[task]
pub enum TaskEnum {
    One,
}

#[task]
impl Tuple {}

fn main() {
    // The item itself is still there.
    let _ = Tuple(1, 2.0);
}
