//! Globs over `upstream/tool`: case-sensitive, `*` and `?` stay inside one part, `**` crosses `/`, a leading `!`
//! excludes. Matching costs at most pattern length × name length.

/// One compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Glob {
    /// The characters before the first special one.
    head: String,
    /// The first special one and what comes after it.
    rest: Vec<Piece>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Piece {
    Char(char),
    /// Any one character but `/`.
    One,
    /// Any run without `/`.
    Run,
    /// Any run.
    Anything,
}

/// The `tools` of a target: any of the patterns, none of the exclusions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ToolGlobs {
    wanted: Vec<Glob>,
    excluded: Vec<Glob>,
}

impl Glob {
    /// In words where the pattern is none.
    pub(crate) fn parse(pattern: &str) -> Result<Glob, &'static str> {
        if let Some(wrong) = pattern.chars().find(|c| matches!(c, '[' | ']' | '{' | '}' | '\\' | '!')) {
            return Err(match wrong {
                '!' => "`!` excludes only at the start of a pattern",
                _ => {
                    "only `*`, `**` and `?` are special in a pattern; write one pattern for each alternative"
                }
            });
        }
        if pattern.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err("a pattern has no spaces in it");
        }
        if pattern != "**" && !pattern.contains('/') {
            return Err("write `upstream/tool`, as in `practice/delete_customer` or `*/delete_*`");
        }
        let mut pieces = Vec::with_capacity(pattern.len());
        for c in pattern.chars() {
            match (c, pieces.last()) {
                ('*', Some(Piece::Run)) => {
                    pieces.pop();
                    pieces.push(Piece::Anything);
                }
                ('*', Some(Piece::Anything)) => {}
                ('*', _) => pieces.push(Piece::Run),
                ('?', _) => pieces.push(Piece::One),
                (c, _) => pieces.push(Piece::Char(c)),
            }
        }
        let literal =
            |piece: &Piece| if let Piece::Char(character) = piece { Some(*character) } else { None };
        let head: String = pieces.iter().map_while(literal).collect();
        let rest = pieces.split_off(head.chars().count());
        Ok(Glob { head, rest })
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        let Some(tail) = name.strip_prefix(self.head.as_str()) else { return false };
        // What most patterns are: a name, all of an upstream's tools, everything.
        match self.rest.as_slice() {
            [] => tail.is_empty(),
            [Piece::Run] => !tail.contains('/'),
            [Piece::Anything] => true,
            _ => self.rest_matches(tail),
        }
    }

    fn rest_matches(&self, name: &str) -> bool {
        // Which prefixes of the pattern fit what was read so far; no backtracking, so no blow-up.
        let mut fits = vec![false; self.rest.len() + 1];
        if let Some(first) = fits.first_mut() {
            *first = true;
        }
        self.skip_empty_runs(&mut fits);
        for c in name.chars() {
            let mut next = vec![false; self.rest.len() + 1];
            for (at, piece) in self.rest.iter().enumerate() {
                if !fits.get(at).copied().unwrap_or(false) {
                    continue;
                }
                let (stays, moves) = match piece {
                    Piece::Char(wanted) => (false, *wanted == c),
                    Piece::One => (false, c != '/'),
                    Piece::Run => (c != '/', false),
                    Piece::Anything => (true, false),
                };
                for (target, fit) in [(at, stays), (at + 1, moves)] {
                    if let Some(slot) = next.get_mut(target).filter(|_| fit) {
                        *slot = true;
                    }
                }
            }
            self.skip_empty_runs(&mut next);
            fits = next;
        }
        fits.last().copied().unwrap_or(false)
    }

    fn skip_empty_runs(&self, fits: &mut [bool]) {
        for (at, piece) in self.rest.iter().enumerate() {
            if matches!(piece, Piece::Run | Piece::Anything)
                && fits.get(at).copied().unwrap_or(false)
                && let Some(slot) = fits.get_mut(at + 1)
            {
                *slot = true;
            }
        }
    }

    /// Whether it fits one name alone.
    fn is_literal(&self) -> bool {
        self.rest.is_empty()
    }
}

/// Where a policy can apply, for the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Tools(Vec<String>),
    Upstreams(Vec<String>),
    Everything,
}

impl ToolGlobs {
    pub(crate) fn add(&mut self, pattern: &str) -> Result<(), &'static str> {
        match pattern.strip_prefix('!') {
            Some(rest) => self.excluded.push(Glob::parse(rest)?),
            None => self.wanted.push(Glob::parse(pattern)?),
        }
        Ok(())
    }

    pub(crate) fn matches(&self, tool: &str) -> bool {
        (self.wanted.is_empty() || self.wanted.iter().any(|glob| glob.matches(tool)))
            && !self.excluded.iter().any(|glob| glob.matches(tool))
    }

    /// The narrowest key that still finds every tool the patterns can match.
    pub(crate) fn reach(&self) -> Reach {
        if self.wanted.is_empty() {
            return Reach::Everything;
        }
        if self.wanted.iter().all(Glob::is_literal) {
            return Reach::Tools(self.wanted.iter().map(|glob| glob.head.clone()).collect());
        }
        let upstream = |glob: &Glob| glob.head.split_once('/').map(|(upstream, _)| upstream.to_owned());
        self.wanted
            .iter()
            .map(upstream)
            .collect::<Option<Vec<_>>>()
            .map_or(Reach::Everything, Reach::Upstreams)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(patterns: &[&str]) -> ToolGlobs {
        let mut globs = ToolGlobs::default();
        patterns.iter().for_each(|pattern| globs.add(pattern).unwrap());
        globs
    }

    #[test]
    fn a_star_does_not_cross_a_slash_and_case_counts() {
        let cases = [
            ("practice/create_expense", "practice/create_expense", true),
            ("practice/create_expense", "practice/Create_expense", false),
            ("practice/*", "practice/x", true),
            ("practice/*", "practice/x/y", false),
            ("practice/**", "practice/x/y", true),
            ("*/delete_*", "crm/delete_", true),
            ("*/delete_*", "crm/undelete_x", false),
            ("**", "a/b/c", true),
            ("a/?", "a/b", true),
            ("a/?", "a/", false),
            ("a?b/c", "a/b/c", false),
            ("a/*b*c", "a/xbxbxc", true),
            ("a/*b*c", "a/xcxb", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(Glob::parse(pattern).unwrap().matches(name), expected, "{pattern} on {name}");
        }
    }

    #[test]
    fn an_exclusion_takes_away_whatever_else_matches() {
        assert!(globs(&["practice/*", "!practice/list_*"]).matches("practice/send_payment"));
        assert!(!globs(&["practice/*", "!practice/list_*"]).matches("practice/list_expenses"));
        assert!(globs(&["!practice/list_*"]).matches("other/anything"));
        assert!(globs(&[]).matches("any/thing"));
    }

    #[test]
    fn many_stars_cost_no_more_than_length_times_length() {
        let pattern = format!("a/{}b", "*x".repeat(90));
        let name = format!("a/{}", "x".repeat(200));
        assert!(!Glob::parse(&pattern).unwrap().matches(&name));
    }

    #[test]
    fn the_reach_finds_every_tool_a_pattern_can_match() {
        assert_eq!(globs(&["a/b", "c/d"]).reach(), Reach::Tools(vec!["a/b".into(), "c/d".into()]));
        assert_eq!(globs(&["a/b", "c/d*"]).reach(), Reach::Upstreams(vec!["a".into(), "c".into()]));
        assert_eq!(globs(&["a/b", "c*/d"]).reach(), Reach::Everything);
        assert_eq!(globs(&["!a/b"]).reach(), Reach::Everything);
    }

    #[test]
    fn what_looks_like_another_pattern_language_is_refused() {
        for pattern in ["practice", "a/[bc]", "a/{b,c}", "a/b c", "a/!b", "a\\b/c"] {
            assert!(Glob::parse(pattern).is_err(), "{pattern}");
        }
    }
}
