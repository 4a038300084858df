//! I1, I3: what must not compile, does not. Each file in `ui/` is a way around the release that is closed.

#[test]
fn no_release_can_be_forged_copied_or_read_from_data() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
