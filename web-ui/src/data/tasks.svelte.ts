// Answers for: task lists and the tasks of the open one as the screen sees them; changes are shown at once.
import { toasts } from '../app/toasts.svelte';
import { listen } from '../api/events';
import { changeTask, getLists, getTasks, type Task, type TaskBody, type TaskList } from '../api/tasks';
import { errorText } from '../i18n/errors';
import { t } from '../i18n/index.svelte';
import { mailbox } from './mailbox.svelte';

/** What is due first; then what was made first. Pure. */
export function inOrder(list: Task[]): Task[] {
  const rank = (x: Task) => [x.dueDateTime?.dateTime.slice(0, 10) ?? '9999', x.importance === 'high' ? '0' : '1', x.createdDateTime].join(' ');
  return list.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
export const isDone = (task: Task): boolean => task.status === 'completed';

class Tasks {
  lists = $state.raw<TaskList[]>([]);
  listId = $state('');
  tasks = $state.raw<Task[]>([]);
  loaded = $state(false);
  problem = $state.raw<unknown>(null);
  #epoch = 0;
  #settle: ReturnType<typeof setTimeout> | undefined;

  readonly open = $derived(inOrder(this.tasks.filter((x) => !isDone(x))));
  readonly done = $derived(this.tasks.filter(isDone).toSorted((a, b) => ((a.completedDateTime?.dateTime ?? '') < (b.completedDateTime?.dateTime ?? '') ? 1 : -1)));
  get list(): TaskList | undefined {
    return this.lists.find((l) => l.id === this.listId);
  }
  find = (id: string | undefined): Task | undefined => this.tasks.find((x) => x.id === id);

  async loadLists(): Promise<void> {
    try {
      this.lists = await getLists();
      this.problem = null;
    } catch (error) {
      this.problem = error;
    }
  }
  async show(list: string | undefined): Promise<void> {
    if (this.lists.length === 0) await this.loadLists();
    const id = (this.lists.find((l) => l.id === list) ?? this.lists[0])?.id ?? '';
    if (id !== this.listId) {
      this.listId = id;
      this.tasks = [];
      this.loaded = false;
    }
    await this.refresh();
  }
  async refresh(): Promise<void> {
    const [list, epoch] = [this.listId, ++this.#epoch];
    if (list === '') return;
    try {
      const tasks = await getTasks(list);
      if (epoch !== this.#epoch) return;
      this.tasks = tasks;
      this.loaded = true;
      this.problem = null;
    } catch (error) {
      if (epoch === this.#epoch) this.problem = error;
    }
  }
  patch(id: string, change: Partial<Task>): void {
    this.#epoch++;
    this.tasks = this.tasks.map((x) => (x.id === id ? { ...x, ...change } : x));
  }
  /** Shown at once, and as it was when the server says no. */
  async change(task: Task, change: TaskBody): Promise<void> {
    this.patch(task.id, change);
    try {
      await changeTask(this.listId, task.id, change);
    } catch (error) {
      toasts.show(t('tasks.failed', { why: errorText(error) }), { kind: 'bad' });
    }
    await this.refresh();
  }
  listen(): () => void {
    const soon = () => {
      clearTimeout(this.#settle);
      this.#settle = setTimeout(() => void this.loadLists().then(() => { if (this.listId !== '') void this.show(this.listId); }), 200);
    };
    return listen({
      change: ({ folders }) => { if (folders.length === 0 || folders.some((f) => !mailbox.find(f))) soon(); },
      up: (again) => again && soon(),
      down: () => {},
    });
  }
}
export const tasks = new Tasks();
