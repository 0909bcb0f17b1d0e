// Answers for: the office's domain, for completing addresses that are typed without one.
import { account } from '../app/session.svelte';

export const ownDomain = (): string => account.session?.address.split('@')[1] ?? '';
