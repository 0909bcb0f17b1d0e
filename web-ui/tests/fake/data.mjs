// Answers for: the sample office the test double shows. Only for tests, never shipped.
const PEOPLE = [
  ['Anna Berger', 'anna@example.test'], ['John Carter', 'john.carter@partner.example'], ['Amtsgericht Mitte', 'poststelle@ag-mitte.example'],
  ['Jonas Krüger', 'jonas@krueger-bau.example'], ['Stadtwerke', 'rechnung@stadtwerke.example'], ['Lena Voß', 'lena@example.test'],
  ['Müller & Söhne GmbH', 'angebot@mueller-soehne.example'], ['Katharina Weiß', 'k.weiss@notariat.example'],
];
const TEXTS = [
  ['Protokoll der Sitzung vom Montag', 'Guten Morgen, anbei das Protokoll. Bitte prüfen Sie die Punkte drei und vier bis Mittwoch.'],
  ['Re: Contract draft', 'Thanks, we have two remarks on clause 7. Could you send us the revised version by Friday?'],
  ['Ladung zum Termin', 'In der Sache 12 C 345/26 werden Sie geladen. Der Termin findet in Saal 2.14 statt.'],
  ['AW: Liefertermin Fenster Haus B', 'Der Termin am 3. Dezember steht, die Montage beginnt um acht Uhr.'],
  ['Ihre Abrechnung November', 'Ihre Abrechnung liegt bereit.'],
  ['Entwürfe für die neue Visitenkarte', 'Drei Varianten, die zweite gefällt mir am besten.'],
  ['Angebot Nr. 2026-118', 'Sehr geehrte Damen und Herren, gern unterbreiten wir Ihnen folgendes Angebot.'],
  ['Vollmacht zur Unterschrift', 'Bitte senden Sie die Vollmacht unterschrieben zurück, gern auch eingescannt.'],
];
const at = (name, address) => ({ emailAddress: { name, address } });

/** Makes `count` messages, the newest first. Plain objects: a hundred thousand of them take a fraction of a second. */
export function makeMessages(count, folder, me) {
  const now = Date.now();
  return Array.from({ length: count }, (_, i) => {
    const [name, address] = PEOPLE[i % PEOPLE.length];
    const [subject, preview] = TEXTS[i % TEXTS.length];
    return {
      id: `${folder}-${i}=`, subject: i < TEXTS.length ? subject : `${subject} – ${i}`, bodyPreview: preview, isRead: i % 5 !== 0 && i !== 2,
      hasAttachments: i % 8 === 2 || i % 8 === 6, receivedDateTime: new Date(now - 60_000 - i * 51 * 60_000).toISOString(), from: at(name, address),
      toRecipients: [at(me.name, me.address), at('', 'info@example.test')], ccRecipients: i % 3 === 1 ? [at('Lena Voß', 'lena@example.test')] : [],
      flag: { flagStatus: i % 11 === 4 ? 'flagged' : 'notFlagged' }, importance: 'normal', isDraft: false, parentFolderId: folder,
      body: { contentType: 'html', content: html(i, preview) }, remote: i % 8 === 2 ? 2 : 0,
    };
  });
}

function html(i, preview) {
  const table = i % 8 === 2 || i % 8 === 6 ? `<table style="border-collapse:collapse"><tr style="background:#f1f4f5"><th>Pos.</th><th>Leistung</th><th>Betrag</th></tr>
<tr><td>1</td><td>Fensterelement 120 × 140 cm</td><td>412,00 €</td></tr><tr><td>2</td><td>Montage</td><td>180,00 €</td></tr></table>` : '';
  const pictures = i % 8 === 2 ? '<p><img src="https://tracker.example/pixel.png" alt="Wappen"><img src="https://tracker.example/logo.png" alt=""></p>' : '';
  return `<p>Guten Tag,</p><p style="color:#1f4e8c">${preview}</p>${table}<p>Details unter <a href="https://www.example.test/akte">https://www.example.test/akte</a>.</p>${pictures}<p>Mit freundlichen Grüßen</p>`;
}
export const recipient = at;
