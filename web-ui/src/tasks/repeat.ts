// Answers for: how a task comes again, between the choices of the form and the server's patterns. What the form has no word for is
// shown as another rhythm and stays. Pure.
import { WEEKDAYS, type Pattern, type Recurrence } from '../api/calendar';

export const KINDS = ['none', 'daily', 'workdays', 'weekly', 'biweekly', 'monthly', 'yearly'] as const;
export type Kind = (typeof KINDS)[number];
const WORKDAYS = WEEKDAYS.slice(1, 6);

export function readKind(recurrence: Recurrence | null): Kind | 'other' {
  if (!recurrence) return 'none';
  const { type, interval, daysOfWeek = [] } = recurrence.pattern;
  const isWork = daysOfWeek.length === 5 && WORKDAYS.every((d) => daysOfWeek.includes(d));
  if (type === 'weekly' && isWork && interval === 1) return 'workdays';
  if (type === 'weekly' && daysOfWeek.length <= 1 && (interval === 1 || interval === 2)) return interval === 1 ? 'weekly' : 'biweekly';
  if (interval !== 1) return 'other';
  return type === 'daily' ? 'daily' : type === 'absoluteMonthly' ? 'monthly' : type === 'absoluteYearly' ? 'yearly' : 'other';
}
/** `day`: the first time, `2026-11-23`. */
export function writeKind(kind: Kind, day: string): Recurrence | null {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const weekday = WEEKDAYS[new Date(year, month - 1, date).getDay()] ?? 'monday';
  const patterns: Record<Exclude<Kind, 'none'>, Pattern> = {
    daily: { type: 'daily', interval: 1 }, workdays: { type: 'weekly', interval: 1, daysOfWeek: WORKDAYS, firstDayOfWeek: 'monday' },
    weekly: { type: 'weekly', interval: 1, daysOfWeek: [weekday], firstDayOfWeek: 'monday' }, biweekly: { type: 'weekly', interval: 2, daysOfWeek: [weekday], firstDayOfWeek: 'monday' },
    monthly: { type: 'absoluteMonthly', interval: 1, dayOfMonth: date }, yearly: { type: 'absoluteYearly', interval: 1, dayOfMonth: date, month },
  };
  return kind === 'none' ? null : { pattern: patterns[kind], range: { type: 'noEnd', startDate: day } };
}
