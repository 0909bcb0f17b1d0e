// Answers for: the days on which tasks are due. A day is a day, whatever the zone; a reminder is a moment. Pure.
import type { TaskMoment } from '../api/tasks';

const two = (n: number) => String(n).padStart(2, '0');
export const printDay = (at: Date): string => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
export const dayOf = (moment: TaskMoment | null): string => moment?.dateTime.slice(0, 10) ?? '';
export const writeDay = (day: string): TaskMoment | null => (day ? { dateTime: `${day}T00:00:00`, timeZone: 'UTC' } : null);
/** As `<input type="datetime-local">` has it, in the browser's zone. */
export function localOf(moment: TaskMoment | null): string {
  if (!moment) return '';
  const at = new Date(`${moment.dateTime.slice(0, 19)}Z`);
  return `${printDay(at)}T${two(at.getHours())}:${two(at.getMinutes())}`;
}
export function writeLocal(text: string): TaskMoment | null {
  const at = new Date(text);
  return text && !Number.isNaN(at.getTime()) ? { dateTime: at.toISOString().slice(0, 19), timeZone: 'UTC' } : null;
}
/** How far away a day is, in days; below nothing: it has passed. */
export function daysUntil(day: string, now: Date): number {
  const [y = 0, m = 1, d = 1] = day.split('-').map(Number);
  return Math.round((Date.UTC(y, m - 1, d) - Date.UTC(now.getFullYear(), now.getMonth(), now.getDate())) / 86_400_000);
}
