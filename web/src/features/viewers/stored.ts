/**
 * The settings of the last started viewer, in localStorage under the keys and names of Forgather's own page.
 *
 * The pages of viewers run on the same origin and can write there, so each value is validated like typed input, and the
 * listen address is never restored without confirmation.
 */
import type { ViewerForm } from "./form";

/** How the form of one kind is stored. */
export interface StoredForm {
  key: string;
  defaults: Readonly<ViewerForm>;
  toStored: (form: ViewerForm) => Record<string, unknown>;
  /** Missing and invalid values get their defaults. */
  fromStored: (values: StoredValues) => ViewerForm;
}

/** The listen address of the last viewer, which the dialog does not restore by itself. */
export interface Listening {
  bindAll: boolean;
  host: string;
}

const LONGEST = 4096;
/** Control characters, and those that change the text direction. */
const UNREADABLE = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const HOST = /^[A-Za-z0-9._:-]{1,253}$/;

/** Typed access to stored values. */
export class StoredValues {
  readonly #values: Record<string, unknown>;

  constructor(stored: unknown) {
    this.#values = stored && typeof stored === "object" ? (stored as Record<string, unknown>) : {};
  }

  text(name: string, fallback = ""): string {
    const value = this.#values[name];
    const text = typeof value === "string" || typeof value === "number" ? String(value) : fallback;
    return text.length > LONGEST || UNREADABLE.test(text) ? fallback : text;
  }

  /** The text if it `fits`, else empty. */
  matching(name: string, fits: (text: string) => boolean): string {
    const text = this.text(name);
    return fits(text) ? text : "";
  }

  /** Absolute paths, separated by commas or newlines; others are omitted. */
  paths(name: string): string[] {
    const value = this.#values[name];
    const parts = typeof value === "string" && value.length <= LONGEST ? value.split(/[\n,]/) : [];
    return parts.map((part) => part.trim()).filter((part) => part.startsWith("/") && !UNREADABLE.test(part));
  }

  /** An absolute path or one below the account's home, else empty. */
  path(name: string): string {
    return this.matching(name, (text) => /^(?:~?\/|~$)/.test(text));
  }

  boolean(name: string, fallback = false): boolean {
    const value = this.#values[name];
    return typeof value === "boolean" ? value : fallback;
  }
}

function readValues(storage: Pick<Storage, "getItem">, key: string): StoredValues {
  return new StoredValues(JSON.parse(storage.getItem(key) ?? "null"));
}

/** The listen address of the last viewer; null: the default, or not a valid address. */
export function lastListening(storage: Pick<Storage, "getItem">, storedForm: Pick<StoredForm, "key">): Listening | null {
  try {
    const values = readValues(storage, storedForm.key);
    const last = { bindAll: values.boolean("bindAll"), host: values.matching("host", (text) => HOST.test(text)) };
    return last.bindAll || last.host ? last : null;
  } catch {
    return null;
  }
}

/** The stored form; the defaults if there is none or it cannot be read. */
export function loadForm(storage: Pick<Storage, "getItem">, storedForm: StoredForm): ViewerForm {
  try {
    return storedForm.fromStored(readValues(storage, storedForm.key));
  } catch {
    return { ...storedForm.defaults };
  }
}

export function saveForm(storage: Pick<Storage, "setItem">, storedForm: StoredForm, form: ViewerForm): void {
  try {
    storage.setItem(storedForm.key, JSON.stringify(storedForm.toStored(form)));
  } catch {
    // Full, or not allowed: the next form starts with the defaults.
  }
}

export function clearForm(storage: Pick<Storage, "removeItem">, storedForm: Pick<StoredForm, "key">): void {
  try {
    storage.removeItem(storedForm.key);
  } catch {
    // Not allowed: then nothing was stored either.
  }
}
