// Answers for: the ways a time can be looked at, how much each shows, and how one goes on from there. Pure.
import { addDays, addMonths, dayOf, monthOf, monthWeeks, span, weekOf } from './days';

export const VIEWS = ['day', 'workweek', 'week', 'month', 'agenda'] as const;
export type View = (typeof VIEWS)[number];
export const isView = (text: string | undefined): text is View => VIEWS.some((v) => v === text);
export const AGENDA_DAYS = 30;

export function daysOf(view: View, date: Date, firstDay = 1): Date[] {
  if (view === 'day') return [dayOf(date)];
  if (view === 'workweek') return span(weekOf(date), 5);
  if (view === 'week') return span(weekOf(date, firstDay), 7);
  if (view === 'agenda') return span(dayOf(date), AGENDA_DAYS);
  return monthWeeks(date, firstDay).flat();
}
export function stepFrom(view: View, date: Date, by: number): Date {
  if (view === 'month') return addMonths(monthOf(date), by);
  return addDays(date, by * { day: 1, workweek: 7, week: 7, agenda: AGENDA_DAYS }[view]);
}
