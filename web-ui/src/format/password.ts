// Answers for: an honest guess how long a password would withstand guessing, and making good ones.
export type Strength = 'short' | 'weak' | 'fair' | 'strong';
export const MIN_LENGTH = 10;

const COMMON = ['passwort', 'password', 'hallo', 'qwert', 'asdf', '12345', 'geheim', 'willkommen', 'welcome', 'sommer', 'winter', 'admin', 'letmein', 'hauspost'];

/** `about` holds what anybody in the office knows: names, domain. Those parts count for nothing. */
export function strength(password: string, about: string[] = []): Strength {
  if ([...password].length < MIN_LENGTH) return 'short';
  let rest = password.toLowerCase();
  for (const known of [...COMMON, ...about.map((a) => a.toLowerCase()).filter((a) => a.length > 3)]) rest = rest.replaceAll(known, '*');
  rest = rest.replace(/(.)\1{2,}/gu, '$1');
  const pool = (/\p{Ll}/u.test(password) ? 26 : 0) + (/\p{Lu}/u.test(password) ? 26 : 0) + (/\d/.test(password) ? 10 : 0) + (/[^\p{L}\d]/u.test(password) ? 20 : 0);
  const bits = [...rest].length * Math.log2(Math.max(pool, 2)) * (new Set(rest).size / Math.max(8, rest.length * 0.6) > 1 ? 1 : 0.7);
  return bits < 45 ? 'weak' : bits < 64 ? 'fair' : 'strong';
}

const CONSONANTS = 'bdfgklmnprstvwz';
const VOWELS = 'aeiou';

/** Five speakable pieces, such as "kemo-tari-…": long enough for strangers, easy enough to read out over the phone. */
export function suggestPassword(): string {
  const pick = (from: string) => {
    // Rejecting the uneven rest keeps every letter equally likely.
    const limit = 256 - (256 % from.length);
    for (;;) {
      const byte = crypto.getRandomValues(new Uint8Array(1))[0] ?? 255;
      if (byte < limit) return from.charAt(byte % from.length);
    }
  };
  const piece = () => pick(CONSONANTS) + pick(VOWELS) + pick(CONSONANTS) + pick(VOWELS);
  return Array.from({ length: 5 }, piece).join('-');
}
