// Answers for: calendars and their events as the screens see them: what is around the time on screen, kept fresh.
import { createCalendar, getCalendars, getView, type Calendar, type GraphEvent, type Response, type ShowAs } from '../api/calendar';
import { listen } from '../api/events';
import { hueOf } from '../format/colour';
import { mailbox } from './mailbox.svelte';

export interface CalEvent {
  id: string;
  /** The series it belongs to. */
  series: string | null;
  calendar: string;
  subject: string;
  start: Date;
  /** Of an all-day event: midnight behind its last day. */
  end: Date;
  allDay: boolean;
  showAs: ShowAs;
  isPrivate: boolean;
  isOrganizer: boolean;
  isCancelled: boolean;
  response: Response;
  place: string;
  guests: number;
  minutesBefore: number | null;
}
export interface ShownCalendar extends Calendar {
  hue: number;
}

const SETTLE = 150;
const HIDDEN = 'hauspost.calendars.hidden';

/** Days are the same days for everybody; all else is a moment. */
export function readMoment(text: string, allDay: boolean): Date {
  if (!allDay) return new Date(`${text.slice(0, 19)}Z`);
  const [year = 0, month = 1, day = 1] = text.slice(0, 10).split('-').map(Number);
  return new Date(year, month - 1, day);
}
export function readEvent(calendar: string, e: GraphEvent): CalEvent {
  return {
    id: e.id, series: e.seriesMasterId, calendar, subject: e.subject ?? '', start: readMoment(e.start.dateTime, e.isAllDay), end: readMoment(e.end.dateTime, e.isAllDay),
    allDay: e.isAllDay, showAs: e.showAs, isPrivate: e.sensitivity === 'private' || e.sensitivity === 'confidential', isOrganizer: e.isOrganizer,
    isCancelled: e.isCancelled, response: e.responseStatus?.response ?? 'none', place: e.location?.displayName ?? '', guests: e.attendees?.length ?? 0,
    minutesBefore: e.isReminderOn ? e.reminderMinutesBeforeStart : null,
  };
}

class Calendars {
  list = $state.raw<ShownCalendar[]>([]);
  problem = $state.raw<unknown>(null);
  /** Calendars whose events could not be asked for; the others stay. */
  failed = $state.raw<Set<string>>(new Set());
  loaded = $state(false);
  hidden = $state.raw<Set<string>>(new Set());
  #events = $state.raw<Map<string, CalEvent[]>>(new Map());
  #from = new Date(0);
  #to = new Date(0);
  #epoch = 0;
  #settle: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    try {
      this.hidden = new Set(JSON.parse(localStorage.getItem(HIDDEN) ?? '[]') as string[]);
    } catch {
      this.hidden = new Set();
    }
  }
  /** Of all calendars that are shown. */
  readonly events = $derived([...this.#events].flatMap(([id, list]) => (this.hidden.has(id) ? [] : list)));
  find = (id: string): ShownCalendar | undefined => this.list.find((c) => c.id === id);
  byId = (id: string): CalEvent | undefined => [...this.#events.values()].flat().find((e) => e.id === id);
  get standard(): ShownCalendar | undefined {
    return this.list.find((c) => c.isDefaultCalendar) ?? this.list[0];
  }
  hue = (id: string): number => this.find(id)?.hue ?? 195;

  async loadCalendars(): Promise<void> {
    try {
      this.list = (await getCalendars()).map((c, i) => ({ ...c, hue: hueOf(c.hexColor, i) }));
      this.problem = null;
    } catch (error) {
      this.problem = error;
    }
  }
  toggle(id: string): void {
    const hidden = new Set(this.hidden);
    if (!hidden.delete(id)) hidden.add(id);
    this.hidden = hidden;
    localStorage.setItem(HIDDEN, JSON.stringify([...hidden]));
  }
  async add(name: string, colour: string): Promise<void> {
    await createCalendar(name, colour);
    await this.reload();
  }

  /** The time that is on screen, and something around it, so that the next step has its events already. */
  async look(from: Date, to: Date): Promise<void> {
    [this.#from, this.#to] = [from, to];
    await this.refresh();
  }
  async refresh(): Promise<void> {
    const epoch = ++this.#epoch;
    if (this.list.length === 0) await this.loadCalendars();
    const failed = new Set<string>();
    const asked = await Promise.all(this.list.map(async ({ id }): Promise<[string, CalEvent[]]> => {
      try {
        return [id, (await getView(id, this.#from, this.#to)).map((e) => readEvent(id, e))];
      } catch {
        failed.add(id);
        return [id, this.#events.get(id) ?? []];
      }
    }));
    if (epoch !== this.#epoch) return;
    this.#events = new Map(asked);
    this.failed = failed;
    this.loaded = this.problem === null;
  }
  async reload(): Promise<void> {
    await this.loadCalendars();
    await this.refresh();
  }
  /** Shown at once; the next answer of the server has the last word. */
  patch(id: string, change: Partial<CalEvent> | null): void {
    this.#epoch++;
    this.#events = new Map([...this.#events].map(([calendar, list]) =>
      [calendar, list.flatMap((e) => (e.id !== id ? [e] : change === null ? [] : [{ ...e, ...change }]))]));
  }

  listen(): () => void {
    const soon = (withCalendars: boolean) => {
      clearTimeout(this.#settle);
      this.#settle = setTimeout(() => void (withCalendars ? this.reload() : this.refresh()), SETTLE);
    };
    return listen({
      change: ({ folders }) => {
        // A folder that is neither a calendar that is known nor one of mail may be a new calendar.
        const other = folders.filter((f) => !mailbox.find(f));
        if (folders.length === 0 || other.length > 0) soon(other.length === 0 || !other.every((f) => this.find(f)));
      },
      up: (again) => again && soon(true),
      down: () => {},
    });
  }
}
export const calendars = new Calendars();
