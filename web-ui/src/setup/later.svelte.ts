// Answers for: where the second half of the wizard stands, in step with the server, which keeps it.
import { account } from '../app/session.svelte';
import { endLater, getLater, putLater } from '../api/setup';
import { LATER_STEPS, type Later, type LaterStep, type Trial } from '../api/types';

class LaterSteps {
  state = $state.raw<Later | null>(null);
  problem = $state.raw<unknown>(null);

  get step(): LaterStep {
    return this.state?.step ?? 'certificate';
  }
  get reached(): number {
    return LATER_STEPS.indexOf(this.state?.reached ?? 'certificate');
  }
  async load(): Promise<void> {
    try {
      const state = await getLater();
      if (state.step === null) account.show('mail');
      this.state = state;
      this.problem = null;
    } catch (error) {
      this.problem = error;
    }
  }
  async go(step: LaterStep): Promise<void> {
    this.state = await putLater({ step, trial: this.state?.trial ?? null });
  }
  async keepTrial(trial: Trial | null): Promise<void> {
    this.state = await putLater({ step: this.step, trial });
  }
  async putOff(): Promise<void> {
    await putLater({ step: this.step, isPutOff: true, trial: this.state?.trial ?? null });
    account.show('mail');
  }
  async end(): Promise<void> {
    await endLater();
    account.show('mail');
  }
}
export const later = new LaterSteps();
export const nextOf = (step: LaterStep): LaterStep => LATER_STEPS[LATER_STEPS.indexOf(step) + 1] ?? 'done';
export const before = (step: LaterStep): LaterStep | null => LATER_STEPS[LATER_STEPS.indexOf(step) - 1] ?? null;
