// Answers for: the mouse on the grid of hours: dragging makes an event, moves one, or makes it longer. A finger scrolls
// and taps; what it cannot drag, the form can do.
import { calendars, type CalEvent } from '../data/calendar.svelte';
import { make, move } from './actions.svelte';
import { MINUTES, addDays, atClock, clock, daysBetween } from './days';

const STEP = 15;
const SLACK = 5;
export interface Ghost {
  event: CalEvent | null;
  start: Date;
  end: Date;
}

interface Grasp {
  x: number;
  y: number;
  at: Date;
  kind: 'make' | 'move' | 'grow';
  event: CalEvent | null;
  touch: boolean;
}

export class Drag {
  ghost = $state.raw<Ghost | null>(null);
  #from: Grasp | null = null;
  #swallow = false;

  constructor(readonly root: () => HTMLElement | undefined, readonly days: () => Date[]) {}

  #at(x: number, y: number): Date {
    const days = this.days();
    const box = this.root()?.getBoundingClientRect();
    const first = days[0] ?? new Date();
    if (!box) return first;
    const column = Math.max(0, Math.min(days.length - 1, Math.floor(((x - box.left) / box.width) * days.length)));
    const minutes = Math.max(0, Math.min(MINUTES, ((y - box.top) / box.height) * MINUTES));
    return atClock(days[column] ?? first, Math.floor(minutes / STEP) * STEP);
  }
  down = (e: PointerEvent): void => {
    this.#swallow = false;
    if (e.button !== 0) return;
    const target = e.target as Element;
    const id = target.closest<HTMLElement>('[data-event]')?.dataset.event;
    const grip = target.closest<HTMLElement>('[data-grip]')?.dataset.grip;
    const event = calendars.byId(grip ?? id ?? '') ?? null;
    if (event && (e.pointerType === 'touch' || !event.isOrganizer || !calendars.find(event.calendar)?.canEdit)) return;
    this.#from = { x: e.clientX, y: e.clientY, at: this.#at(e.clientX, e.clientY), kind: grip ? 'grow' : event ? 'move' : 'make', event, touch: e.pointerType === 'touch' };
  };
  moved = (e: PointerEvent): void => {
    const from = this.#from;
    if (!from) return;
    if (!this.ghost && Math.hypot(e.clientX - from.x, e.clientY - from.y) < SLACK) return;
    if (from.touch) {
      this.#from = null;
      return;
    }
    if (!this.ghost) this.root()?.setPointerCapture(e.pointerId);
    const now = this.#at(e.clientX, e.clientY);
    this.ghost = this.#shape(from, now);
  };
  #shape(from: Grasp, now: Date): Ghost {
    const { event, at } = from;
    if (!event) {
      const sameDay = atClock(at, clock(now));
      const [start, last] = sameDay < at ? [sameDay, at] : [at, sameDay];
      return { event: null, start, end: new Date(last.getTime() + STEP * 60_000) };
    }
    if (from.kind === 'grow') {
      const end = new Date(now.getTime() + STEP * 60_000);
      return { event, start: event.start, end: end > event.start ? end : new Date(event.start.getTime() + STEP * 60_000) };
    }
    return { event, ...shifted(event, daysBetween(at, now), clock(now) - clock(at)) };
  }
  up = (e: PointerEvent): void => {
    const [from, ghost] = [this.#from, this.ghost];
    this.cancel();
    if (!from) return;
    if (ghost) {
      this.#swallow = true;
      if (ghost.event) move(ghost.event, ghost.start, ghost.end);
      else make(ghost.start, ghost.end, false);
    } else if (from.kind === 'make' && e.type === 'pointerup') {
      const start = atClock(from.at, Math.floor(clock(from.at) / 30) * 30);
      make(start, new Date(start.getTime() + 3_600_000), false);
    }
  };
  cancel = (): void => {
    this.#from = null;
    this.ghost = null;
  };
  /** The click that ends a drag opens nothing. */
  click = (e: MouseEvent): void => {
    if (!this.#swallow) return;
    this.#swallow = false;
    e.stopPropagation();
    e.preventDefault();
  };
}

/** By days and by minutes of the clock; the length stays. */
export function shifted(event: CalEvent, days: number, minutes: number): { start: Date; end: Date } {
  const day = addDays(event.start, days);
  const start = minutes === 0 ? day : atClock(day, clock(event.start) + minutes);
  if (event.allDay) return { start, end: addDays(event.end, days) };
  return { start, end: new Date(start.getTime() + event.end.getTime() - event.start.getTime()) };
}

/** Alt with arrows moves, with Shift too makes longer and shorter: all that dragging can do. Answers whether it was that. */
export function keyMove(e: KeyboardEvent, event: CalEvent): boolean {
  const step = { ArrowUp: [0, -STEP], ArrowDown: [0, STEP], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[e.key];
  if (!e.altKey || !step || !event.isOrganizer || !calendars.find(event.calendar)?.canEdit) return false;
  const [days = 0, minutes = 0] = step;
  e.preventDefault();
  e.stopPropagation();
  if (e.shiftKey) {
    const end = event.allDay ? addDays(event.end, days) : new Date(event.end.getTime() + minutes * 60_000);
    if (end > event.start) move(event, event.start, end);
  } else if (!(event.allDay && minutes !== 0)) {
    const { start, end } = shifted(event, days, minutes);
    move(event, start, end);
  }
  return true;
}
