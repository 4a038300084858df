//! Which upstream a server of an agent's file becomes: the one that is in force already where it is the same in what it
//! reaches and in the value of every secret, so that policies go on seeing it by its name; else a new one.

use super::parts::{parts, slug};
use super::{ConnectError, InForce, Plan};
use crate::home::{SecretUse, UpstreamConfig};
use crate::keychain::{KeychainError, Secret};
use agents::{Moved, Server};
use policy::UpstreamName;

impl Plan {
    /// See the module. Blocks on the keychain where one of the same command or address uses secrets.
    pub(super) fn moved(
        &mut self,
        server: &Server,
        in_force: &InForce<'_>,
        keep_secrets: bool,
    ) -> Result<Moved, ConnectError> {
        let stays = |why: String| ConnectError::Stays { server: server.name.clone(), why };
        let parts = parts(&server.reach, keep_secrets);
        let (transport, secrets) = parts.ok_or_else(|| stays("cannot be read".to_owned()))?;
        let uses: Vec<SecretUse> = secrets.iter().map(|(used, _)| used.clone()).collect();
        let slug = slug(&server.name).ok_or_else(|| ConnectError::BadName(server.name.clone()))?;
        let names = std::iter::once(slug.clone()).chain((2..100).map(|n| format!("{slug}-{n}")));
        for name in names.filter_map(|name| name.parse::<UpstreamName>().ok()) {
            let config = UpstreamConfig::new(name.clone(), transport.clone(), false)
                .and_then(|config| config.with_secrets(uses.clone()))
                .map_err(|error| stays(format!("is not taken as an upstream: {error}")))?;
            let taken = in_force.upstreams.iter().chain(&self.upstreams).find(|other| other.name == name);
            let is_new = taken.is_none();
            if let Some(other) = taken {
                let is_same = other.reaches_the_same(&config);
                if !is_same || !self.has_values(in_force, &name, &secrets)? {
                    continue;
                }
            }
            for (used, value) in secrets {
                let value = Secret::new(value.into_bytes());
                if is_new || (in_force.kept)(&name, &used.name)?.is_none() {
                    self.secrets.push((name.clone(), used.name, value));
                }
            }
            if is_new {
                if name.as_str() != slug {
                    self.beside.push((name.clone(), slug));
                }
                self.upstreams.push(config);
            }
            let (table, server) = (server.table.clone(), server.name.clone());
            return Ok(Moved { table, name: server, upstream: name.to_string() });
        }
        Err(ConnectError::BadName(server.name.clone()))
    }

    /// Two servers of one name and command with two tokens are two upstreams. A value that the keychain lost is given
    /// to it again.
    fn has_values(
        &self,
        in_force: &InForce<'_>,
        upstream: &UpstreamName,
        secrets: &[(SecretUse, String)],
    ) -> Result<bool, KeychainError> {
        for (used, value) in secrets {
            let planned = self.secrets.iter().find(|(of, name, _)| of == upstream && *name == used.name);
            let kept = match planned {
                Some((_, _, planned)) => Some(planned.clone()),
                None => (in_force.kept)(upstream, &used.name)?,
            };
            if kept.is_some_and(|kept| kept.as_slice() != value.as_bytes()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// What policies will not see by the name that they have, a sentence each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let unseen = self.beside.iter().map(|(new, taken)| {
            format!(
                "`{taken}` is another server or has another token, so this one becomes `{new}`. Policies that name `{taken}` do not see it: name `{new}` in them too."
            )
        });
        unseen.collect()
    }
}
