// Answers for: where events stand in the grids: side by side where they overlap, in lanes where they last for days. Pure.
import { MINUTES, addDays, clock, dayOf, daysBetween } from './days';

export interface Timed {
  id: string;
  start: Date;
  end: Date;
  allDay: boolean;
}
export interface Block<E> {
  event: E;
  /** Minutes of the day's clock. */
  from: number;
  to: number;
  column: number;
  columns: number;
}
export interface Bar<E> {
  event: E;
  /** Columns of the row, the last one included. */
  first: number;
  last: number;
  lane: number;
  /** It began before the row, or goes on behind it. */
  before: boolean;
  after: boolean;
}

/** Shorter ones could not be read or hit. */
const LEAST = 20;
/** What lasts a day or longer is a bar, also with a time. */
export const isBar = (event: Timed): boolean => event.allDay || event.end.getTime() - event.start.getTime() >= 86_400_000;

/** The last day an event touches. One that ends at midnight does not touch the day that begins then. */
export function lastDay(event: Timed): Date {
  const day = dayOf(event.end);
  const ends = day.getTime() === event.end.getTime() && event.end > event.start;
  return ends ? addDays(day, -1) : day;
}
export const touches = (event: Timed, day: Date): boolean => daysBetween(event.start, day) >= 0 && daysBetween(day, lastDay(event)) >= 0;

/** The timed events of one day. Those that overlap, directly or by others between them, share the width. */
export function blocks<E extends Timed>(events: E[], day: Date): Block<E>[] {
  const next = addDays(day, 1);
  const pieces = events.filter((e) => !isBar(e) && touches(e, day)).map((event) => {
    const from = Math.min(event.start < day ? 0 : clock(event.start), MINUTES - LEAST);
    const to = event.end >= next ? MINUTES : clock(event.end);
    return { event, from, to: Math.max(to, from + LEAST), column: 0, columns: 1 };
  });
  pieces.sort((a, b) => a.from - b.from || b.to - a.to || a.event.id.localeCompare(b.event.id));
  let group: Block<E>[] = [];
  let groupEnd = -1;
  const close = () => {
    const columns = Math.max(0, ...group.map((b) => b.column)) + 1;
    for (const block of group) block.columns = columns;
    group = [];
  };
  for (const piece of pieces) {
    if (piece.from >= groupEnd) close();
    const taken = new Set(group.filter((b) => b.to > piece.from).map((b) => b.column));
    while (taken.has(piece.column)) piece.column++;
    group.push(piece);
    groupEnd = Math.max(group.length === 1 ? -1 : groupEnd, piece.to);
  }
  close();
  return pieces;
}

/** Events as bars over a row of days, the longest ones on top; `all`: also those of less than a day. */
export function bars<E extends Timed>(events: E[], days: Date[], all = false): Bar<E>[] {
  const [start, end] = [days[0], days[days.length - 1]];
  if (!start || !end) return [];
  const out = events
    .filter((e) => (all || isBar(e)) && daysBetween(e.start, end) >= 0 && daysBetween(start, lastDay(e)) >= 0)
    .map((event) => {
      const [first, last] = [daysBetween(start, event.start), daysBetween(start, lastDay(event))];
      return { event, first: Math.max(0, first), last: Math.min(days.length - 1, last), lane: 0, before: first < 0, after: last > days.length - 1 };
    });
  out.sort((a, b) => Number(isBar(b.event)) - Number(isBar(a.event)) || a.first - b.first || b.last - b.first - (a.last - a.first)
    || a.event.start.getTime() - b.event.start.getTime() || a.event.id.localeCompare(b.event.id));
  const placed: Bar<E>[] = [];
  for (const bar of out) {
    const taken = new Set(placed.filter((p) => p.first <= bar.last && p.last >= bar.first).map((p) => p.lane));
    while (taken.has(bar.lane)) bar.lane++;
    placed.push(bar);
  }
  return placed;
}
