// Answers for: who is signed in, and which of the big screens is therefore shown.
import { at } from '../api/base';
import { ApiError } from '../api/errors';
import { whenSignedOut } from '../api/client';
import { getSession, setLanguage, signIn, signInByCode, signOut } from '../api/mail';
import { signInByPasskey } from '../api/passkeys';
import { getSetup, putStep } from '../api/setup';
import type { Lang, Session, SetupState } from '../api/types';
import { isLang, rememberedLanguage, rememberLanguage, useLanguage } from '../i18n/index.svelte';

export type Stage = 'loading' | 'away' | 'setup' | 'login' | 'mail';

class Account {
  stage = $state<Stage>('loading');
  session = $state.raw<Session | null>(null);
  /** The session ended while the page was open: sign-in covers the mail, nothing below it is thrown away. */
  expired = $state(false);
  setup = $state.raw<SetupState | null>(null);
  problem = $state.raw<unknown>(null);
  #chosen: Lang | null = null;

  constructor() {
    whenSignedOut(() => {
      if (this.stage === 'mail' || this.session !== null) this.expired = true;
    });
  }

  async start(): Promise<void> {
    this.stage = 'loading';
    try {
      const setup = await getSetup();
      await useLanguage(rememberedLanguage() ?? setup.language ?? 'de');
      this.setup = setup;
      if (!setup.finished) this.stage = 'setup';
      else await this.resume();
    } catch (error) {
      this.problem = error;
      this.stage = 'away';
    }
  }

  /** Goes on with the session of this browser, if it has one. */
  async resume(): Promise<void> {
    try {
      await this.#enter(await getSession());
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      this.stage = 'login';
    }
  }

  /** A ticket: a code is asked for beside the password. Null: signed in. */
  async signIn(address: string, password: string): Promise<string | null> {
    const answer = await signIn(address, password);
    if ('ticket' in answer) return answer.ticket;
    await this.#come(answer);
    return null;
  }
  async signInByCode(ticket: string, code: string): Promise<void> {
    await this.#come(await signInByCode(ticket, code));
  }
  /** False: the device has shown no passkey. */
  async signInByPasskey(): Promise<boolean> {
    const session = await signInByPasskey();
    if (session) await this.#come(session);
    return session !== null;
  }
  async #come(session: Session): Promise<void> {
    const before = this.session?.oid;
    // Somebody else at the same screen must not see what the first one left open.
    if (before !== undefined && before !== session.oid) location.reload();
    await this.#enter(session);
  }

  async #enter(session: Session): Promise<void> {
    this.session = session;
    this.expired = false;
    // Chosen on the sign-in screen just now is newer than what the account remembers; chosen some other day is not.
    const wanted = this.#chosen ?? (isLang(session.language) ? session.language : 'de');
    this.#chosen = null;
    await useLanguage(wanted);
    rememberLanguage(wanted);
    if (wanted !== session.language) void setLanguage(wanted).catch(() => {});
    this.stage = session.isSettingUp ? 'setup' : 'mail';
  }
  /** The wizard has made the office and signed its administrator in. */
  welcome(session: Session): void {
    this.session = session;
  }
  /** Between the wizard and the office, as the same person. */
  show(stage: 'setup' | 'mail'): void {
    this.stage = stage;
  }

  async speak(language: Lang): Promise<void> {
    await useLanguage(language);
    rememberLanguage(language);
    if (this.session && !this.expired) await setLanguage(language);
    else if (this.stage === 'setup' && this.setup?.mine && this.setup.answers?.language) this.setup = await putStep('language', { language });
    else this.#chosen = language;
  }

  async signOut(): Promise<void> {
    await signOut().catch((error: unknown) => {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
    });
    // A full load, so that nothing of the mailbox stays in memory.
    location.assign(at('/'));
  }
}
export const account = new Account();
