// Answers for: moments and spans of time in the reader's language.
import { locale } from '../i18n/index.svelte';
import { withClock } from './clock.svelte';

const formats = new Map<string, Intl.DateTimeFormat>();
/** Making a formatter is slow, and a list asks for one per row and frame. */
export function format(wanted: Intl.DateTimeFormatOptions, date: Date): string {
  const options = withClock(wanted);
  const key = locale() + JSON.stringify(options);
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale(), options)));
  return made.format(date);
}

export interface Span {
  start: Date;
  /** Of days without times: midnight behind the last. */
  end: Date;
  allDay: boolean;
}
const same = (a: Date, b: Date) => a.toDateString() === b.toDateString();
/** `Mo., 23. November, 09:00 – 10:00`; days without times for all-day events. */
export function spanText({ start, end, allDay }: Span, allDayWord: string): string {
  const last = allDay ? new Date(end.getFullYear(), end.getMonth(), end.getDate() - 1) : end;
  const day = (at: Date) => format({ weekday: 'short', day: 'numeric', month: 'long', year: at.getFullYear() === new Date().getFullYear() ? undefined : 'numeric' }, at);
  const time = (at: Date) => format({ hour: '2-digit', minute: '2-digit' }, at);
  if (allDay) return same(start, last) ? `${day(start)}, ${allDayWord}` : `${day(start)} – ${day(last)}`;
  if (same(start, end)) return `${day(start)}, ${time(start)} – ${time(end)}`;
  return `${day(start)}, ${time(start)} – ${day(end)}, ${time(end)}`;
}
