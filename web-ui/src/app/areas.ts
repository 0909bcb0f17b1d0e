// Answers for: the areas of the office as the strip and the bar name them.
import type { IconName } from '../components/icon-names';
import type { Key } from '../i18n/index.svelte';
import type { AreaName } from './router.svelte';

export const areas: { name: AreaName; icon: IconName; key: Key }[] = [
  { name: 'mail', icon: 'mail', key: 'mail.title' },
  { name: 'calendar', icon: 'calendar', key: 'common.area.calendar' },
  { name: 'contacts', icon: 'users', key: 'common.area.contacts' },
  { name: 'tasks', icon: 'square-check-big', key: 'common.area.tasks' },
];
