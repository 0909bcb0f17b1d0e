// Answers for: finding words in a text whatever their case, at places that are those of the text as it stands.

/** In lower case and exactly as long as it was: what would get longer (`İ`) stays. */
export function fold(text: string): string {
  const low = text.toLocaleLowerCase();
  if (low.length === text.length) return low;
  return Array.from(text, (c) => (c.toLocaleLowerCase().length === c.length ? c.toLocaleLowerCase() : c)).join('');
}
/** Where the words stand, each as its first place and the one behind its last; at most `most`. */
export function places(text: string, words: string[], most: number): [number, number][] {
  const out: [number, number][] = [];
  const folded = fold(text);
  for (const word of words.map(fold)) {
    if (word === '') continue;
    for (let at = folded.indexOf(word); at >= 0 && out.length < most; at = folded.indexOf(word, at + word.length)) out.push([at, at + word.length]);
  }
  return out;
}
