// Answers for: how an event comes again, between the choices of the form and the server's patterns. Pure.
import { WEEKDAYS, type Pattern, type Recurrence, type Weekday } from '../api/calendar';
import { daysBetween, printDay } from './days';

export type Kind = 'none' | 'daily' | 'workdays' | 'weekly' | 'monthly' | 'monthlyNth' | 'yearly' | 'other';
export interface Repeat {
  kind: Kind;
  interval: number;
  days: Weekday[];
  ends: 'never' | 'on' | 'after';
  until: string;
  count: number;
}
export const NO_REPEAT: Repeat = { kind: 'none', interval: 1, days: [], ends: 'never', until: '', count: 10 };
const WORKDAYS: Weekday[] = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday'];
export const NTHS = ['first', 'second', 'third', 'fourth', 'last'] as const;

export const weekday = (at: Date): Weekday => WEEKDAYS[at.getDay()] ?? 'monday';
/** The second Tuesday; the fifth one is called the last. */
export const nth = (at: Date): (typeof NTHS)[number] => NTHS[Math.min(4, Math.floor((at.getDate() - 1) / 7))] ?? 'last';
const sameDays = (a: Weekday[], b: Weekday[]) => a.length === b.length && a.every((d) => b.includes(d));

export function readRepeat(recurrence: Recurrence | null): Repeat {
  if (!recurrence) return NO_REPEAT;
  const { pattern, range } = recurrence;
  const days = pattern.daysOfWeek ?? [];
  const kinds: Record<Pattern['type'], Kind> = {
    daily: 'daily', weekly: pattern.interval === 1 && sameDays(days, WORKDAYS) ? 'workdays' : 'weekly', absoluteMonthly: 'monthly',
    relativeMonthly: days.length === 1 ? 'monthlyNth' : 'other', absoluteYearly: 'yearly', relativeYearly: 'other',
  };
  return {
    kind: kinds[pattern.type] ?? 'other', interval: pattern.interval, days,
    ends: range.type === 'endDate' ? 'on' : range.type === 'numbered' ? 'after' : 'never',
    until: range.type === 'endDate' ? (range.endDate ?? '').slice(0, 10) : '', count: range.type === 'numbered' ? (range.numberOfOccurrences ?? 1) : 10,
  };
}

/** For a series that begins at `start`. Null: it does not come again. `other` is not ours to write. */
export function writeRepeat(repeat: Repeat, start: Date): Recurrence | null {
  const interval = Math.max(1, Math.min(999, Math.round(repeat.interval) || 1));
  const patterns: Record<Exclude<Kind, 'none' | 'other'>, Pattern> = {
    daily: { type: 'daily', interval },
    workdays: { type: 'weekly', interval: 1, daysOfWeek: WORKDAYS, firstDayOfWeek: 'monday' },
    weekly: { type: 'weekly', interval, daysOfWeek: repeat.days.length > 0 ? repeat.days : [weekday(start)], firstDayOfWeek: 'monday' },
    monthly: { type: 'absoluteMonthly', interval, dayOfMonth: start.getDate() },
    monthlyNth: { type: 'relativeMonthly', interval, daysOfWeek: [weekday(start)], index: nth(start) },
    yearly: { type: 'absoluteYearly', interval, dayOfMonth: start.getDate(), month: start.getMonth() + 1 },
  };
  if (repeat.kind === 'none' || repeat.kind === 'other') return null;
  const startDate = printDay(start);
  const range = repeat.ends === 'on' ? { type: 'endDate' as const, startDate, endDate: repeat.until }
    : repeat.ends === 'after' ? { type: 'numbered' as const, startDate, numberOfOccurrences: Math.max(1, Math.round(repeat.count) || 1) }
    : { type: 'noEnd' as const, startDate };
  return { pattern: patterns[repeat.kind], range };
}

/** The pattern of a series that begins on another day now: its days move along. */
export function movedPattern(recurrence: Recurrence, from: Date, to: Date): Recurrence {
  const by = daysBetween(from, to);
  const turn = (d: Weekday): Weekday => WEEKDAYS[(((WEEKDAYS.indexOf(d) + by) % 7) + 7) % 7] ?? d;
  const { pattern, range } = recurrence;
  const moved: Pattern = { ...pattern };
  if (pattern.type === 'weekly') moved.daysOfWeek = (pattern.daysOfWeek ?? []).map(turn);
  if (pattern.type === 'absoluteMonthly' || pattern.type === 'absoluteYearly') moved.dayOfMonth = to.getDate();
  if (pattern.type === 'absoluteYearly' || pattern.type === 'relativeYearly') moved.month = to.getMonth() + 1;
  if (pattern.type === 'relativeMonthly' || pattern.type === 'relativeYearly') {
    moved.daysOfWeek = [weekday(to)];
    moved.index = nth(to);
  }
  return { pattern: moved, range: { ...range, startDate: printDay(to) } };
}
