// Answers for: the signed-in person's mail as the screens see it: folders, the open folder, the open message.
import { listen } from '../api/events';
import { getChildFolders, getFolders, getMailboxes, getMessage, type OtherMailbox, type Search } from '../api/mail';
import { apart, inMailbox, mailboxOf } from '../api/place';
import type { Folder, FullMessage, Message } from '../api/types';
import { MessageList } from './messages.svelte';
import { wishes } from './preferences.svelte';

const ORDER = ['inbox', 'drafts', 'sentitems', 'archive', 'junkemail', 'deleteditems'];
/** The server reports what changed in bursts; the list and the folders are asked once for each burst. */
const SETTLE = 150;

export interface FolderNode extends Folder {
  depth: number;
  /** Whose it is; null: one's own. */
  mailbox: string | null;
}
const rank = (f: Folder) => (f.wellKnownName === null ? ORDER.length : (ORDER.indexOf(f.wellKnownName) + 1 || ORDER.length) - 1);

async function treeOf(mailbox: string | null): Promise<FolderNode[]> {
  const all: FolderNode[] = [];
  const add = async (folders: Folder[], depth: number): Promise<void> => {
    for (const folder of folders) {
      if (folder.isHidden) continue;
      all.push({ ...folder, depth, mailbox });
      if (folder.childFolderCount > 0 && depth < 6) await add(await getChildFolders(folder.id), depth + 1);
    }
  };
  const top = await getFolders(mailbox);
  await add(top.toSorted((a, b) => rank(a) - rank(b) || a.displayName.localeCompare(b.displayName)), 0);
  return all;
}

const listOf = (folder: string) => new MessageList(folder, null, [], wishes.byConversation);

class Mailbox {
  /** Of others, which may be used as well. */
  others = $state.raw<OtherMailbox[]>([]);
  folders = $state.raw<FolderNode[]>([]);
  folderProblem = $state.raw<unknown>(null);
  /** How the open folder is written in the address: well-known name or id. */
  folder = $state('inbox');
  list = $state.raw<MessageList>(listOf('inbox'));
  /** What is looked for; the list then shows what was found instead of the folder. */
  search = $state.raw<Search | null>(null);
  openId = $state<string | null>(null);
  full = $state.raw<FullMessage | null>(null);
  fullProblem = $state.raw<unknown>(null);
  live = $state(true);
  outdated = $state(false);
  #lists = new Map<string, MessageList>();
  #version = '';
  #settle: ReturnType<typeof setTimeout> | undefined;
  #changed = new Set<string>();
  #touched = new Set<string | null>();

  get current(): FolderNode | undefined {
    return this.find(this.folder);
  }
  /** What is known about the open message: the row at once, the rest when it has come. */
  get open(): Message | FullMessage | null {
    if (this.openId === null) return null;
    return this.list.byId(this.openId) ?? (this.full?.id === this.openId ? this.full : null);
  }
  get unread(): number {
    return this.find('inbox')?.unreadItemCount ?? 0;
  }
  /** By id, or by the name that a standard folder has in every mailbox. */
  find(name: string): FolderNode | undefined {
    const { mailbox, bare } = apart(name);
    return this.folders.find((f) => f.id === name || (f.mailbox === mailbox && f.wellKnownName === bare));
  }
  nameOf = (folder: FolderNode): string => (folder.wellKnownName === null ? folder.id : inMailbox(folder.mailbox, folder.wellKnownName));
  /** What may be done where that lies. */
  level(id: string): OtherMailbox['level'] {
    const mailbox = mailboxOf(id);
    return mailbox === null ? 'full' : (this.others.find((o) => o.address === mailbox)?.level ?? 'read');
  }

  /** All mailboxes, or those that are named. One that does not answer leaves the others as they are. */
  async loadFolders(which?: ReadonlySet<string | null>): Promise<void> {
    try {
      if (!which) this.others = await getMailboxes().catch(() => this.others);
      const wanted = which ? [...which] : [null, ...this.others.map((o) => o.address)];
      const trees = await Promise.all(wanted.map(async (m) => [m, await treeOf(m).catch((error: unknown) => {
        if (m === null) throw error;
        return [];
      })] as const));
      const fresh = new Map(trees);
      const all = [null, ...this.others.map((o) => o.address)];
      this.folders = all.flatMap((m) => fresh.get(m) ?? this.folders.filter((f) => f.mailbox === m));
      this.folderProblem = null;
    } catch (error) {
      this.folderProblem = error;
    }
  }

  /** Follows the address: a folder, and perhaps a message in it. */
  show(folder: string, id: string | null): void {
    if (folder !== this.folder || (this.list.count === null && this.search === null)) {
      this.folder = folder;
      this.search = null;
      let list = this.#lists.get(folder);
      if (!list) this.#lists.set(folder, (list = listOf(folder)));
      this.list = list;
    }
    if (id === this.openId) return;
    this.openId = id;
    this.full = null;
    this.fullProblem = null;
    if (id !== null) void this.#loadFull(id);
  }
  async #loadFull(id: string): Promise<void> {
    try {
      const full = await getMessage(id);
      if (this.openId === id) this.full = full;
    } catch (error) {
      if (this.openId === id) this.fullProblem = error;
    }
  }
  look(search: Search | null): void {
    if (search?.kql === this.search?.kql && search?.where === this.search?.where && search?.folder === this.search?.folder) {
      if (search) this.search = search;
      return;
    }
    this.search = search;
    if (search) this.list = new MessageList(this.folder, search, [null, ...this.others.map((o) => o.address)]);
    else {
      this.list = this.#lists.get(this.folder) ?? listOf(this.folder);
      this.#lists.set(this.folder, this.list);
      this.list.refresh();
    }
  }
  /** Lists have other rows from now on. What is being searched stays a list of messages. */
  regroup(): void {
    if ([...this.#lists.values(), this.list].every((list) => list.search !== null || list.byConversation === wishes.byConversation)) return;
    this.#lists.clear();
    if (this.search !== null) return;
    this.list = listOf(this.folder);
    this.#lists.set(this.folder, this.list);
  }
  reloadOpen(): void {
    this.fullProblem = null;
    if (this.openId !== null) void this.#loadFull(this.openId);
  }

  /** Moves the numbers beside a folder without waiting for the server. */
  adjust(folder: string, unread: number, total = 0): void {
    const id = this.find(folder)?.id;
    this.folders = this.folders.map((f) =>
      f.id === id ? { ...f, unreadItemCount: Math.max(0, f.unreadItemCount + unread), totalItemCount: Math.max(0, f.totalItemCount + total) } : f);
  }

  refresh(): void {
    void this.loadFolders();
    for (const [name, list] of this.#lists) if (list !== this.list) this.#lists.delete(name);
    this.list.refresh();
  }

  listen(): () => void {
    return listen({
      change: ({ mailbox, folders }) => {
        this.#touched.add(mailbox);
        for (const folder of folders) this.#changed.add(folder);
        clearTimeout(this.#settle);
        this.#settle = setTimeout(() => this.#apply(), SETTLE);
      },
      up: (again, version) => {
        this.live = true;
        if (this.#version !== '' && version !== this.#version) this.outdated = true;
        this.#version = version;
        if (again) this.refresh();
      },
      down: () => (this.live = false),
    });
  }
  #apply(): void {
    void this.loadFolders(new Set(this.#touched));
    this.#touched.clear();
    const current = this.current;
    if (this.search) this.list.refresh();
    for (const [name, list] of this.#lists) {
      const id = this.find(name)?.id ?? name;
      // No folder named means: something, somewhere.
      if (this.#changed.size > 0 && !this.#changed.has(id) && !this.#changed.has(name)) continue;
      if (list === this.list || id === current?.id) this.list.refresh();
      else this.#lists.delete(name);
    }
    this.#changed.clear();
  }
}
export const mailbox = new Mailbox();
