// Answers for: days, times and what is known about an event, in words.
import { type CalEvent } from '../data/calendar.svelte';
import { t } from '../i18n/index.svelte';
import { format, spanText } from '../format/when';

export { format };
export const time = (at: Date): string => format({ hour: '2-digit', minute: '2-digit' }, at);
export const longDay = (at: Date): string => format({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }, at);
export const shortWeekday = (at: Date): string => format({ weekday: 'short' }, at);
export const monthName = (at: Date): string => format({ month: 'long', year: 'numeric' }, at);

export const when = (event: Pick<CalEvent, 'start' | 'end' | 'allDay'>): string => spanText(event, t('calendar.allDay'));
export const title = (event: CalEvent): string => event.subject || (event.isPrivate ? t('calendar.private') : t('calendar.noTitle'));
/** All that the look of an event says, for those who do not see it. */
export function spoken(event: CalEvent): string {
  const state = event.isCancelled ? t('calendar.cancelled') : event.response === 'notResponded' ? t('calendar.state.notResponded') : event.response === 'declined' ? t('calendar.state.declined') : '';
  return [title(event), when(event), event.place, state, event.series ? t('calendar.series') : ''].filter(Boolean).join(', ');
}
