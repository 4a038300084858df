//! Values that must not be shown: whatever an upstream says of itself on standard error is looked through for them.

use zeroize::Zeroizing;

/// Shorter ones would be found everywhere, and protect nothing.
const SHORTEST: usize = 4;

/// The secrets that one upstream was given.
#[derive(Clone, Default)]
pub(crate) struct Withheld(Vec<Zeroizing<String>>);

impl Withheld {
    pub(crate) fn add(&mut self, secret: &str) {
        if secret.len() >= SHORTEST {
            self.0.push(Zeroizing::new(secret.to_owned()));
        }
    }

    pub(crate) fn extend(&mut self, others: Withheld) {
        self.0.extend(others.0);
    }

    /// The text with every secret replaced.
    pub(crate) fn out_of(&self, text: String) -> String {
        self.0.iter().fold(text, |text, secret| {
            if text.contains(secret.as_str()) { text.replace(secret.as_str(), "(secret)") } else { text }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_upstream_says_of_itself_loses_its_secrets() {
        let mut withheld = Withheld::default();
        withheld.add("s3cr3t-value");
        withheld.add("abc");
        assert_eq!(
            withheld.out_of("token s3cr3t-value, s3cr3t-value!".to_owned()),
            "token (secret), (secret)!"
        );
        assert_eq!(withheld.out_of("abc".to_owned()), "abc", "too short to be one");
    }
}
