// Answers for: short messages about what just happened, with the way back where there is one.
export interface Toast {
  id: number;
  text: string;
  kind: 'ok' | 'bad';
  action?: { label: string; run: () => void };
}

class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  show(text: string, options: { kind?: 'ok' | 'bad'; action?: Toast['action']; stay?: number } = {}): void {
    const toast: Toast = { id: this.#next++, text, kind: options.kind ?? 'ok', action: options.action };
    // One way back at a time: the newest. Two undo buttons side by side would be a riddle.
    // The same words again are one message.
    this.list = [...this.list.filter((t) => !(t.action && toast.action) && (t.text !== text || t.action)).slice(-2), toast];
    setTimeout(() => this.drop(toast.id), options.stay ?? (toast.action || toast.kind === 'bad' ? 9000 : 4500));
  }
  drop(id: number): void {
    this.list = this.list.filter((t) => t.id !== id);
  }
  act(toast: Toast): void {
    this.drop(toast.id);
    toast.action?.run();
  }
  /** Ctrl+Z: the way back that is on screen right now. */
  undo(): boolean {
    const toast = this.list.findLast((t) => t.action);
    if (toast) this.act(toast);
    return toast !== undefined;
  }
}
export const toasts = new Toasts();
