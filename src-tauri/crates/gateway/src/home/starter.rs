//! The starter pack as it is shipped: built into the program, copied into every new home.

/// Path below `policies/`, and text.
pub(super) const FILES: &[(&str, &str)] = &[];
