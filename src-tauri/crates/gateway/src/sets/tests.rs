//! The set in force over its record, its files and its keychain.
