// Answers for: the call that tells what a message says of an event.
import { call } from './client';

export interface Said {
  subject: string;
  location: string;
  /** UTC, without a zone; of days the day. */
  start: string;
  end: string;
  isAllDay: boolean;
  isSeries: boolean;
}
export interface Participant {
  name: string;
  address: string;
  answer: string;
}
export interface Invitation {
  method: 'request' | 'cancel' | 'reply' | 'counter' | 'add' | 'refresh' | 'publish' | 'declinecounter';
  event: Said | null;
  before: Said | null;
  organizer: Participant | null;
  guest: Participant | null;
  comment: string;
  eventId: string | null;
  isOutdated: boolean;
  /** Why nothing was done with it. */
  refused: 'unproved' | 'nameOfOurs' | 'notOrganizer' | null;
}
export const getInvitation = (message: string) => call<Invitation>('GET', `/api/messages/${encodeURIComponent(message)}/invitation`);
