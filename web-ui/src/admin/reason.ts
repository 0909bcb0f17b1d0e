// Answers for: the words of another mail server in plain words: what is the matter, and whether waiting helps. Pure.
export type Reason = 'notTried' | 'noWayOut' | 'login' | 'unknownHere' | 'full' | 'refused' | 'later' | 'name' | 'connect' | 'tls' | 'tooLarge' | 'other';

const KNOWN: [RegExp, Reason][] = [
  [/no way out|no server is set|outbound|not set up/i, 'noWayOut'],
  [/\b(535|530|534)\b|authenticat|credential|login/i, 'login'],
  [/\b5\.1\.[016]\b|user unknown|no such (user|recipient|mailbox)|does not exist|recipient address rejected/i, 'unknownHere'],
  [/\b[45]\.2\.2\b|quota|mailbox (is )?full|over ?quota/i, 'full'],
  [/\b(552|5\.3\.4)\b|too large|size limit/i, 'tooLarge'],
  [/certificate|\btls\b|handshake/i, 'tls'],
  [/no (such )?(host|domain|address)|there is no host|has no address|name server|nxdomain/i, 'name'],
  [/connect|refused|unreachable|timed? ?out|no answer|no route|reset/i, 'connect'],
  [/\b(550|554|5\.7\.\d+)\b|spam|block|blacklist|policy|reputation/i, 'refused'],
  [/^\s*4\d\d\b|greylist|try again|temporar/i, 'later'],
];
export function reasonOf(reply: string | null): Reason {
  if (reply === null || reply.trim() === '') return 'notTried';
  return KNOWN.find(([pattern]) => pattern.test(reply))?.[1] ?? 'other';
}
