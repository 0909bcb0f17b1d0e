// Answers for: which key means what in the calendar. Letters only count where nobody is typing.
const plain: Record<string, string> = {
  t: 'today', j: 'next', n: 'next', ArrowRight: 'next', k: 'previous', p: 'previous', ArrowLeft: 'previous', c: 'new',
  d: 'day', '1': 'day', x: 'workweek', '2': 'workweek', w: 'week', '3': 'week', m: 'month', '4': 'month', a: 'agenda', '5': 'agenda', '?': 'help',
  e: 'edit', Delete: 'delete', Backspace: 'delete',
};
export const SHEET = ['next', 'today', 'views', 'new', 'open', 'edit', 'delete', 'move', 'resize', 'undo'] as const;

export function keyFor(event: KeyboardEvent): string | null {
  if (event.defaultPrevented || event.isComposing) return null;
  if ((event.target as Element | null)?.closest?.('input:not([type=checkbox]), textarea, select, dialog, [contenteditable], [popover], [data-test="composer"]')) return null;
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === 'z') return 'undo';
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  return plain[event.key] ?? null;
}
