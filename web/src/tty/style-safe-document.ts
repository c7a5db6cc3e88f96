/**
 * The document as xterm.js may use it below our Content-Security-Policy.
 *
 * xterm.js writes its rules into <style> elements, which `style-src 'self'` refuses. The same rules in a constructed
 * style sheet are the page's own doing and pass. So a <style> that xterm.js asks for is an empty element whose text
 * goes to such a sheet, for as long as the element is in use.
 */

class StyleElement {
  readonly sheet = new CSSStyleSheet();
  readonly element: HTMLElement;

  constructor(owner: Document) {
    this.element = owner.createElement("span");
    this.element.hidden = true;
    let text = "";
    Object.defineProperty(this.element, "textContent", {
      get: () => text,
      set: (rules: string) => {
        text = rules;
        this.sheet.replaceSync(rules);
      },
    });
    owner.adoptedStyleSheets.push(this.sheet);
    this.element.remove = () => {
      owner.adoptedStyleSheets = owner.adoptedStyleSheets.filter((sheet) => sheet !== this.sheet);
      Element.prototype.remove.call(this.element);
    };
  }
}

/** A document for xterm's `documentOverride`. */
export function styleSafeDocument(owner: Document): Document {
  return new Proxy(owner, {
    get(target, name) {
      if (name === "createElement") {
        return (tag: string, options?: ElementCreationOptions) =>
          tag.toLowerCase() === "style" ? new StyleElement(target).element : target.createElement(tag, options);
      }
      // The document's own members want the real document as `this`.
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
    set: (target, name, value) => Reflect.set(target, name, value, target),
  });
}
