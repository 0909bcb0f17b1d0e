// Answers for: the calls about who may do what in a calendar.
import type { Calendar } from './calendar';
import { call, callAll } from './client';
import type { EmailAddress } from './types';

export type { Calendar };
export const ROLES = ['freeBusyRead', 'read', 'write', 'delegateWithPrivateEventAccess'] as const;
export type Role = (typeof ROLES)[number];
export interface Permission {
  id: string;
  emailAddress: Partial<EmailAddress> | null;
  isRemovable: boolean;
  role: Role;
}
const path = (calendar: string) => `/v1.0/me/calendars/${encodeURIComponent(calendar)}/calendarPermissions`;
const one = (calendar: string, id: string) => `${path(calendar)}/${encodeURIComponent(id)}`;

export const getPermissions = (calendar: string) => callAll<Permission>(path(calendar));
export const addPermission = (calendar: string, address: string, role: Role) =>
  call<Permission>('POST', path(calendar), { body: { emailAddress: { address }, role, isInsideOrganization: true, isRemovable: true } });
export const changePermission = (calendar: string, id: string, role: Role) => call<Permission>('PATCH', one(calendar, id), { body: { role } });
export const removePermission = (calendar: string, id: string) => call<null>('DELETE', one(calendar, id));
