// Answers for: choosing the plural form and putting values into a text. Pure, so it can be tested without a page.
export type Params = Record<string, string | number>;

export function fill(table: Record<string, string>, lang: string, key: string, params: Params): string {
  let text = table[key];
  if (text === undefined && typeof params.n === 'number') {
    text = table[`${key}#${new Intl.PluralRules(lang).select(params.n)}`] ?? table[`${key}#other`];
  }
  // Showing the key is ugly but honest; the strings check keeps it from ever being shipped.
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? new Intl.NumberFormat(lang).format(value) : value;
  });
}
