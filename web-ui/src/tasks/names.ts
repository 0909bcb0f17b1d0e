// Answers for: what lists are called. The one that everybody has is called what the page's language calls it.
import type { TaskList } from '../api/tasks';
import { t } from '../i18n/index.svelte';

export const nameOf = (list: TaskList): string => (list.wellknownListName === 'defaultList' && list.displayName === 'Tasks' ? t('tasks.own') : list.displayName);
