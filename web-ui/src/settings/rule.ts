// Answers for: a rule between the form, the server and the sentence that says it. What the form does not know of a rule stays
// in it untouched. Pure; the words come from the caller.
import type { Actions, Conditions, Rule, RuleBody } from '../api/rules';
import type { Recipient } from '../api/types';

export const TESTS = ['senderContains', 'subjectContains', 'bodyOrSubjectContains', 'recipientContains', 'fromAddresses', 'sentToMe', 'sentCcMe', 'hasAttachments'] as const;
export type TestName = (typeof TESTS)[number];
export const DEEDS = ['moveToFolder', 'copyToFolder', 'markAsRead', 'markImportance', 'forwardTo', 'redirectTo', 'delete', 'stopProcessingRules'] as const;
export type DeedName = (typeof DEEDS)[number];

/** One line of the form; lists are texts with commas, folders are ids, what is or is not has no value. */
export interface Line<N extends string> {
  key: number;
  name: N;
  value: string;
}
export interface RuleForm {
  id: string | null;
  name: string;
  tests: Line<TestName>[];
  except: Line<TestName>[];
  deeds: Line<DeedName>[];
}
const FLAGS = new Set<string>(['sentToMe', 'sentCcMe', 'hasAttachments', 'markAsRead', 'delete', 'stopProcessingRules']);
const PEOPLE = new Set<string>(['fromAddresses', 'forwardTo', 'redirectTo']);
export const needsValue = (name: string): boolean => !FLAGS.has(name);
export const isFolder = (name: string): boolean => name === 'moveToFolder' || name === 'copyToFolder';

let keys = 0;
export const line = <N extends string>(name: N, value = ''): Line<N> => ({ key: ++keys, name, value });
const split = (text: string): string[] => text.split(/[,;\n]/).map((w) => w.trim()).filter(Boolean);

function readValue(name: string, value: unknown): string | null {
  if (FLAGS.has(name)) return value === true ? '' : null;
  if (PEOPLE.has(name)) return Array.isArray(value) && value.length > 0 ? (value as Recipient[]).map((r) => r.emailAddress.address).join(', ') : null;
  if (Array.isArray(value)) return value.length > 0 ? value.join(', ') : null;
  return typeof value === 'string' && value !== '' ? value : null;
}
function writeValue(name: string, value: string): unknown {
  if (FLAGS.has(name)) return true;
  if (PEOPLE.has(name)) return split(value).map((address) => ({ emailAddress: { address } }));
  if (isFolder(name) || name === 'markImportance') return value;
  return split(value);
}
function readLines<N extends string>(names: readonly N[], from: Record<string, unknown> | null): Line<N>[] {
  return names.flatMap((name) => {
    const value = from ? readValue(name, from[name]) : null;
    return value === null ? [] : [line(name, value)];
  });
}
/** What the form knows, over what it does not. Null: nothing is left. */
function writeLines<N extends string>(names: readonly N[], lines: Line<N>[], before: Record<string, unknown> | null): Record<string, unknown> | null {
  const known = new Set<string>(names);
  const out: Record<string, unknown> = Object.fromEntries(Object.entries(before ?? {}).filter(([name]) => !known.has(name)));
  for (const one of lines) out[one.name] = writeValue(one.name, one.value);
  return Object.keys(out).length > 0 ? out : null;
}

export const newRule = (): RuleForm => ({ id: null, name: '', tests: [line<TestName>('senderContains')], except: [], deeds: [line<DeedName>('moveToFolder')] });
export const readRule = (rule: Rule): RuleForm => ({
  id: rule.id, name: rule.displayName, tests: readLines(TESTS, rule.conditions), except: readLines(TESTS, rule.exceptions), deeds: readLines(DEEDS, rule.actions),
});
export function writeRule(form: RuleForm, before: Rule | null, usual: string): RuleBody {
  return {
    displayName: form.name.trim() || usual,
    conditions: writeLines(TESTS, form.tests, before?.conditions ?? null) as Conditions | null,
    exceptions: writeLines(TESTS, form.except, before?.exceptions ?? null) as Conditions | null,
    actions: (writeLines(DEEDS, form.deeds, before?.actions ?? null) ?? {}) as Actions,
  };
}
/** Parts of the rule that the form has no line for. */
export function unknownParts(rule: Rule): string[] {
  const rest = (from: object | null, names: readonly string[]) => Object.entries(from ?? {}).flatMap(([name, value]) =>
    names.includes(name) || value === false || value === null || name.startsWith('@') ? [] : [name]);
  return [...rest(rule.conditions, TESTS), ...rest(rule.exceptions, TESTS), ...rest(rule.actions, DEEDS)];
}

/** The parts of the sentence, in order; `say` puts each into words. */
export function sentence(form: Pick<RuleForm, 'tests' | 'except' | 'deeds'>, say: (name: TestName | DeedName, value: string) => string, glue: { all: string; when: string; and: string; then: string; unless: string }): string {
  const join = (lines: Line<TestName | DeedName>[]) => lines.map((l) => say(l.name, l.value)).join(glue.and);
  const head = form.tests.length === 0 ? glue.all : `${glue.when}${join(form.tests)}`;
  const tail = form.except.length === 0 ? '' : `${glue.unless}${join(form.except)}`;
  return `${head}${glue.then}${join(form.deeds)}${tail}.`;
}
/** Rules in another order: those whose number has to change, and to what. */
export function reorder(rules: Pick<Rule, 'id' | 'sequence'>[], from: number, to: number): { id: string; sequence: number }[] {
  const order = [...rules];
  const [moved] = order.splice(from, 1);
  if (!moved) return [];
  order.splice(to, 0, moved);
  return order.flatMap((rule, i) => (rule.sequence === i + 1 ? [] : [{ id: rule.id, sequence: i + 1 }]));
}
