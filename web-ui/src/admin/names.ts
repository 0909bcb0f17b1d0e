// Answers for: addresses made from names, sizes as people type them, and lists typed with commas. Pure.
const SIGNS: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', æ: 'ae', ø: 'o', å: 'a' };
/** `Änne Müller-Lüdenscheidt` → `aenne.mueller-luedenscheidt`. */
export const localPart = (name: string): string =>
  name.trim().toLowerCase().replace(/[äöüßæøå]/g, (c) => SIGNS[c] ?? c).normalize('NFD').replace(/[\u0300-\u036f]/g, '')
    .replace(/[^a-z0-9-]+/g, '.').replace(/^[.-]+|[.-]+$/g, '');
/** An address typed without its domain gets the office's. */
export const fullAddress = (text: string, domain: string): string => {
  const address = text.trim().toLowerCase();
  return address === '' || address.includes('@') ? address : `${address}@${domain}`;
};
export const splitList = (text: string): string[] => text.split(/[,;\n]/).map((w) => w.trim()).filter(Boolean);
/** Gigabytes to bytes; nothing: no limit; null: not a size. */
export function readGigabytes(text: string): number | null | undefined {
  if (text.trim() === '') return undefined;
  const value = Number(text.trim().replace(',', '.'));
  return Number.isFinite(value) && value > 0 && value < 1e6 ? Math.round(value * 1e9) : null;
}
export const printGigabytes = (bytes: number | null): string => (bytes === null ? '' : String(Math.round(bytes / 1e7) / 100));
/** A whole number from 1; nothing: none; NaN: not a number. */
export const readCount = (text: string): number | null => {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  return /^\d{1,6}$/.test(trimmed) && Number(trimmed) > 0 ? Number(trimmed) : NaN;
};
