/** The settings last committed, kept by the browser under the keys and the names of Forgather's own page. */
import { VIEWER_DEFAULTS, type ViewerForm } from "./form";

/** How one kind's form is kept. */
export interface Keeping<F> {
  key: string;
  defaults: Readonly<F>;
  toStored: (form: F) => Record<string, unknown>;
  /** What is missing or of another kind has its default. */
  fromStored: (kept: Kept) => F;
}

/** Typed looks at what was kept. */
export class Kept {
  readonly #kept: Record<string, unknown>;

  constructor(stored: unknown) {
    this.#kept = stored && typeof stored === "object" ? (stored as Record<string, unknown>) : {};
  }

  text(name: string, otherwise = ""): string {
    const value = this.#kept[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : otherwise;
  }

  truth(name: string, otherwise = false): boolean {
    const value = this.#kept[name];
    return typeof value === "boolean" ? value : otherwise;
  }
}

/** The fields that Forgather's page keeps of every kind. Never the priority: an urgency of yesterday is no default of today. */
export function listeningStored(form: ViewerForm): Record<string, unknown> {
  return { port: /^\d+$/.test(form.port.trim()) ? Number(form.port) : form.port.trim(), host: form.host.trim() };
}

/** Not known to Forgather's page: there only where they say something. */
export function ownStored(form: ViewerForm): Record<string, unknown> {
  const stored: Record<string, unknown> = {};
  if (form.idleTimeout.trim()) stored["idleTimeout"] = form.idleTimeout.trim();
  if (form.private) stored["private"] = true;
  if (form.memoryMax.trim()) stored["memoryMax"] = form.memoryMax.trim();
  return stored;
}

export function viewerFromStored(kept: Kept, port: string): ViewerForm {
  return {
    port: kept.text("port") || port,
    priority: VIEWER_DEFAULTS.priority,
    bindAll: kept.truth("bindAll"),
    windowTitle: kept.text("windowTitle") || null,
    host: kept.text("host"),
    idleTimeout: kept.text("idleTimeout"),
    private: kept.truth("private"),
    memoryMax: kept.text("memoryMax"),
  };
}

/** A browser that keeps nothing (or keeps rubbish) has the defaults. */
export function recall<F>(storage: Pick<Storage, "getItem">, keeping: Keeping<F>): F {
  try {
    return keeping.fromStored(new Kept(JSON.parse(storage.getItem(keeping.key) ?? "null")));
  } catch {
    return { ...keeping.defaults };
  }
}

export function keep<F>(storage: Pick<Storage, "setItem">, keeping: Keeping<F>, form: F): void {
  try {
    storage.setItem(keeping.key, JSON.stringify(keeping.toStored(form)));
  } catch {
    // Full, or not allowed: the next time starts from the defaults.
  }
}

export function forget(storage: Pick<Storage, "removeItem">, keeping: Pick<Keeping<unknown>, "key">): void {
  try {
    storage.removeItem(keeping.key);
  } catch {
    // Not allowed: then nothing was kept either.
  }
}
