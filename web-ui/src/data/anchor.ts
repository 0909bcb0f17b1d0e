// Answers for: by how much the rows on screen have moved when the server's answer put others above them. Pure.

export interface Seen {
  index: number;
  /** What the row is. */
  key: string;
  /** What it shows: a row that shows something else has moved because of that, and tells nothing about the others. */
  shows: string;
}
type Place = { index: number; shows: string } | null;

/** Told by a row that shows what it did, from the middle of the screen outwards; 0 when none does. */
export function movedBy(before: Seen[], now: (key: string) => Place): number {
  const middle = Math.floor(before.length / 2);
  const outwards = before.map((row, i) => ({ row, far: Math.abs(i - middle) })).toSorted((a, b) => a.far - b.far);
  for (const { row } of outwards) {
    const place = now(row.key);
    if (place && place.shows === row.shows) return place.index - row.index;
  }
  return 0;
}
