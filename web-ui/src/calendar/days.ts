// Answers for: reckoning with days of the calendar in the browser's zone. A day is not always 24 hours long, so days are
// counted by the calendar and never by milliseconds. Pure.
export const MINUTES = 1440;

export const dayOf = (at: Date): Date => new Date(at.getFullYear(), at.getMonth(), at.getDate());
/** The same time of day, `n` days later; a time that the clocks leave out moves behind the gap. */
export const addDays = (at: Date, n: number): Date =>
  new Date(at.getFullYear(), at.getMonth(), at.getDate() + n, at.getHours(), at.getMinutes(), at.getSeconds());
/** How many days lie between the days of two moments, whatever their hours. */
export const daysBetween = (from: Date, to: Date): number =>
  Math.round((Date.UTC(to.getFullYear(), to.getMonth(), to.getDate()) - Date.UTC(from.getFullYear(), from.getMonth(), from.getDate())) / 86_400_000);
export const sameDay = (a: Date, b: Date): boolean => daysBetween(a, b) === 0;
/** Minutes that the clock on the wall shows. */
export const clock = (at: Date): number => at.getHours() * 60 + at.getMinutes();
export const atClock = (day: Date, minutes: number): Date => new Date(day.getFullYear(), day.getMonth(), day.getDate(), 0, minutes);
/** The first day of a week; weeks begin on Monday, 1, unless somebody wants another day. */
export const weekOf = (at: Date, first = 1): Date => addDays(dayOf(at), -((at.getDay() - first + 7) % 7));
export const monthOf = (at: Date): Date => new Date(at.getFullYear(), at.getMonth(), 1);
/** The same day `n` months later, or the last one where that month is shorter. */
export function addMonths(at: Date, n: number): Date {
  const last = new Date(at.getFullYear(), at.getMonth() + n + 1, 0).getDate();
  return new Date(at.getFullYear(), at.getMonth() + n, Math.min(at.getDate(), last));
}
export const span = (first: Date, count: number): Date[] => Array.from({ length: count }, (_, i) => addDays(first, i));
/** The whole weeks that a month touches: four to six of them. */
export function monthWeeks(at: Date, firstDay = 1): Date[][] {
  const first = weekOf(monthOf(at), firstDay);
  const weeks = Math.ceil((daysBetween(first, addMonths(monthOf(at), 1))) / 7);
  return Array.from({ length: weeks }, (_, i) => span(addDays(first, i * 7), 7));
}
/** ISO 8601: the week that has the year's first Thursday is the first. */
export function weekNumber(at: Date): number {
  const thursday = addDays(weekOf(at), 3);
  return 1 + Math.floor(daysBetween(new Date(thursday.getFullYear(), 0, 1), thursday) / 7);
}

const two = (n: number) => String(n).padStart(2, '0');
/** `2026-11-23`, as date fields and addresses have it. */
export const printDay = (at: Date): string => `${String(at.getFullYear()).padStart(4, '0')}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
/** `09:05` */
export const printTime = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}`;
/** Midnight of a written day; null for what is none. */
export function readDay(text: string | undefined): Date | null {
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text ?? '');
  if (!match) return null;
  const day = new Date(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
  return printDay(day) === text ? day : null;
}
export function readMoment(day: string, time: string): Date | null {
  const at = readDay(day);
  const match = /^(\d\d):(\d\d)/.exec(time);
  return at && match ? atClock(at, Number(match[1]) * 60 + Number(match[2])) : null;
}
