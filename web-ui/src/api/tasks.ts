// Answers for: the calls of task lists, tasks and their steps.
import type { Recurrence } from './calendar';
import { call, callAll } from './client';

export interface TaskList {
  id: string;
  displayName: string;
  wellknownListName: string;
}
export interface TaskMoment {
  dateTime: string;
  timeZone: string;
}
export interface Step {
  id: string;
  displayName: string;
  isChecked: boolean;
}
export interface Task {
  id: string;
  title: string;
  status: 'notStarted' | 'inProgress' | 'completed' | 'waitingOnOthers' | 'deferred';
  importance: 'low' | 'normal' | 'high';
  dueDateTime: TaskMoment | null;
  reminderDateTime: TaskMoment | null;
  isReminderOn: boolean;
  recurrence: Recurrence | null;
  body: { content: string; contentType: 'text' | 'html' } | null;
  createdDateTime: string;
  completedDateTime: TaskMoment | null;
  checklistItems?: Step[];
}
export type TaskBody = Partial<Pick<Task, 'title' | 'status' | 'importance' | 'dueDateTime' | 'reminderDateTime' | 'isReminderOn' | 'body' | 'recurrence'>>;

const FIELDS = 'id,title,status,importance,dueDateTime,reminderDateTime,isReminderOn,recurrence,body,createdDateTime,completedDateTime';
const listPath = (id: string) => `/v1.0/me/todo/lists/${encodeURIComponent(id)}`;
const taskPath = (list: string, id: string) => `${listPath(list)}/tasks/${encodeURIComponent(id)}`;
const stepPath = (list: string, task: string) => `${taskPath(list, task)}/checklistItems`;

export const getLists = () => callAll<TaskList>('/v1.0/me/todo/lists?$top=100');
export const createList = (displayName: string) => call<TaskList>('POST', '/v1.0/me/todo/lists', { body: { displayName } });
export const renameList = (id: string, displayName: string) => call<TaskList>('PATCH', listPath(id), { body: { displayName } });
export const deleteList = (id: string) => call<null>('DELETE', listPath(id));
export const getTasks = (list: string) =>
  callAll<Task>(`${listPath(list)}/tasks?$top=500&$select=${FIELDS}&$expand=checklistItems`, { headers: { Prefer: 'outlook.body-content-type="text"' } });
export const createTask = (list: string, body: TaskBody) => call<Task>('POST', `${listPath(list)}/tasks`, { body });
export const changeTask = (list: string, id: string, body: TaskBody) => call<Task>('PATCH', taskPath(list, id), { body });
export const deleteTask = (list: string, id: string) => call<null>('DELETE', taskPath(list, id));
export const createStep = (list: string, task: string, displayName: string) => call<Step>('POST', stepPath(list, task), { body: { displayName } });
export const changeStep = (list: string, task: string, id: string, body: Partial<Step>) => call<Step>('PATCH', `${stepPath(list, task)}/${encodeURIComponent(id)}`, { body });
export const deleteStep = (list: string, task: string, id: string) => call<null>('DELETE', `${stepPath(list, task)}/${encodeURIComponent(id)}`);
