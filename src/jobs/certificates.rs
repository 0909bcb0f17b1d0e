//! Certificates of a public authority: the first one when it is asked for, the next ones in time; and telling the administrators
//! when none comes.

use crate::appliance::acme::{News, tend};
use crate::appliance::tls::Tls;
use crate::base::Result;
use crate::base::clock::rfc3339;
use crate::delivery::PostRoom;
use crate::delivery::notice::tell_administrators;
use crate::model::certificate::ProofRecord;
use std::sync::Arc;
use std::time::Duration;

const AFTER_TROUBLE: Duration = Duration::from_secs(60);
const LONGEST_AFTER_TROUBLE: Duration = Duration::from_secs(6 * 3600);

/// Runs until the program ends.
pub async fn run(room: Arc<PostRoom>, tls: Arc<Tls>) {
    let mut after_trouble = AFTER_TROUBLE;
    loop {
        match look(&room, &tls).await {
            Ok(rest) => {
                after_trouble = AFTER_TROUBLE;
                let _ = tokio::time::timeout(rest, room.certificate_bell.notified()).await;
            }
            Err(e) => {
                tracing::error!(error = ?e, "the certificate cannot be looked after");
                // Whoever rings does not hurry this: what cannot be written down would be asked for anew each time.
                tokio::time::sleep(after_trouble).await;
                after_trouble = (2 * after_trouble).min(LONGEST_AFTER_TROUBLE);
            }
        }
    }
}

async fn look(room: &PostRoom, tls: &Tls) -> Result<Duration> {
    let tended = tend(room, tls).await?;
    if let Some(news) = &tended.news {
        let name = match news {
            News::Failed { .. } => format!("certificate-failed:{}", room.ctx().now_ms() / 86_400_000),
            News::Waits { order, .. } => format!("certificate-waits:{}", order.url),
        };
        let told = tell_administrators(room, &name, |language| words(language, news)).await;
        if let Err(e) = told {
            tracing::error!(error = ?e, "the administrators cannot be told about the certificate");
        }
    }
    Ok(tended.rest)
}

/// Subject and text.
fn words(language: &str, news: &News) -> (String, String) {
    let (News::Failed { ends_ms, .. } | News::Waits { ends_ms, .. }) = news;
    let ends = ends_ms.map(rfc3339);
    let is_german = language == "de";
    let until = match (&ends, is_german) {
        (Some(t), true) => format!("Das bisherige Zertifikat gilt bis {t}.\n\n"),
        (Some(t), false) => format!("The present certificate lasts until {t}.\n\n"),
        (None, _) => String::new(),
    };
    match (news, is_german) {
        (News::Failed { why, .. }, true) => (
            "Das Zertifikat konnte nicht erneuert werden".to_owned(),
            format!(
                "Die Zertifizierungsstelle hat kein neues Zertifikat ausgestellt:\n\n  {}\n\n{until}\
                 Es wird von selbst weiter versucht. Was zu tun ist, steht auf der Seite unter Verwaltung, Zertifikat;\n\
                 auf der Kommandozeile zeigt es: hauspost certificate show\n",
                why.message()
            ),
        ),
        (News::Failed { why, .. }, false) => (
            "The certificate could not be renewed".to_owned(),
            format!(
                "The certificate authority has given no new certificate:\n\n  {}\n\n{until}\
                 It is tried again by itself. What to do stands on the page under Administration, Certificate;\n\
                 on the command line: hauspost certificate show\n",
                why.message()
            ),
        ),
        (News::Waits { order, .. }, true) => (
            "Für das neue Zertifikat sind Einträge zu setzen".to_owned(),
            format!(
                "Bitte setzen Sie beim Anbieter Ihrer Domain diese TXT-Einträge:\n\n{}\n{until}\
                 Sobald sie zu finden sind, kommt das neue Zertifikat von selbst. Die Einträge stehen auch auf der Seite\n\
                 unter Verwaltung, Zertifikat.\n",
                lines(&order.records)
            ),
        ),
        (News::Waits { order, .. }, false) => (
            "Records are to be set for the new certificate".to_owned(),
            format!(
                "Please set these TXT records at the provider of your domain:\n\n{}\n{until}\
                 As soon as they can be found the new certificate comes by itself. They stand on the page too, under\n\
                 Administration, Certificate.\n",
                lines(&order.records)
            ),
        ),
    }
}

fn lines(records: &[ProofRecord]) -> String {
    let line = |r: &ProofRecord| format!("  {}. TXT \"{}\"\n", r.name, r.value);
    records.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::certificate::OpenOrder;

    #[test]
    fn records_that_a_renewal_waits_for_stand_in_the_mail() {
        let record = ProofRecord {
            name: "_acme-challenge.example.test".into(),
            value: "abc".into(),
        };
        let news = News::Waits {
            order: OpenOrder {
                url: "u".into(),
                records: vec![record],
                since_ms: 0,
            },
            ends_ms: Some(0),
        };
        for (language, until) in [("de", "gilt bis 1970-01-01"), ("en", "lasts until 1970-01-01")] {
            let (_, text) = words(language, &news);
            assert!(
                text.contains("  _acme-challenge.example.test. TXT \"abc\"\n"),
                "{text}"
            );
            assert!(text.contains(until), "{text}");
        }
    }
}
