//! One instant, as the pure crates see it: a number that somebody else read from a clock; and lengths of time.

use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This instant moved forward; saturates at the end of time.
    #[must_use]
    pub fn after(self, by: Duration) -> Timestamp {
        Timestamp(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long until `later`; zero when it has passed.
    #[must_use]
    pub fn until(self, later: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }
}

/// Reads a length of time as documents write it: `30s`, `15m`, `1h30m`.
#[must_use]
pub fn length(text: &str) -> Option<Duration> {
    crate::section::seconds(text).map(Duration::from_secs)
}

/// Writes a length of time in that way, to the second.
#[must_use]
pub fn length_text(length: Duration) -> String {
    let mut left = length.as_secs();
    let mut text = String::new();
    for (unit, seconds) in [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)] {
        if left >= seconds || (seconds == 1 && text.is_empty()) {
            text.push_str(&format!("{}{unit}", left / seconds));
            left %= seconds;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_read_as_it_is_written() {
        for text in ["0s", "280s", "25m", "1h30m", "2d", "1d1h1m1s"] {
            let written = length_text(length(text).unwrap());
            assert_eq!(length(&written), length(text), "{text}");
        }
        assert_eq!(length_text(Duration::from_secs(5_400)), "1h30m");
        assert_eq!(length_text(Duration::from_secs(280)), "4m40s");
        assert_eq!(length("soon"), None);
    }
}
