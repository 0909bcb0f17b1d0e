// Answers for: the automatic reply between the form and the server's settings. Days are days in the browser's zone. Pure.
import type { AutomaticReplies, TimeAt } from '../api/settings';
import { htmlToPlain, plainToHtml } from '../format/plain';

export interface VacationForm {
  isOn: boolean;
  hasDates: boolean;
  /** `2026-11-23T08:00`, as the browser's field has it. */
  from: string;
  to: string;
  inside: string;
  outside: string;
  /** The others get a text of their own; else the same as colleagues. */
  differs: boolean;
  audience: AutomaticReplies['externalAudience'];
}
const two = (n: number) => String(n).padStart(2, '0');
export const writeLocal = (at: Date): string =>
  `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
/** The server says UTC; the first year stands for never. */
function readLocal(time: TimeAt): string {
  const at = new Date(`${time.dateTime.slice(0, 19)}Z`);
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() < 1971 ? '' : writeLocal(at);
}

export function readReplies(kept: AutomaticReplies, now: Date): VacationForm {
  const inside = htmlToPlain(kept.internalReplyMessage);
  const outside = htmlToPlain(kept.externalReplyMessage);
  const tomorrow = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  const later = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 15);
  return {
    isOn: kept.status !== 'disabled', hasDates: kept.status !== 'alwaysEnabled',
    from: readLocal(kept.scheduledStartDateTime) || writeLocal(tomorrow), to: readLocal(kept.scheduledEndDateTime) || writeLocal(later),
    inside, outside, differs: outside !== '' && outside !== inside,
    // Where nothing was ever set, most people mean everybody.
    audience: inside === '' && outside === '' ? 'all' : kept.externalAudience,
  };
}
/** What is wrong, by field; the words are the screen's. */
export function wrongIn(form: VacationForm): 'text' | 'dates' | 'order' | null {
  if (!form.isOn) return null;
  if (form.inside.trim() === '') return 'text';
  if (!form.hasDates) return null;
  const [from, to] = [new Date(form.from), new Date(form.to)];
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) return 'dates';
  return from < to ? null : 'order';
}
const moment = (local: string): TimeAt => ({ dateTime: new Date(local).toISOString().slice(0, 19), timeZone: 'UTC' });
export function writeReplies(form: VacationForm): Partial<AutomaticReplies> {
  const status = !form.isOn ? 'disabled' : form.hasDates ? 'scheduled' : 'alwaysEnabled';
  return {
    status, externalAudience: form.audience,
    internalReplyMessage: plainToHtml(form.inside), externalReplyMessage: plainToHtml(form.differs ? form.outside : form.inside),
    ...(status === 'scheduled' ? { scheduledStartDateTime: moment(form.from), scheduledEndDateTime: moment(form.to) } : {}),
  };
}
