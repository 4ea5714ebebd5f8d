//! `#[xpm::main]` leaves the function as it is written.

#[xpm::main]
fn plain() {}

#[xpm::main]
#[inline]
pub(crate) fn returns() -> xpm::Result<u8> {
    let text = "7";
    Ok(text.parse()?)
}

#[test]
fn other_programs_run_as_they_are() {
    plain();
    assert_eq!(returns().unwrap(), 7);
}
