// Answers for: how the signed-in person wants the page to be, on every device: asked for once, changed from the settings.
import { changePreferences, getPreferences, putSignature, type Preferences, type SavedSearch, type Signature } from '../api/settings';
import { look, type Theme } from '../app/theme.svelte';
import { clock } from '../format/clock.svelte';

const GROUPED = 'hauspost.byConversation';

class Wishes {
  #grouped = localStorage.getItem(GROUPED) === 'on';
  kept = $state.raw<Preferences | null>(null);

  /** Weeks begin on Monday unless somebody wants it otherwise. */
  get firstDay(): number {
    return this.kept?.firstDayOfWeek ?? 1;
  }
  get undoSeconds(): number {
    return this.kept?.undoSeconds ?? 10;
  }
  /** Whether the rest of its conversation stands above a message. */
  get conversations(): boolean {
    return this.kept?.conversations ?? false;
  }
  /** Whether lists of mail have a row for each conversation. Until the server has said so, as it was in this browser. */
  get byConversation(): boolean {
    return this.kept ? (this.kept.byConversation ?? false) : this.#grouped;
  }
  get writesPlain(): boolean {
    return this.kept?.writesPlain ?? false;
  }
  get searches(): SavedSearch[] {
    return this.kept?.searches ?? [];
  }
  signature(address: string): Signature | undefined {
    return this.kept?.signatures[address.toLowerCase()];
  }
  take(kept: Preferences): void {
    this.kept = kept;
    if (kept.byConversation) localStorage.setItem(GROUPED, 'on');
    else localStorage.removeItem(GROUPED);
    clock.follow(kept.timeFormat);
    if (kept.theme && kept.theme !== look.theme) look.use(kept.theme);
  }
  /** Without an answer the page is as this browser remembers it. */
  async load(): Promise<void> {
    try {
      this.take(await getPreferences());
    } catch {
      this.kept ??= null;
    }
  }
  /** At once in this browser; the server keeps it for the others. */
  async theme(theme: Theme): Promise<void> {
    look.use(theme);
    this.take(await changePreferences({ theme }));
  }
  async startWeek(firstDayOfWeek: number): Promise<void> {
    this.take(await changePreferences({ firstDayOfWeek }));
  }
  async holdBack(undoSeconds: number): Promise<void> {
    this.take(await changePreferences({ undoSeconds }));
  }
  async showConversations(conversations: boolean): Promise<void> {
    this.take(await changePreferences({ conversations }));
  }
  async groupMail(byConversation: boolean): Promise<void> {
    this.take(await changePreferences({ byConversation }));
  }
  async writePlain(writesPlain: boolean): Promise<void> {
    this.take(await changePreferences({ writesPlain }));
  }
  async keepSearch(search: SavedSearch): Promise<void> {
    this.take(await changePreferences({ searches: [...this.searches.filter((s) => s.text !== search.text), search] }));
  }
  async forgetSearch(search: SavedSearch): Promise<void> {
    this.take(await changePreferences({ searches: this.searches.filter((s) => s !== search) }));
  }
  showsImagesOf = (address: string | undefined): boolean => address !== undefined && (this.kept?.imageSenders ?? []).includes(address.toLowerCase());
  async showImagesOf(address: string): Promise<void> {
    this.take(await changePreferences({ imageSenders: [...(this.kept?.imageSenders ?? []), address.toLowerCase()] }));
  }
  async sign(address: string, signature: Signature): Promise<void> {
    this.take(await putSignature(address, signature));
  }
}
export const wishes = new Wishes();
