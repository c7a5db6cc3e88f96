/**
 * xterm.js below our Content-Security-Policy.
 *
 * It writes its rules into <style> elements and some colours into style attributes, both of which `style-src 'self'`
 * refuses. The same rules in a constructed style sheet, and the same colours set on an element's `style`, are the
 * page's own doing and pass. So the elements that xterm.js makes for itself are made here.
 */
import type { Terminal } from "@xterm/xterm";

/** An element that stands for a <style>: its text goes to a sheet of the document, until it is removed. */
function styleElement(owner: Document): HTMLElement {
  const sheet = new CSSStyleSheet();
  const element = plain(owner, "span");
  element.hidden = true;
  let text = "";
  Object.defineProperty(element, "textContent", {
    get: () => text,
    set: (rules: string) => {
      text = rules;
      sheet.replaceSync(rules);
    },
  });
  owner.adoptedStyleSheets.push(sheet);
  element.remove = () => {
    owner.adoptedStyleSheets = owner.adoptedStyleSheets.filter((one) => one !== sheet);
    Element.prototype.remove.call(element);
  };
  return element;
}

function plain(owner: Document, tag: string): HTMLElement {
  return Document.prototype.createElement.call(owner, tag);
}

/** A cell's colour comes as a `style` attribute. */
function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}

function createElement(owner: Document, tag: string): HTMLElement {
  if (tag === "style") return styleElement(owner);
  const element = plain(owner, tag);
  if (tag === "span") element.setAttribute = setAttribute;
  return element;
}

/** The document for xterm's `documentOverride`. */
export function styleSafeDocument(owner: Document): Document {
  return new Proxy(owner, {
    get(target, name) {
      if (name === "createElement") return (tag: string) => createElement(target, tag);
      // The document's own members want the real document as `this`.
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}

/** Opens `terminal` in `host`. Its scroll bar asks the window's document, whatever the override says (xterm.js 6.0). */
export function openStyleSafe(terminal: Terminal, host: HTMLElement): void {
  const owner = host.ownerDocument;
  Object.defineProperty(owner, "createElement", {
    value: (tag: string) => createElement(owner, tag),
    configurable: true,
  });
  try {
    terminal.open(host);
  } finally {
    Reflect.deleteProperty(owner, "createElement");
  }
}
