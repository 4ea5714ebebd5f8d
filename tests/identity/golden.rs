//! Golden vectors for every line of the encoding's table. The digests in `golden/golden.txt` are computed from
//! `golden/vectors.json` by `golden/reference.py`, which shares nothing with the implementation but the specification.
//! Vectors of jobs (`job: …`) are compared in `jobs.rs`.

mod containers;
mod declarations;
mod json;
mod scalars;
mod types;

use crate::compare::with_golden;

#[test]
fn every_vector_has_the_digest_of_the_reference() {
    let vectors =
        [scalars::vectors(), containers::vectors(), types::vectors(), declarations::vectors(), json::vectors()];
    with_golden(|name| !name.starts_with("job: "), vectors.concat());
}
