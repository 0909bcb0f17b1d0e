// Answers for: which key means what. Letters only count where nobody is typing.
import type { Command } from './commands.svelte';

type Keyed = Command | 'pick' | 'pickAll' | 'search' | 'next' | 'previous' | 'undo' | 'close' | 'compose';
const plain: Record<string, Keyed> = {
  j: 'next', k: 'previous', r: 'reply', a: 'replyAll', f: 'forward', e: 'archive', s: 'flag', u: 'unread', v: 'move', c: 'compose', x: 'pick', '/': 'search',
  '!': 'junk', '#': 'delete', Delete: 'delete', Escape: 'close',
};

export function keyFor(event: KeyboardEvent): Keyed | null {
  if (event.defaultPrevented || event.isComposing) return null;
  const target = event.target as Element | null;
  if (target?.closest?.('input, textarea, select, dialog, [contenteditable], [popover]')) return null;
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === 'z') return 'undo';
  if ((event.ctrlKey || event.metaKey) && event.key === 'a') return 'pickAll';
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  return plain[event.key] ?? null;
}
