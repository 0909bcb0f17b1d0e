// Answers for: which rows of a long list have to exist right now, and where. Pure arithmetic, no page needed.

/** Browsers stop growing elements near 17 million pixels; above that the scroll position is stretched. */
export const MAX_HEIGHT = 12_000_000;
/** However high the measured pane claims to be: a layout slip must never render a hundred thousand rows. */
export const MAX_ROWS = 80;
const OVERSCAN = 8;

export interface Window {
  first: number;
  /** Exclusive. */
  last: number;
  /** Height of the whole list in the document. */
  height: number;
  /** Where the first rendered row stands, from the top of the list. */
  offset: number;
}

export function windowOf(scrollTop: number, viewport: number, row: number, count: number): Window {
  const real = row * count;
  const height = Math.min(real, MAX_HEIGHT);
  const top = realTop(scrollTop, viewport, row, count);
  const visible = Math.min(Math.ceil(viewport / row) + 1, MAX_ROWS);
  const over = Math.max(0, Math.min(OVERSCAN, Math.floor((MAX_ROWS - visible) / 2)));
  const first = clamp(Math.floor(top / row) - over, 0, Math.max(0, count - 1));
  const last = Math.min(count, Math.floor(top / row) + visible + over, first + MAX_ROWS);
  return { first: count === 0 ? 0 : first, last, height, offset: first * row - (top - clamp(scrollTop, 0, Math.max(0, height - viewport))) };
}

/** Scroll position in the stretched list → position in a list that could be as long as it wants. */
export function realTop(scrollTop: number, viewport: number, row: number, count: number): number {
  const real = row * count;
  const height = Math.min(real, MAX_HEIGHT);
  const room = Math.max(0, height - viewport);
  const top = clamp(scrollTop, 0, room);
  return room === 0 ? 0 : top * (Math.max(0, real - viewport) / room);
}

/** The scroll position that brings a row into view, or null when it is in view already. */
export function scrollFor(index: number, scrollTop: number, viewport: number, row: number, count: number): number | null {
  const top = realTop(scrollTop, viewport, row, count);
  const target = index * row < top ? index * row : (index + 1) * row > top + viewport ? (index + 1) * row - viewport : null;
  if (target === null) return null;
  const real = row * count;
  const height = Math.min(real, MAX_HEIGHT);
  return real <= viewport ? 0 : (target * (height - viewport)) / (real - viewport);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
