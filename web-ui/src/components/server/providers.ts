// Answers for: where the servers of common mail providers are. Data only; a new provider is a new line.
import type { Security } from '../../api/types';

export interface Server {
  host: string;
  port: number;
  security: Security;
}
export type ProviderNote = 'enableAccess' | 'appPassword' | 'mailPassword' | 'modernLogin' | 'ownHost' | 'providerPassword';
export interface Provider {
  id: string;
  name: string;
  imap: Server;
  /** Some have none. */
  pop3: Server | null;
  smtp: Server;
  /** What people stumble over with this provider; text in `setup.note.*`. */
  note?: ProviderNote;
}

const tls = (host: string, port: number): Server => ({ host, port, security: 'tls' });
const starttls = (host: string, port = 587): Server => ({ host, port, security: 'starttls' });
const usual = (id: string, name: string, imap: string, pop3: string | null, smtp: Server | string, note?: ProviderNote): Provider => ({
  id, name, note, imap: tls(imap, 993), pop3: pop3 === null ? null : tls(pop3, 995), smtp: typeof smtp === 'string' ? tls(smtp, 465) : smtp,
});

export const PROVIDERS: readonly Provider[] = [
  usual('1blu', '1blu', 'imap.1blu.de', 'pop3.1blu.de', 'smtp.1blu.de'),
  // Every customer has a host of their own there, so the field starts with the shape of it.
  usual('allinkl', 'All-Inkl', 'w0000000.kasserver.com', 'w0000000.kasserver.com', 'w0000000.kasserver.com', 'ownHost'),
  usual('aol', 'AOL', 'imap.aol.com', 'pop.aol.com', 'smtp.aol.com', 'providerPassword'),
  usual('arcor', 'Arcor / Vodafone', 'imap.vodafonemail.de', null, 'smtp.vodafonemail.de'),
  usual('bluewin', 'Bluewin (Swisscom)', 'imaps.bluewin.ch', 'pop3s.bluewin.ch', 'smtpauths.bluewin.ch'),
  usual('domainfactory', 'DomainFactory', 'sslin.df.eu', 'sslin.df.eu', 'sslout.df.eu'),
  usual('fastmail', 'Fastmail', 'imap.fastmail.com', 'pop.fastmail.com', 'smtp.fastmail.com', 'providerPassword'),
  usual('freenet', 'freenet', 'mx.freenet.de', 'mx.freenet.de', starttls('mx.freenet.de')),
  usual('gmail', 'Gmail / Google Workspace', 'imap.gmail.com', 'pop.gmail.com', 'smtp.gmail.com', 'appPassword'),
  usual('gmx', 'GMX', 'imap.gmx.net', 'pop.gmx.net', 'mail.gmx.net', 'enableAccess'),
  usual('hetzner', 'Hetzner', 'mail.your-server.de', 'mail.your-server.de', 'mail.your-server.de'),
  usual('hostpoint', 'Hostpoint', 'imap.mail.hostpoint.ch', 'pop.mail.hostpoint.ch', 'asmtp.mail.hostpoint.ch'),
  usual('icloud', 'iCloud', 'imap.mail.me.com', null, starttls('smtp.mail.me.com'), 'providerPassword'),
  usual('infomaniak', 'Infomaniak', 'mail.infomaniak.com', 'mail.infomaniak.com', 'mail.infomaniak.com'),
  usual('ionos', 'IONOS (1&1)', 'imap.ionos.de', 'pop.ionos.de', 'smtp.ionos.de'),
  usual('mailbox', 'mailbox.org', 'imap.mailbox.org', 'pop3.mailbox.org', 'smtp.mailbox.org'),
  usual('microsoft', 'Microsoft 365', 'outlook.office365.com', 'outlook.office365.com', starttls('smtp.office365.com'), 'modernLogin'),
  usual('outlook', 'Outlook.com / Hotmail', 'outlook.office365.com', 'outlook.office365.com', starttls('smtp-mail.outlook.com'), 'modernLogin'),
  usual('ovh', 'OVHcloud', 'ssl0.ovh.net', 'ssl0.ovh.net', 'ssl0.ovh.net'),
  usual('posteo', 'Posteo', 'posteo.de', 'posteo.de', 'posteo.de'),
  usual('strato', 'Strato', 'imap.strato.de', 'pop3.strato.de', 'smtp.strato.de'),
  usual('telekom', 'T-Online / Telekom', 'secureimap.t-online.de', 'securepop.t-online.de', 'securesmtp.t-online.de', 'mailPassword'),
  usual('webde', 'WEB.DE', 'imap.web.de', 'pop3.web.de', starttls('smtp.web.de'), 'enableAccess'),
  usual('yahoo', 'Yahoo', 'imap.mail.yahoo.com', 'pop.mail.yahoo.com', 'smtp.mail.yahoo.com', 'providerPassword'),
  usual('zoho', 'Zoho (Europe)', 'imap.zoho.eu', 'pop.zoho.eu', 'smtp.zoho.eu', 'providerPassword'),
];

/** The usual port, so that changing protocol or encryption keeps the three in step. */
export function usualPort(protocol: 'imap' | 'pop3' | 'smtp', security: Security): number {
  if (protocol === 'imap') return security === 'tls' ? 993 : 143;
  if (protocol === 'pop3') return security === 'tls' ? 995 : 110;
  return security === 'tls' ? 465 : 587;
}

export const providerOf = (host: string): Provider | undefined =>
  PROVIDERS.find((p) => [p.imap.host, p.pop3?.host, p.smtp.host].includes(host.trim().toLowerCase()));
