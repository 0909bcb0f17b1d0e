// Answers for: dates and sizes in the reader's language.
import { locale } from '../i18n/index.svelte';
import { format } from './when';

/** Short, for lists: the time today, the weekday this week, else the date. */
export function listDate(iso: string | null, now = new Date()): string {
  const date = new Date(iso ?? NaN);
  if (Number.isNaN(date.getTime())) return '';
  const days = (startOfDay(now) - startOfDay(date)) / 86_400_000;
  if (days < 0.5 && days > -0.5) return format({ hour: '2-digit', minute: '2-digit' }, date);
  if (days > 0 && days < 6.5) return format({ weekday: 'short', hour: '2-digit', minute: '2-digit' }, date);
  if (date.getFullYear() === now.getFullYear()) return format({ day: 'numeric', month: 'short' }, date);
  return format({ day: '2-digit', month: '2-digit', year: 'numeric' }, date);
}

export function fullDate(iso: string | null): string {
  const date = new Date(iso ?? NaN);
  if (Number.isNaN(date.getTime())) return '';
  const sameYear = date.getFullYear() === new Date().getFullYear();
  return format({ weekday: 'short', day: 'numeric', month: 'long', year: sameYear ? undefined : 'numeric', hour: '2-digit', minute: '2-digit' }, date);
}

export function fileSize(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;
  const step = bytes < 1000 ? 0 : Math.min(3, Math.floor(Math.log(bytes) / Math.log(1000)));
  const unit = units[step] ?? 'byte';
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits: step > 1 ? 1 : 0 })
    .format(bytes / 1000 ** step);
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}
