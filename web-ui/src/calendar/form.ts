// Answers for: an event as the form holds it, and what of it the server is told. Pure but for the browser's zone.
import type { Attendee, EventBody, FullEvent, ShowAs } from '../api/calendar';
import type { EmailAddress } from '../api/types';
import { readMoment as readServer } from '../data/calendar.svelte';
import { addDays, dayOf, daysBetween, printDay, printTime, readDay, readMoment } from './days';
import { NO_REPEAT, readRepeat, writeRepeat, type Repeat } from './repeat';

export interface Form {
  /** Null: it is being made. */
  id: string | null;
  title: string;
  calendar: string;
  allDay: boolean;
  startDay: string;
  startTime: string;
  /** Of an all-day event: its last day, as people say it. */
  endDay: string;
  endTime: string;
  place: string;
  guests: EmailAddress[];
  repeat: Repeat;
  /** Minutes before; null: none. */
  reminder: number | null;
  showAs: ShowAs;
  body: string;
}

export function newForm(calendar: string, start: Date, end: Date, allDay: boolean): Form {
  return {
    id: null, title: '', calendar, allDay, startDay: printDay(start), startTime: printTime(start), endDay: printDay(allDay ? addDays(end, -1) : end),
    endTime: printTime(end), place: '', guests: [], repeat: NO_REPEAT, reminder: allDay ? null : 15, showAs: allDay ? 'free' : 'busy', body: '',
  };
}
export function formOf(calendar: string, event: FullEvent): Form {
  const start = readServer(event.start.dateTime, event.isAllDay);
  const end = readServer(event.end.dateTime, event.isAllDay);
  return {
    ...newForm(calendar, start, end, event.isAllDay), id: event.id, title: event.subject ?? '', place: event.location?.displayName ?? '',
    guests: (event.attendees ?? []).map((a) => ({ ...a.emailAddress })), repeat: readRepeat(event.recurrence),
    reminder: event.isReminderOn ? (event.reminderMinutesBeforeStart ?? 0) : null, showAs: event.showAs, body: (event.body?.content ?? '').replace(/\r\n/g, '\n').trimEnd(),
  };
}

/** First and last moment that the form says. Null: a day or a time is missing. */
export function times(form: Form): { start: Date; end: Date } | null {
  const start = form.allDay ? readDay(form.startDay) : readMoment(form.startDay, form.startTime);
  const last = form.allDay ? readDay(form.endDay) : readMoment(form.endDay, form.endTime);
  return start && last ? { start, end: form.allDay ? addDays(last, 1) : last } : null;
}
/** Who moves the start moves the whole event. */
export function shiftEnd(form: Form, before: { start: Date; end: Date } | null): void {
  const now = times(form);
  if (!now || !before) return;
  if (form.allDay) form.endDay = printDay(addDays(now.start, Math.max(0, daysBetween(before.start, before.end) - 1)));
  else {
    const end = new Date(now.start.getTime() + Math.max(0, before.end.getTime() - before.start.getTime()));
    [form.endDay, form.endTime] = [printDay(end), printTime(end)];
  }
}

const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
/** In the browser's zone, which a new series needs: its hour is kept when the clocks change. */
const local = (at: Date) => ({ dateTime: `${printDay(at)}T${printTime(at)}:00`, timeZone: zone() });
/** As a moment: the server keeps the zone that the event has. */
const moment = (at: Date) => ({ dateTime: at.toISOString().slice(0, 19), timeZone: 'UTC' });
const midnight = (at: Date) => ({ dateTime: `${printDay(dayOf(at))}T00:00:00`, timeZone: 'UTC' });
export const spell = (start: Date, end: Date, allDay: boolean, isNew = false) =>
  allDay ? { start: midnight(start), end: midnight(end) } : isNew ? { start: local(start), end: local(end) } : { start: moment(start), end: moment(end) };

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
/** Who answers for itself is asked as a resource. */
const attendees = (list: EmailAddress[], isRoom: (address: string) => boolean): Attendee[] =>
  list.map((emailAddress) => ({ type: isRoom(emailAddress.address) ? 'resource' : 'required', emailAddress: { ...emailAddress } }));

/** What has changed since `before`; all of it when there is no before. */
export function bodyOf(form: Form, before: Form | null, isRoom: (address: string) => boolean = () => false): EventBody {
  const out: EventBody = {};
  const when = times(form);
  const changed = (...names: (keyof Form)[]) => !before || names.some((n) => !same(form[n], before[n]));
  if (changed('title')) out.subject = form.title.trim();
  if (when && changed('allDay', 'startDay', 'startTime', 'endDay', 'endTime')) {
    out.isAllDay = form.allDay;
    Object.assign(out, spell(when.start, when.end, form.allDay, !before));
  }
  if (changed('place')) out.location = { displayName: form.place.trim() };
  if (changed('guests')) out.attendees = attendees(form.guests, isRoom);
  if (when && form.repeat.kind !== 'other' && (changed('repeat') || (before && before.repeat.kind !== 'none' && changed('startDay')))) {
    const recurrence = writeRepeat(form.repeat, when.start);
    if (before || recurrence) out.recurrence = recurrence;
  }
  if (changed('reminder')) {
    out.isReminderOn = form.reminder !== null;
    if (form.reminder !== null) out.reminderMinutesBeforeStart = form.reminder;
  }
  if (changed('showAs')) out.showAs = form.showAs;
  if (changed('body') && (before || form.body.trim() !== '')) out.body = { contentType: 'text', content: form.body };
  return out;
}
