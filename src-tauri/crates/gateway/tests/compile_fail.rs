//! What must not compile.

#[test]
fn i1_forward_takes_one_journalled_call_and_nothing_else() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
