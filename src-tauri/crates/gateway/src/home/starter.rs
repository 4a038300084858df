//! The starter pack as it is shipped: built into the program, copied into every new home.

macro_rules! pack {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../../../policies/starter/", $path)))),*]
    };
}

/// Path below `policies/`, and text. A test compares the list with the pack's folder.
pub(super) const FILES: &[(&str, &str)] = pack![
    "README.md",
    "cases.toml",
    "customer-deletion.toml",
    "expense-limit.toml",
    "flows/owner.toml",
    "payments.toml",
    "set.toml",
    "writers.toml",
];
