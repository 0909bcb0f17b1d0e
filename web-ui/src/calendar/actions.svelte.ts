// Answers for: what is done to events: shown at once, confirmed by the server, rolled back visibly when it says no.
import { toasts } from '../app/toasts.svelte';
import { answerEvent, changeEvent, createEvent, deleteEvent, getEvent, type Answer, type FullEvent } from '../api/calendar';
import { calendars, readMoment, type CalEvent } from '../data/calendar.svelte';
import { colleagues } from '../data/people.svelte';
import { errorText } from '../i18n/errors';
import { t } from '../i18n/index.svelte';
import { addDays, daysBetween, sameDay } from './days';
import { bodyOf, formOf, newForm, spell, type Form } from './form';
import { movedPattern } from './repeat';

export type Scope = 'one' | 'all';
/** What the screen is asking, or holding open. */
class Desk {
  card = $state.raw<CalEvent | null>(null);
  form = $state<Form | null>(null);
  before = $state.raw<Form | null>(null);
  /** Asked of a series; `run` goes on with the answer, `stop` when there is none. */
  series = $state.raw<{ event: CalEvent; verb: 'move' | 'edit' | 'delete'; run: (scope: Scope) => void; stop?: () => void } | null>(null);
  toDelete = $state.raw<{ event: CalEvent; scope: Scope } | null>(null);
}
export const desk = new Desk();

const failed = (error: unknown) => toasts.show(t('calendar.failed', { why: errorText(error) }), { kind: 'bad' });

export function make(start: Date, end: Date, allDay: boolean): void {
  const calendar = calendars.list.find((c) => c.canEdit && c.isDefaultCalendar) ?? calendars.list.find((c) => c.canEdit);
  if (!calendar) return;
  desk.card = null;
  desk.before = null;
  desk.form = newForm(calendar.id, start, end, allDay);
}
/** A series is asked about first; a single event is not. */
function scoped(event: CalEvent, verb: 'move' | 'edit' | 'delete', run: (scope: Scope) => void): void {
  desk.card = null;
  if (event.series) desk.series = { event, verb, run };
  else run('one');
}

export const edit = (event: CalEvent): void =>
  scoped(event, 'edit', (scope) => {
    getEvent(scope === 'all' && event.series ? event.series : event.id).then((full) => {
      desk.before = formOf(event.calendar, full);
      desk.form = formOf(event.calendar, full);
    }, failed);
  });

const isRoom = (address: string) => colleagues.find(address)?.isRoom ?? false;
/** Answers whether it was stored; what was typed stays in the form when not. */
export async function save(form: Form, before: Form | null, transaction: string): Promise<void> {
  if (form.id === null) await createEvent(form.calendar, bodyOf(form, null, isRoom), transaction);
  else await changeEvent(form.id, bodyOf(form, before, isRoom));
  const guests = form.guests.length > 0;
  toasts.show(t(form.id === null ? (guests ? 'calendar.done.invited' : 'calendar.done.made') : guests ? 'calendar.done.changedTold' : 'calendar.done.changed'));
  await calendars.refresh();
}

async function put(event: CalEvent, start: Date, end: Date): Promise<void> {
  await changeEvent(event.id, { ...spell(start, end, event.allDay), isAllDay: event.allDay });
}
async function putSeries(event: CalEvent, start: Date, end: Date): Promise<void> {
  const master: FullEvent = await getEvent(event.series ?? event.id);
  const old = readMoment(master.start.dateTime, master.isAllDay);
  const days = daysBetween(event.start, start);
  const first = addDays(old, days);
  // By the clock on the wall, because the series may begin on the other side of a change of the clocks.
  if (!event.allDay) first.setHours(start.getHours(), start.getMinutes(), 0);
  const last = event.allDay ? addDays(first, daysBetween(start, end)) : new Date(first.getTime() + end.getTime() - start.getTime());
  const body: Record<string, unknown> = { ...spell(first, last, event.allDay), isAllDay: event.allDay };
  if (!sameDay(old, first) && master.recurrence) body.recurrence = movedPattern(master.recurrence, old, first);
  await changeEvent(master.id, body);
}

/** Another time, or another length. The way back is offered. */
export function move(event: CalEvent, start: Date, end: Date): void {
  if (start.getTime() === event.start.getTime() && end.getTime() === event.end.getTime()) return;
  calendars.patch(event.id, { start, end });
  const back = () => calendars.patch(event.id, { start: event.start, end: event.end });
  const act = async (scope: Scope) => {
    try {
      await (scope === 'all' ? putSeries(event, start, end) : put(event, start, end));
      const undo = async () => {
        try {
          const moved = { ...event, start, end };
          await (scope === 'all' ? putSeries(moved, event.start, event.end) : put(moved, event.start, event.end));
          toasts.show(t('calendar.done.undone'));
        } catch (error) {
          failed(error);
        }
        await calendars.refresh();
      };
      toasts.show(t(event.guests > 0 && event.isOrganizer ? 'calendar.done.movedTold' : 'calendar.done.moved'), { action: { label: t('common.undo'), run: () => void undo() } });
    } catch (error) {
      back();
      failed(error);
    }
    await calendars.refresh();
  };
  if (event.series) desk.series = { event, verb: 'move', run: (scope) => void act(scope), stop: back };
  else void act('one');
}

export const remove = (event: CalEvent): void => scoped(event, 'delete', (scope) => (desk.toDelete = { event, scope }));
export async function removeAsked(): Promise<void> {
  const asked = desk.toDelete;
  if (!asked) return;
  const { event, scope } = asked;
  calendars.patch(event.id, null);
  try {
    await deleteEvent(scope === 'all' && event.series ? event.series : event.id);
    toasts.show(t('calendar.done.deleted'));
  } catch (error) {
    failed(error);
  }
  await calendars.refresh();
}

/** An answer to a series is one for all of it; to one of it, when asked so. */
export async function respond(id: string, answer: Answer, comment: string): Promise<void> {
  await answerEvent(id, answer, comment.trim());
  toasts.show(t(`calendar.done.${answer}`));
  await calendars.refresh();
}
