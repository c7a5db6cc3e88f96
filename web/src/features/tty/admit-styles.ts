/**
 * Makes xterm.js work under our Content-Security-Policy.
 *
 * It writes rules into <style> elements and some colours into style attributes, both of which `style-src 'self'`
 * blocks. The same rules in a constructed style sheet, and the same colours set through an element's `style` property,
 * are allowed. xterm.js 6 has no setting for that (its `documentOverride` covers only part of it), so while a terminal
 * is open, document.createElement returns replacements for these two kinds of elements.
 */

/** Active until the returned function is called. */
export function admitStyles(owner: Document): () => void {
  const create = (tag: string, options?: ElementCreationOptions): HTMLElement => {
    if (tag === "style") return styleElement(owner);
    const element = Document.prototype.createElement.call(owner, tag, options);
    // xterm.js sets the colour of a cell as a style attribute.
    if (tag === "span") element.setAttribute = setAttribute;
    return element;
  };
  Object.defineProperty(owner, "createElement", { value: create, configurable: true });
  return () => Reflect.deleteProperty(owner, "createElement");
}

/** A replacement for a <style> element: its text becomes a constructed style sheet, until it is removed. */
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
