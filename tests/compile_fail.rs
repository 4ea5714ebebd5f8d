//! What the compiler says of mistakes: a folder for each kind. `TRYBUILD=overwrite` writes the messages anew; read them.

#[test]
fn mistakes_are_told_in_the_users_words() {
    trybuild::TestCases::new().compile_fail("compile_fail/*/*.rs");
}
