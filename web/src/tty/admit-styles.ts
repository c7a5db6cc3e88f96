/**
 * xterm.js below our Content-Security-Policy.
 *
 * It writes its rules into <style> elements and some colours into style attributes, both of which `style-src 'self'`
 * refuses. The same rules in a constructed style sheet, and the same colours set on an element's `style`, are the
 * page's own doing and pass. xterm.js 6 has no setting for that (its `documentOverride` reaches only part of it), so
 * while a terminal is open the document makes these two kinds of elements in our way.
 */

/** Until the function that comes back is called. */
export function admitStyles(owner: Document): () => void {
  const create = (tag: string, options?: ElementCreationOptions): HTMLElement => {
    if (tag === "style") return styleElement(owner);
    const element = Document.prototype.createElement.call(owner, tag, options);
    // A cell's own colour comes as an attribute.
    if (tag === "span") element.setAttribute = setAttribute;
    return element;
  };
  Object.defineProperty(owner, "createElement", { value: create, configurable: true });
  return () => Reflect.deleteProperty(owner, "createElement");
}

/** An element that stands for a <style>: its text goes to a sheet of the document, until it is removed. */
function styleElement(owner: Document): HTMLElement {
  const sheet = new CSSStyleSheet();
  const element: HTMLElement = Document.prototype.createElement.call(owner, "span");
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

function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}
