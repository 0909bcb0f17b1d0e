// Answers for: the editor for formatted text, and what may come into it: all HTML passes through one filter, nothing in it is
// fetched from elsewhere, and pictures are named in the text as they are in the message (`cid:`), whatever shows them here.
import DOMPurify from 'dompurify';
import Squire from 'squire-rte';

/** What an image is called in the message, kept beside what the browser shows meanwhile. */
const HELD = 'data-held';
const SIGNED = 'hauspost-signature';

DOMPurify.addHook('uponSanitizeElement', (node, data) => {
  // The editor's own marks of where the cursor stood; any other field is a form of somebody else.
  if (data.tagName === 'input' && !(node as Element).id?.startsWith('squire-selection-')) node.parentNode?.removeChild(node);
});
DOMPurify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName !== 'IMG') return;
  if (!node.hasAttribute('alt')) node.setAttribute('alt', '');
  if (node.hasAttribute(HELD)) return;
  const src = node.getAttribute('src') ?? '';
  if (!/^(cid|https?):/i.test(src)) {
    if (!/^(blob|data):/i.test(src)) node.removeAttribute('src');
    return;
  }
  // A picture from elsewhere would be fetched by looking at it; it stays in the text without being shown.
  node.setAttribute(HELD, src);
  node.removeAttribute('src');
});

/** The filter's parser asks the page's policy about scripts and styles before the filter takes them out, and each would be reported as a
 *  breach. What is plain to see goes before; whether nothing is left is the filter's business. */
const quiet = (html: string): string => html
  .replace(/<(style|script)\b[\s\S]*?<\/\1\s*>/gi, '')
  .replace(/<[a-z](?:[^<>"']|"[^"]*"|'[^']*')*>/gi, (tag) => (/\son\w/i.test(tag) ? tag.replace(/\son\w+\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi, '') : tag));

function clean(html: string): DocumentFragment {
  return DOMPurify.sanitize(quiet(html), {
    RETURN_DOM_FRAGMENT: true,
    USE_PROFILES: { html: true },
    ALLOWED_URI_REGEXP: /^(?:https?|mailto|tel|cid|blob):|^data:image\/(?:png|jpe?g|gif|webp);/i,
    ADD_ATTR: [HELD],
    FORBID_TAGS: ['form', 'button', 'textarea', 'select', 'option', 'style', 'title', 'video', 'audio', 'dialog'],
    FORBID_ATTR: ['srcset', 'background', 'contenteditable', 'popover', 'autofocus', 'tabindex'],
  });
}

/** Going back in time takes HTML from the editor's own memory; it comes in through the same filter. */
class Filtered extends Squire {
  override _setRawHTML(html: string): Squire {
    this._root.replaceChildren(clean(html));
    this._ignoreChange = true;
    return this;
  }
}

const attribute = (html: string): string => html.replace(/<img\b(?:[^">]|"[^"]*")*>/g, (tag) =>
  tag.includes(` ${HELD}="`) ? tag.replace(/ src="[^"]*"/, '').replace(` ${HELD}="`, ' src="') : tag);

export type Mark = 'B' | 'I' | 'U' | 'UL' | 'OL' | 'BLOCKQUOTE' | 'A';

export class Editor {
  readonly #squire: Squire;
  /** The picture that was clicked: it shows handles, and the text has lost the focus to it. */
  #clicked: HTMLImageElement | null = null;
  readonly #moved: () => void;

  constructor(readonly root: HTMLElement, html: string, changed: () => void, moved: () => void) {
    this.#squire = new Filtered(root, { sanitizeToDOMFragment: clean, addLinks: true });
    this.#squire.setHTML(html);
    this.toStart(false);
    this.#squire.addEventListener('input', changed);
    this.#moved = moved;
    const went = () => {
      if (document.activeElement === root) this.#clicked = null;
      moved();
    };
    for (const event of ['pathChange', 'select', 'cursor']) this.#squire.addEventListener(event, went);
    root.addEventListener('click', this.#click);
    window.addEventListener('pointerup', this.#pulled);
    window.addEventListener('keydown', this.#key, true);
    // Our own window for addresses of links; what the editor brings for other keys stays.
    this.#squire.setKeyHandler('Ctrl-k', null);
  }
  readonly #click = (event: MouseEvent) => {
    this.#clicked = event.target instanceof HTMLImageElement ? event.target : null;
    this.#moved();
  };
  /** Handles say in the style how wide a picture is; there are programs that look at the attribute alone. */
  readonly #pulled = () => {
    for (const image of this.root.querySelectorAll<HTMLImageElement>('img[style*="width"]')) {
      const width = String(Math.round(parseFloat(image.style.width)));
      if (width !== 'NaN' && image.getAttribute('width') !== width) image.setAttribute('width', width);
    }
  };
  /** A clicked picture would keep every key to itself. All but those that walk away from it or remove it go to the text, where it
   *  stays picked. */
  readonly #key = (event: KeyboardEvent) => {
    const image = this.#clicked;
    if (!image || /^(Arrow(Up|Down)|Delete|Backspace)$/.test(event.key)) return;
    this.root.click();
    this.#pick(image);
    if (event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
  };
  #pick(image: HTMLImageElement): void {
    const range = document.createRange();
    range.selectNode(image);
    this.#squire.focus();
    this.#squire.setSelection(range);
  }
  /** The picture that was clicked, or that alone is selected. */
  pictureHere(): HTMLImageElement | null {
    if (this.#clicked?.isConnected) return this.#clicked;
    const range = this.#squire.getSelection();
    if (range.collapsed || range.toString().trim() !== '') return null;
    const inside = [...this.root.querySelectorAll('img')].filter((image) => range.intersectsNode(image));
    return inside.length === 1 ? (inside[0] ?? null) : null;
  }
  /** How wide it is shown, in pixels; null: as it is. It is never wider than the page it is read on. */
  sizePicture(width: number | null): void {
    const image = this.pictureHere();
    if (!image) return;
    this.#squire.saveUndoState();
    if (this.#clicked) this.root.click();
    image.style.width = width === null ? '' : `${width}px`;
    image.style.height = width === null ? '' : 'auto';
    image.removeAttribute('height');
    if (width === null) image.removeAttribute('width');
    else image.setAttribute('width', String(width));
    this.#squire.fireEvent('input');
    this.#pick(image);
  }
  destroy(): void {
    this.root.removeEventListener('click', this.#click);
    window.removeEventListener('pointerup', this.#pulled);
    window.removeEventListener('keydown', this.#key, true);
    this.#squire.destroy();
  }
  /** As it goes into the message: pictures by the names they have there. */
  html(): string {
    return attribute(this.#squire.getHTML());
  }
  focus(): void {
    this.#squire.focus();
  }
  toStart(focus = true): void {
    this.#squire.moveCursorToStart();
    if (focus) this.#squire.focus();
  }
  has(mark: Mark): boolean {
    return this.#squire.hasFormat(mark) || (mark === 'BLOCKQUOTE' && /(^|>)BLOCKQUOTE/.test(this.#squire.getPath()));
  }
  toggle(mark: Mark): void {
    const editor = this.#squire;
    const on = this.has(mark);
    if (mark === 'B') on ? editor.removeBold() : editor.bold();
    else if (mark === 'I') on ? editor.removeItalic() : editor.italic();
    else if (mark === 'U') on ? editor.removeUnderline() : editor.underline();
    else if (mark === 'UL') on ? editor.removeList() : editor.makeUnorderedList();
    else if (mark === 'OL') on ? editor.removeList() : editor.makeOrderedList();
    else if (mark === 'BLOCKQUOTE') on ? editor.decreaseQuoteLevel() : editor.increaseQuoteLevel();
    else editor.removeLink();
    editor.focus();
  }
  link(url: string): void {
    this.#squire.makeLink(url);
    this.#squire.focus();
  }
  colour(value: string | null): void {
    this.#squire.setTextColor(value);
    this.#squire.focus();
  }
  size(value: string | null): void {
    this.#squire.setFontSize(value);
    this.#squire.focus();
  }
  plain(): void {
    this.#squire.removeAllFormatting();
    this.#squire.focus();
  }
  undo(): void {
    this.#squire.undo();
  }
  /** A picture that is in the message under `cid`, shown from `src`. */
  picture(cid: string, src: string, alt: string): void {
    this.#squire.insertImage(src, { [HELD]: `cid:${cid}`, alt, style: 'max-width:100%' });
  }
  /** Puts it behind everything that is there. */
  append(html: string): void {
    this.root.append(clean(html));
    this.#squire.saveUndoState();
    this.#squire.fireEvent('input');
  }
  /** Pictures that are named and not shown yet; `url` says from where, when it is known. */
  show(url: (cid: string) => string | null): void {
    for (const image of this.root.querySelectorAll<HTMLImageElement>(`img[${HELD}^="cid:"]:not([src])`)) {
      const from = url((image.getAttribute(HELD) ?? '').slice('cid:'.length));
      if (from) image.src = from;
    }
  }
  /** Another signature in the place of the one that is there; one that was changed by hand stays. */
  sign(html: string, wasText: string): void {
    const old = this.root.querySelector<HTMLElement>(`.${SIGNED}`);
    const bare = (text: string) => text.replace(/\s+/g, ' ').trim();
    if (old && bare(old.innerText) !== bare(`-- ${wasText}`)) return;
    if (old) old.replaceWith(clean(html));
    else if (html !== '') this.root.append(clean(html));
    this.#squire.fireEvent('input');
  }
}
