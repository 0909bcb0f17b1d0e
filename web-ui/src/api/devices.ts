// Answers for: the call about how telephones and programs are set up.
import { call } from './client';

export interface MailServer {
  host: string;
  port: number;
  security: 'tls' | 'startTls';
}
export interface Devices {
  /** The address of the profile for iPhone, iPad and Mac. */
  profile: string;
  /** Rows of its code for the camera; `1` is dark. */
  squares: string[];
  imap: MailServer;
  submission: MailServer;
  dav: string;
}
export const getDevices = () => call<Devices>('GET', '/api/devices');
