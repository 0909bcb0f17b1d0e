// Answers for: opening times between the form and the server's spelling, `mon-fri 08:00-18:00, sat 09:00-12:00`. Pure.
export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Day = (typeof DAYS)[number];
export interface OpenTime {
  key: number;
  first: Day;
  last: Day;
  from: string;
  to: string;
}
let keys = 0;
export const openTime = (first: Day = 'mon', last: Day = 'fri', from = '08:00', to = '18:00'): OpenTime => ({ key: ++keys, first, last, from, to });
const isDay = (text: string | undefined): text is Day => DAYS.some((d) => d === text);

export function readOpen(text: string): OpenTime[] {
  return text.split(',').flatMap((part) => {
    const match = /^\s*([a-z]{3})(?:-([a-z]{3}))?\s+(\d\d:\d\d)-(\d\d:\d\d)\s*$/.exec(part);
    const [, first, last = first, from = '', to = ''] = match ?? [];
    // A time field knows no 24:00; the last minute of the day says the same to people.
    return isDay(first) && isDay(last) ? [openTime(first, last, from, to === '24:00' ? '23:59' : to)] : [];
  });
}
export const printOpen = (all: OpenTime[]): string =>
  all.length === 0 ? 'always' : all.map((o) => `${o.first === o.last ? o.first : `${o.first}-${o.last}`} ${o.from}-${o.to === '23:59' ? '24:00' : o.to}`).join(', ');
export const isWrong = (o: OpenTime): boolean => DAYS.indexOf(o.first) > DAYS.indexOf(o.last) || !(o.from < o.to);
