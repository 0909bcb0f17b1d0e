// Answers for: whether times are written with 24 hours or with 12. Null: as the language does.
class Clock {
  cycle = $state<'h23' | 'h12' | null>(null);
  /** From the pattern that Graph keeps, such as `HH:mm` or `h:mm tt`. */
  follow(pattern: string | null): void {
    this.cycle = pattern === null ? null : /h/.test(pattern) ? 'h12' : 'h23';
  }
}
export const clock = new Clock();

/** Adds what the reader has chosen to a format that shows hours. */
export const withClock = (options: Intl.DateTimeFormatOptions): Intl.DateTimeFormatOptions =>
  options.hour && clock.cycle ? { ...options, hourCycle: clock.cycle, hour: clock.cycle === 'h12' ? 'numeric' : '2-digit' } : options;
