// Answers for: what an invitation changes and what it collides with. Pure.
import type { Said } from '../api/invitation';
import type { GraphEvent } from '../api/calendar';
import type { Span } from '../format/when';

/** Days are the same days for everybody; all else is a moment. */
function moment(text: string, allDay: boolean): Date {
  if (!allDay) return new Date(`${text.slice(0, 19)}Z`);
  const [year = 0, month = 1, day = 1] = text.slice(0, 10).split('-').map(Number);
  return new Date(year, month - 1, day);
}
export const spanOf = (said: Said): Span => ({ start: moment(said.start, said.isAllDay), end: moment(said.end, said.isAllDay), allDay: said.isAllDay });
const eventSpan = (e: GraphEvent): Span => ({ start: moment(e.start.dateTime, e.isAllDay), end: moment(e.end.dateTime, e.isAllDay), allDay: e.isAllDay });

export type Difference = 'subject' | 'time' | 'location';
export function differences(before: Said | null, now: Said): Difference[] {
  if (!before) return [];
  const out: Difference[] = [];
  if (before.subject !== now.subject) out.push('subject');
  if (before.start !== now.start || before.end !== now.end || before.isAllDay !== now.isAllDay) out.push('time');
  if (before.location !== now.location) out.push('location');
  return out;
}
/** The whole days that an event touches. */
export function daysAround({ start, end }: Span): { from: Date; to: Date } {
  const last = new Date(Math.max(start.getTime(), end.getTime() - 1));
  return { from: new Date(start.getFullYear(), start.getMonth(), start.getDate()), to: new Date(last.getFullYear(), last.getMonth(), last.getDate() + 1) };
}
export interface Collision {
  id: string;
  subject: string;
  span: Span;
  collides: boolean;
}
/** What else is on these days, by time; what makes nobody busy is left out, and so is the event itself. */
export function othersThen(all: GraphEvent[], self: Span, id: string | null): Collision[] {
  const seen = new Set<string>();
  return all.flatMap((e): Collision[] => {
    const isSelf = id !== null && (e.id === id || e.seriesMasterId === id || id.startsWith(`${e.seriesMasterId}-`));
    if (isSelf || e.isCancelled || e.showAs === 'free' || e.responseStatus?.response === 'declined' || seen.has(e.id)) return [];
    seen.add(e.id);
    const span = eventSpan(e);
    return [{ id: e.id, subject: e.subject ?? '', span, collides: span.start < self.end && self.start < span.end }];
  }).toSorted((a, b) => a.span.start.getTime() - b.span.start.getTime());
}
