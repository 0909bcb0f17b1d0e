// Answers for: a rule in words.
import type { Rule } from '../api/rules';
import { mailbox, type FolderNode } from '../data/mailbox.svelte';
import { t } from '../i18n/index.svelte';
import { readRule, sentence, type DeedName, type TestName } from './rule';

/** The standard folders are called what the page's language calls them. */
const KNOWN = ['inbox', 'drafts', 'sentitems', 'archive', 'junkemail', 'deleteditems'] as const;
export function folderName(folder: FolderNode | undefined): string {
  const known = KNOWN.find((k) => k === folder?.wellKnownName);
  return known ? t(`mail.folder.${known}`) : (folder?.displayName ?? t('settings.rules.folderGone'));
}
function say(name: TestName | DeedName, value: string): string {
  const folder = name === 'moveToFolder' || name === 'copyToFolder';
  const shown = folder ? folderName(mailbox.find(value)) : name === 'markImportance' ? t(`settings.rules.importance.${value === 'low' ? 'low' : value === 'normal' ? 'normal' : 'high'}`) : value.split(', ').map((w) => t('settings.rules.quoted', { text: w })).join(t('settings.rules.or'));
  return t(`settings.rules.say.${name}`, { value: shown });
}
export const spoken = (rule: Rule): string =>
  sentence(readRule(rule), say, { all: t('settings.rules.all'), when: t('settings.rules.when'), and: t('settings.rules.and'), then: t('settings.rules.then'), unless: t('settings.rules.unless') });
