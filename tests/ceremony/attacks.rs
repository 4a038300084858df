//! Attacks on ceremonies, each refused and in the journal.
