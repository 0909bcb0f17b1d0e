// Answers for: the calls about what was deleted for good and can be had back.
import { call } from './client';

export interface Deleted {
  id: number;
  kind: 'message' | 'event' | 'task' | 'contact';
  title: string;
  from: string | null;
  folder: string;
  deletedAt: string;
  goneAt: string;
  sizeBytes: number;
}
export const getDeleted = (after: string | null) => call<{ deleted: Deleted[]; next: string | null }>('GET', `/api/deleted?top=50${after === null ? '' : `&after=${encodeURIComponent(after)}`}`);
export const restoreDeleted = (id: number) => call<{ folder: string }>('POST', `/api/deleted/${id}/restore`);
export const forgetDeleted = (id: number) => call<null>('DELETE', `/api/deleted/${id}`);
