//! What an agent finds its held call by again: the call's digest, and, for a program that is none of the agent's, that
//! program too. Whoever took an agent's token joins no hold of the agent's own, and reads no answer that is due to it.

use approvals::HeldCall;
use policy::{AgentFacts, CallDigest};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RetryKey {
    /// As it was asked.
    call: CallDigest,
    /// None for a paired program, and where the platform cannot tell.
    stranger: Option<String>,
}

impl RetryKey {
    /// What this program's call is kept by.
    pub(crate) fn of(call: CallDigest, agent: &AgentFacts) -> RetryKey {
        RetryKey { call, stranger: agent.program.clone().filter(|_| agent.is_other_program()) }
    }

    pub(crate) fn of_hold(held: &HeldCall) -> RetryKey {
        RetryKey::of(held.asked_digest(), &held.opened().facts.agent)
    }

    /// What this program's call may be kept by: a program that a person accepted meanwhile still finds what it asked
    /// as a stranger.
    pub(crate) fn all_of(call: CallDigest, agent: &AgentFacts) -> Vec<RetryKey> {
        let as_stranger = RetryKey { call, stranger: agent.program.clone() };
        let known = RetryKey::of(call, agent);
        if as_stranger == known { vec![known] } else { vec![known, as_stranger] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(program: Option<&str>, paired: &[&str]) -> AgentFacts {
        AgentFacts {
            name: "coder".into(),
            program: program.map(str::to_owned),
            process: None,
            claimed_client: None,
            paired_programs: paired.iter().map(|program| (*program).to_owned()).collect(),
        }
    }

    #[test]
    fn a_stranger_finds_only_its_own_and_an_accepted_one_what_it_asked_before() {
        let call = CallDigest([7; 32]);
        let own = RetryKey::of(call, &program(Some("/bin/coder"), &["/bin/coder"]));
        for nobody_can_tell in [program(None, &["/bin/coder"]), program(Some("/bin/coder"), &[])] {
            assert_eq!(RetryKey::of(call, &nobody_can_tell), own);
        }
        let stranger = program(Some("/bin/other"), &["/bin/coder"]);
        let others = RetryKey::of(call, &stranger);
        assert_ne!(others, own);
        assert_eq!(RetryKey::all_of(call, &stranger), std::slice::from_ref(&others));
        let accepted = program(Some("/bin/other"), &["/bin/coder", "/bin/other"]);
        assert_eq!(RetryKey::all_of(call, &accepted), [own, others]);
    }
}
