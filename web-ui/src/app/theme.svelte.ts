// Answers for: light, dark or as the system says, kept per browser.
export type Theme = 'system' | 'light' | 'dark';
const KEY = 'hauspost.theme';
const query = matchMedia('(prefers-color-scheme: dark)');

class Look {
  theme = $state<Theme>('system');
  #system = $state(query.matches);

  constructor() {
    query.addEventListener('change', () => (this.#system = query.matches));
    const kept = localStorage.getItem(KEY);
    this.use(kept === 'light' || kept === 'dark' ? kept : 'system');
  }
  get dark(): boolean {
    return this.theme === 'dark' || (this.theme === 'system' && this.#system);
  }
  use(theme: Theme): void {
    this.theme = theme;
    if (theme === 'system') {
      delete document.documentElement.dataset.theme;
      localStorage.removeItem(KEY);
    } else {
      document.documentElement.dataset.theme = theme;
      localStorage.setItem(KEY, theme);
    }
  }
}
export const look = new Look();
