// Answers for: where the wizard stands and what was typed. The daemon keeps the answers; this keeps the page in step with it.
import { account } from '../app/session.svelte';
import { claim, getSetup, putStep } from '../api/setup';
import { STEPS, type Answers, type Collect, type SetupState, type Step } from '../api/types';
import { serverBody, serverForm, type ServerForm } from '../components/server/form';
import { useLanguage } from '../i18n/index.svelte';

export type CollectForm = ServerForm & Pick<Collect, 'protocol' | 'keep' | 'split' | 'account'>;
export interface PersonForm {
  key: number;
  name: string;
  address: string;
  password: string;
  hasPassword: boolean;
}

let keys = 0;
export const newPerson = (name = '', address = '', password = '', hasPassword = false): PersonForm =>
  ({ key: ++keys, name, address, password, hasPassword });

function formOf(a: Answers) {
  const collect = a.inbound?.collect;
  return {
    officeName: a.officeName ?? '',
    domain: a.domain ?? '',
    adminName: a.admin?.name ?? '',
    adminLocal: a.admin?.address.split('@')[0] ?? '',
    adminPassword: '',
    adminHasPassword: a.admin?.hasPassword ?? false,
    inbound: a.inbound?.mode ?? null,
    collect: {
      ...serverForm(collect, 993), protocol: collect?.protocol ?? 'imap', keep: collect?.keep ?? true,
      split: collect?.split ?? false, account: collect?.account ?? '',
    } as CollectForm,
    outbound: a.outbound?.mode ?? null,
    smarthost: serverForm(a.outbound?.smarthost, 465),
    people: (a.people ?? []).map((p) => newPerson(p.name, p.address, '', p.hasPassword ?? false)),
  };
}

class Wizard {
  state = $state.raw<SetupState | null>(null);
  step = $state<Step>('language');
  form = $state(formOf({}));

  get answers(): Answers {
    return this.state?.answers ?? {};
  }
  /** The furthest step the daemon lets us open. */
  get reached(): number {
    return STEPS.indexOf(this.state?.step ?? 'language');
  }

  take(state: SetupState): void {
    this.state = state;
    account.setup = state;
    if (!state.mine) return;
    // Into the same object: open steps hold on to it.
    Object.assign(this.form, formOf(state.answers ?? {}));
    this.step = state.step ?? 'language';
    if (state.language) void useLanguage(state.language);
  }
  async reload(): Promise<void> {
    const state = await getSetup();
    if (state.finished) await account.start();
    else this.take(state);
  }
  async claim(code: string): Promise<void> {
    this.take(await claim(code));
  }

  /** Saves one step, keeps what is typed in the others, and goes on. */
  async save(step: Exclude<Step, 'finish'>, body: unknown): Promise<void> {
    this.state = await putStep(step, body);
    const saved = formOf(this.answers);
    // Passwords never come back from the daemon; forgetting them here too leaves one place that has them.
    this.form.adminPassword = '';
    this.form.adminHasPassword = saved.adminHasPassword;
    this.form.collect.hasPassword = saved.collect.hasPassword;
    this.form.collect.password = '';
    this.form.smarthost.hasPassword = saved.smarthost.hasPassword;
    this.form.smarthost.password = '';
    if (step === 'people') this.form.people = saved.people;
    this.step = STEPS[STEPS.indexOf(step) + 1] ?? 'finish';
  }

  back(): void {
    this.step = STEPS[STEPS.indexOf(this.step) - 1] ?? 'language';
  }
  go(step: Step): void {
    if (STEPS.indexOf(step) <= this.reached) this.step = step;
  }
}
export const wizard = new Wizard();

export const collectBody = (form: CollectForm): Collect => ({
  ...serverBody(form), protocol: form.protocol, keep: form.keep, split: form.split,
  account: form.account || wizard.answers.admin?.address || '',
});
