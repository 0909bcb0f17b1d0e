//! Whether a mail is from whom its From names: DKIM (RFC 6376), SPF (RFC 7208) and the policy of the author's domain (DMARC,
//! RFC 7489). Asked before a mail from outside changes an event that is there. Where no name server answers, nothing is
//! known, and nothing changes for anybody.

use super::PostRoom;
use crate::base::TimeMs;
use crate::model::peer::Peer;
use mail_auth::dmarc::Policy;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{AuthenticatedMessage, DmarcOutput, DmarcResult, MessageAuthenticator, SpfOutput};
use std::collections::HashMap;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// For the policy; whoever is not answered by then goes on without.
const POLICY_WITHIN: Duration = Duration::from_secs(5);
/// For all signatures: keys may be anywhere, also where nobody answers.
const PROOF_WITHIN: Duration = Duration::from_secs(15);
/// A domain without an answer is not asked about again for so long.
const SILENT_MS: TimeMs = 60_000;
const MOST_SILENT: usize = 256;

/// What is known of a mail's author.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The domain asks for nothing, or cannot be asked.
    Unknown,
    Proved,
    /// With the reason, for the log. The domain asks not to believe such mail.
    Forged(&'static str),
}

/// Domains whose policy could not be read lately. Each by itself: nobody's slow name server lets the mail of others pass.
#[derive(Default)]
pub struct Unanswered(Mutex<HashMap<String, TimeMs>>);

impl Unanswered {
    fn is_recent(&self, domain: &str, now_ms: TimeMs) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(domain).is_some_and(|until_ms| now_ms < *until_ms)
    }

    fn note(&self, domain: &str, now_ms: TimeMs) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, until_ms| now_ms < *until_ms);
        if known.len() < MOST_SILENT {
            known.insert(domain.to_owned(), now_ms + SILENT_MS);
        }
    }
}

impl PostRoom {
    /// `raw`: as it lies in the mailbox. `peer`: who handed it over to us; None, where it was fetched or waited.
    pub async fn judge_author(&self, raw: &[u8], peer: Option<&Peer>) -> Verdict {
        let Some(message) = AuthenticatedMessage::parse(raw) else {
            return Verdict::Unknown;
        };
        let domain_of = |address: &str| address.rsplit_once('@').map(|(_, d)| d.to_lowercase());
        let mut domains = message.from.iter().filter_map(|a| domain_of(a));
        let Some(domain) = domains.next() else {
            return Verdict::Unknown;
        };
        // Policies are about one author; who names several would get around all of them.
        if domains.any(|other| other != domain) {
            return Verdict::Forged("it names authors of several domains");
        }
        let Some(resolver) = self.dialer.resolver.shared() else {
            return Verdict::Unknown;
        };
        let names = MessageAuthenticator(resolver);
        let now_ms = self.store.clock().now_ms();
        if self.unanswered.is_recent(&domain, now_ms) {
            return Verdict::Unknown;
        }
        let none = SpfOutput::default();
        let asked = within(
            POLICY_WITHIN,
            names.verify_dmarc(question(&message, &[], "", &none)),
        )
        .await;
        match asked {
            Some(found) if is_unanswered(&found) => {}
            Some(found) if matches!(found.policy(), Policy::Quarantine | Policy::Reject) => {
                return self.prove(&names, &message, peer).await;
            }
            Some(_) => return Verdict::Unknown,
            None => {}
        }
        self.unanswered.note(&domain, now_ms);
        Verdict::Unknown
    }

    /// The domain wants its mail to be proved: what cannot be is not believed.
    async fn prove(
        &self,
        names: &MessageAuthenticator,
        message: &AuthenticatedMessage<'_>,
        peer: Option<&Peer>,
    ) -> Verdict {
        let signatures = within(PROOF_WITHIN, names.verify_dkim(message)).await;
        let signatures = signatures.unwrap_or_default();
        // Behind a forwarded port or the provider's own server, the peer is not who sent it.
        let peer = peer.filter(|p| self.may_connect(p.ip));
        let (mut spf, mut sender_domain) = (SpfOutput::default(), String::new());
        if let Some(peer) = peer {
            let host = &self.options.host_name;
            let asked = SpfParameters::verify_mail_from(peer.ip, &peer.helo, host, &peer.sender);
            spf = within(PROOF_WITHIN, names.verify_spf(asked))
                .await
                .unwrap_or_default();
            let domain = peer.sender.rsplit_once('@').map(|(_, d)| d);
            sender_domain = domain.unwrap_or(&peer.helo).to_lowercase();
        }
        let asked = names.verify_dmarc(question(message, &signatures, &sender_domain, &spf));
        let found = within(PROOF_WITHIN, asked).await;
        let is_proved = found.is_some_and(|f| {
            matches!(f.dkim_result(), DmarcResult::Pass) || matches!(f.spf_result(), DmarcResult::Pass)
        });
        match is_proved {
            true => Verdict::Proved,
            false => Verdict::Forged("its author's domain wants mail to be proved, and this is not"),
        }
    }
}

async fn within<T>(limit: Duration, asked: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(limit, asked).await.ok()
}

fn question<'x>(
    message: &'x AuthenticatedMessage<'x>,
    signatures: &'x [mail_auth::DkimOutput<'x>],
    sender_domain: &'x str,
    spf: &'x SpfOutput,
) -> DmarcParameters<'x> {
    DmarcParameters {
        message,
        dkim_output: signatures,
        dkim2_output: None,
        rfc5321_mail_from_domain: sender_domain,
        spf_output: spf,
    }
}

fn is_unanswered(found: &DmarcOutput) -> bool {
    matches!(found.dkim_result(), DmarcResult::TempError(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_without_an_answer_are_forgotten_and_few() {
        let all = Unanswered::default();
        all.note("a.test", 0);
        assert!(all.is_recent("a.test", SILENT_MS - 1) && !all.is_recent("a.test", SILENT_MS));
        assert!(!all.is_recent("b.test", 0));
        for i in 0..2 * MOST_SILENT {
            all.note(&format!("{i}.test"), 1);
        }
        assert!(all.0.lock().unwrap().len() <= MOST_SILENT);
        all.note("late.test", 2 * SILENT_MS);
        assert!(all.is_recent("late.test", 2 * SILENT_MS) && all.0.lock().unwrap().len() == 1);
    }
}
