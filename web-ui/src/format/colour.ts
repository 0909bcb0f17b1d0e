// Answers for: the hue of a calendar: of the colour it was given, or one of ten that differ well. Pure.
const HUES = [195, 285, 55, 145, 25, 250, 330, 90, 165, 225];
export const PALETTE = ['#4ADACC', '#A6D1F5', '#87D28E', '#FCAB73', '#F08CC0', '#FBE272', '#F88C9B', '#CBA287'];

/** In degrees, as oklch has them; `#RRGGBB` or nothing. Greys get one of the ten. */
export function hueOf(hex: string | null | undefined, index: number): number {
  const fallback = HUES[index % HUES.length] ?? 195;
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(hex ?? '');
  if (!match) return fallback;
  const linear = match.slice(1, 4).map((part) => {
    const value = parseInt(part, 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  const [r = 0, g = 0, b = 0] = linear;
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s;
  const c = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s;
  if (Math.hypot(a, c) < 0.02) return fallback;
  return Math.round((Math.atan2(c, a) * 180) / Math.PI + 360) % 360;
}
