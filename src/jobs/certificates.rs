//! Certificates of a public authority: the first one when it is asked for, the next ones in time; and telling the administrators
//! when none comes.

use crate::appliance::acme::tend;
use crate::appliance::tls::Tls;
use crate::base::clock::rfc3339;
use crate::base::{Error, Result, TimeMs};
use crate::delivery::PostRoom;
use crate::delivery::notice::tell_administrators;
use std::sync::Arc;
use std::time::Duration;

const AFTER_TROUBLE: Duration = Duration::from_secs(60);

/// Runs until the program ends.
pub async fn run(room: Arc<PostRoom>, tls: Arc<Tls>) {
    loop {
        let rest = match look(&room, &tls).await {
            Ok(rest) => rest,
            Err(e) => {
                tracing::error!(error = ?e, "the certificate cannot be looked after");
                AFTER_TROUBLE
            }
        };
        let _ = tokio::time::timeout(rest, room.certificate_bell.notified()).await;
    }
}

async fn look(room: &PostRoom, tls: &Tls) -> Result<Duration> {
    let tended = tend(room, tls).await?;
    if let Some((e, ends_ms)) = &tended.failure {
        let day = room.ctx().now_ms() / 86_400_000;
        let name = format!("certificate-failed:{day}");
        tell_administrators(room, &name, |language| words(language, e, *ends_ms)).await?;
    }
    Ok(tended.rest)
}

/// Subject and text.
fn words(language: &str, e: &Error, ends_ms: Option<TimeMs>) -> (String, String) {
    let (why, ends) = (e.message(), ends_ms.map(rfc3339));
    match language {
        "de" => {
            let until = ends.map_or_else(String::new, |t| {
                format!("Das bisherige Zertifikat gilt bis {t}.\n\n")
            });
            (
                "Das Zertifikat konnte nicht erneuert werden".to_owned(),
                format!(
                    "Die Zertifizierungsstelle hat kein neues Zertifikat ausgestellt:\n\n  {why}\n\n{until}\
                     Es wird von selbst weiter versucht. Was zu tun ist, steht auf der Seite unter Verwaltung, Zertifikat;\n\
                     auf der Kommandozeile zeigt es: hauspost certificate show\n"
                ),
            )
        }
        _ => {
            let until = ends.map_or_else(String::new, |t| {
                format!("The present certificate lasts until {t}.\n\n")
            });
            (
                "The certificate could not be renewed".to_owned(),
                format!(
                    "The certificate authority has given no new certificate:\n\n  {why}\n\n{until}\
                     It is tried again by itself. What to do stands on the page under Administration, Certificate;\n\
                     on the command line: hauspost certificate show\n"
                ),
            )
        }
    }
}
