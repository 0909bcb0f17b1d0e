// Answers for: the calls of calendars and events. Times go to and fro as moments in UTC; days of all-day events are days.
import { call, callAll, request } from './client';
import type { EmailAddress } from './types';

export interface Calendar {
  id: string;
  name: string;
  hexColor: string;
  isDefaultCalendar: boolean;
  canEdit: boolean;
  canShare: boolean;
  isRemovable: boolean;
}
export interface Moment {
  dateTime: string;
  timeZone: string;
}
export type Response = 'none' | 'organizer' | 'notResponded' | 'accepted' | 'tentativelyAccepted' | 'declined';
export type ShowAs = 'free' | 'tentative' | 'busy' | 'oof' | 'workingElsewhere' | 'unknown';
export interface Attendee {
  type: 'required' | 'optional' | 'resource';
  status?: { response: Response };
  emailAddress: EmailAddress;
  /** A time that would suit them better. */
  proposedNewTime?: { start: Moment; end: Moment } | null;
}
export const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'] as const;
export type Weekday = (typeof WEEKDAYS)[number];
export interface Pattern {
  type: 'daily' | 'weekly' | 'absoluteMonthly' | 'relativeMonthly' | 'absoluteYearly' | 'relativeYearly';
  interval: number;
  month?: number;
  dayOfMonth?: number;
  daysOfWeek?: Weekday[];
  firstDayOfWeek?: Weekday;
  index?: 'first' | 'second' | 'third' | 'fourth' | 'last';
}
export interface Range {
  type: 'noEnd' | 'endDate' | 'numbered';
  startDate: string;
  endDate?: string;
  numberOfOccurrences?: number;
  recurrenceTimeZone?: string;
}
export interface Recurrence {
  pattern: Pattern;
  range: Range;
}
export interface GraphEvent {
  id: string;
  seriesMasterId: string | null;
  type: 'singleInstance' | 'occurrence' | 'exception' | 'seriesMaster';
  subject: string | null;
  start: Moment;
  end: Moment;
  isAllDay: boolean;
  showAs: ShowAs;
  sensitivity: string;
  isOrganizer: boolean;
  isCancelled: boolean;
  responseStatus?: { response: Response };
  location: { displayName?: string } | null;
  attendees: Attendee[];
  organizer?: { emailAddress: EmailAddress };
  isReminderOn: boolean;
  reminderMinutesBeforeStart: number | null;
}
export interface FullEvent extends GraphEvent {
  body: { contentType: 'text' | 'html'; content: string } | null;
  recurrence: Recurrence | null;
  onlineMeetingUrl: string | null;
}

const FIELDS = 'id,seriesMasterId,type,subject,start,end,isAllDay,showAs,sensitivity,isOrganizer,isCancelled,responseStatus,location,attendees,organizer,isReminderOn,reminderMinutesBeforeStart';
const TEXT = { Prefer: 'outlook.body-content-type="text"' };
const eventPath = (id: string) => `/v1.0/me/events/${encodeURIComponent(id)}`;
const calendarPath = (id: string) => `/v1.0/me/calendars/${encodeURIComponent(id)}`;

export const getCalendars = () => callAll<Calendar>('/v1.0/me/calendars?$top=100&$select=id,name,hexColor,isDefaultCalendar,canEdit,canShare,isRemovable');
export const changeCalendar = (id: string, body: { name?: string; hexColor?: string }) => call<Calendar>('PATCH', calendarPath(id), { body });
export const deleteCalendar = (id: string) => call<null>('DELETE', calendarPath(id));
export const createCalendar = (name: string, hexColor: string) => call<Calendar>('POST', '/v1.0/me/calendars', { body: { name, hexColor } });

/** Everything of one calendar that touches the time from `from` to `to`, series taken apart. */
export const getView = (calendar: string, from: Date, to: Date) =>
  callAll<GraphEvent>(`${calendarPath(calendar)}/calendarView?startDateTime=${from.toISOString()}&endDateTime=${to.toISOString()}&$top=500&$select=${FIELDS}`);
export const getEvent = (id: string) => call<FullEvent>('GET', `${eventPath(id)}?$select=${FIELDS},body,recurrence,onlineMeetingUrl`, { headers: TEXT });

/** `null` in a change means: take it away. */
export type EventBody = Record<string, unknown>;
/** The same `transactionId` is the same event, however often it is sent. */
export const createEvent = (calendar: string, body: EventBody, transactionId: string) =>
  call<GraphEvent>('POST', `${calendarPath(calendar)}/events`, { body: { ...body, transactionId } });
export const changeEvent = (id: string, body: EventBody) => call<GraphEvent>('PATCH', eventPath(id), { body });
export const deleteEvent = (id: string) => call<null>('DELETE', eventPath(id));
/** The organizer calls it off, with a word to the guests. */
export const cancelEvent = (id: string, comment: string) => request('POST', `${eventPath(id)}/cancel`, { body: { comment } });
export type Answer = 'accept' | 'tentativelyAccept' | 'decline';
export interface Proposal {
  start: Date;
  end: Date;
}
const utc = (at: Date): Moment => ({ dateTime: at.toISOString().slice(0, 19), timeZone: 'UTC' });
/** Who does not accept may propose another time. */
export const answerEvent = (id: string, answer: Answer, comment: string, proposed: Proposal | null = null) =>
  request('POST', `${eventPath(id)}/${answer}`, { body: { comment, sendResponse: true, ...(proposed ? { proposedNewTime: { start: utc(proposed.start), end: utc(proposed.end) } } : {}) } });
export const moveEvent = (id: string, to: Proposal) => changeEvent(id, { start: utc(to.start), end: utc(to.end) });
