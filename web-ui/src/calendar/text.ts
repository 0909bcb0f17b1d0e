// Answers for: days, times and what is known about an event, in words.
import { type CalEvent } from '../data/calendar.svelte';
import { withClock } from '../format/clock.svelte';
import { locale, t } from '../i18n/index.svelte';
import { addDays, sameDay } from './days';

const formats = new Map<string, Intl.DateTimeFormat>();
export function format(options: Intl.DateTimeFormatOptions, date: Date): string {
  options = withClock(options);
  const key = locale() + JSON.stringify(options);
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(locale(), options)));
  return made.format(date);
}
export const time = (at: Date): string => format({ hour: '2-digit', minute: '2-digit' }, at);
export const longDay = (at: Date): string => format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }, at);
export const shortWeekday = (at: Date): string => format({ weekday: 'short' }, at);
export const monthName = (at: Date): string => format({ month: 'long', year: 'numeric' }, at);

/** `Mo., 23. November, 09:00 – 10:00`; days without times for all-day events. */
export function when(event: Pick<CalEvent, 'start' | 'end' | 'allDay'>): string {
  const { start, end, allDay } = event;
  const last = allDay ? addDays(end, -1) : end;
  const day = (at: Date) => format({ weekday: 'short', day: 'numeric', month: 'long', year: at.getFullYear() === new Date().getFullYear() ? undefined : 'numeric' }, at);
  if (allDay) return sameDay(start, last) ? `${day(start)}, ${t('calendar.allDay')}` : `${day(start)} – ${day(last)}`;
  if (sameDay(start, end)) return `${day(start)}, ${time(start)} – ${time(end)}`;
  return `${day(start)}, ${time(start)} – ${day(end)}, ${time(end)}`;
}
export const title = (event: CalEvent): string => event.subject || (event.isPrivate ? t('calendar.private') : t('calendar.noTitle'));
/** All that the look of an event says, for those who do not see it. */
export function spoken(event: CalEvent): string {
  const state = event.isCancelled ? t('calendar.cancelled') : event.response === 'notResponded' ? t('calendar.state.notResponded') : event.response === 'declined' ? t('calendar.state.declined') : '';
  return [title(event), when(event), event.place, state, event.series ? t('calendar.series') : ''].filter(Boolean).join(', ');
}
