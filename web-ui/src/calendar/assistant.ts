// Answers for: where busy times lie on the line of a day, and who is in the way of a chosen time. Pure.
import type { Busy, Schedule } from '../api/schedule';

/** Hours of the line; the whole working day and something around it. */
export const FIRST_HOUR = 7;
export const LAST_HOUR = 20;

export interface Bar {
  /** Parts of the line, from 0 to 1. */
  left: number;
  width: number;
  status: Busy['status'];
}
export const lineOf = (day: Date): { from: Date; to: Date } => ({
  from: new Date(day.getFullYear(), day.getMonth(), day.getDate(), FIRST_HOUR), to: new Date(day.getFullYear(), day.getMonth(), day.getDate(), LAST_HOUR),
});
/** What of a span is on the line; null: nothing. */
export function place(start: Date, end: Date, day: Date): { left: number; width: number } | null {
  const { from, to } = lineOf(day);
  const all = to.getTime() - from.getTime();
  const left = Math.max(0, (start.getTime() - from.getTime()) / all);
  const right = Math.min(1, (end.getTime() - from.getTime()) / all);
  return right > left ? { left, width: right - left } : null;
}
export const barsOf = (busy: Busy[], day: Date): Bar[] =>
  busy.filter((b) => b.status !== 'free').flatMap((b) => {
    const at = place(b.start, b.end, day);
    return at ? [{ ...at, status: b.status }] : [];
  });

/** What somebody has then beside the event that is being changed: that one stands in their calendars at its old time. */
export const without = (schedule: Schedule, own: { start: Date; end: Date } | null): Schedule =>
  own === null || schedule.busy === null ? schedule
    : { ...schedule, busy: schedule.busy.filter((b) => b.start.getTime() !== own.start.getTime() || b.end.getTime() !== own.end.getTime()) };

export type Verdict = 'free' | 'maybe' | 'busy' | 'unknown';
/** Whether somebody can come at a time; tentative is perhaps, being away is no. */
export function verdict(schedule: Schedule | undefined, start: Date, end: Date): Verdict {
  if (!schedule || schedule.busy === null) return 'unknown';
  const then = schedule.busy.filter((b) => b.start < end && b.end > start);
  if (then.some((b) => b.status === 'busy' || b.status === 'oof')) return 'busy';
  return then.some((b) => b.status === 'tentative') ? 'maybe' : 'free';
}
/** The quarter of an hour that a place on the line stands for. */
export function timeAt(part: number, day: Date): Date {
  const { from, to } = lineOf(day);
  const quarters = (to.getTime() - from.getTime()) / 900_000;
  const quarter = Math.floor(quarters * Math.min(1, Math.max(0, part)));
  return new Date(from.getTime() + Math.min(quarters - 1, quarter) * 900_000);
}
