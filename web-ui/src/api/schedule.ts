// Answers for: the calls that tell when people and rooms are free, and which times suit all.
import { call } from './client';
import type { Moment } from './calendar';

export type Presence = 'free' | 'tentative' | 'busy' | 'oof' | 'workingElsewhere' | 'unknown';
export interface Busy {
  start: Date;
  end: Date;
  status: Presence;
}
export interface Schedule {
  address: string;
  /** Null: nobody here knows when they are free. */
  busy: Busy[] | null;
}
interface GraphSchedule {
  scheduleId: string;
  scheduleItems?: { status: string; start: Moment; end: Moment }[];
  error?: unknown;
}
const utc = (at: Date): Moment => ({ dateTime: at.toISOString().slice(0, 19), timeZone: 'UTC' });
const at = (moment: Moment) => new Date(`${moment.dateTime.slice(0, 19)}Z`);
const KNOWN: Presence[] = ['free', 'tentative', 'busy', 'oof', 'workingElsewhere'];

export async function getSchedules(addresses: string[], from: Date, to: Date): Promise<Schedule[]> {
  const answer = await call<{ value: GraphSchedule[] }>('POST', '/v1.0/me/calendar/getSchedule', { body: { schedules: addresses, startTime: utc(from), endTime: utc(to), availabilityViewInterval: 30 } });
  return answer.value.map((s) => ({
    address: s.scheduleId,
    busy: s.error ? null : (s.scheduleItems ?? []).map((i) => ({ start: at(i.start), end: at(i.end), status: KNOWN.find((k) => k.toLowerCase() === i.status.toLowerCase()) ?? 'busy' })),
  }));
}

export interface Suggestion {
  start: Date;
  end: Date;
  /** From 0 to 100. */
  confidence: number;
}
/** Within working hours of the browser's zone, the best first. */
export async function findTimes(addresses: string[], minutes: number, from: Date, to: Date): Promise<Suggestion[]> {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
  const body = {
    attendees: addresses.map((address) => ({ type: 'required', emailAddress: { address } })), meetingDuration: `PT${minutes}M`, maxCandidates: 6,
    timeConstraint: { activityDomain: 'work', timeSlots: [{ start: utc(from), end: utc(to) }] },
  };
  const answer = await call<{ meetingTimeSuggestions: { confidence: number; meetingTimeSlot: { start: Moment; end: Moment } }[] }>(
    'POST', '/v1.0/me/findMeetingTimes', { body, headers: { Prefer: `outlook.timezone="${zone}"` } });
  // In the zone that was asked for, which is the browser's: such a text is read as its local time.
  const local = (moment: Moment) => new Date(moment.dateTime.slice(0, 19));
  return answer.meetingTimeSuggestions.map((s) => ({ start: local(s.meetingTimeSlot.start), end: local(s.meetingTimeSlot.end), confidence: s.confidence }));
}
