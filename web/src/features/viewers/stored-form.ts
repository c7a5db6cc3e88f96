/** How the form of a kind is stored, derived from its options. */
import { parseSpan } from "../../shared/format/seconds";
import type { KindOptions, Option } from "../../shared/viewers/options";
import { defaultsOf, keyOf, parsePort, shownOptions, storedName, textIn, type FieldValue, type ViewerForm } from "./form";
import type { StoredForm, StoredValues } from "./stored";

const SIZE = /^\d{1,15}(?:\.\d{1,3})?\s*[KMGT]?(?:i?B)?$/i;
/** Must be chosen each time: every viewer's page can write to this storage. */
const NEVER: ReadonlySet<string> = new Set(["writable_logdir"]);
/** Stored, but restored only when the user confirms (listening-notice.tsx). */
const CONFIRMED: ReadonlySet<string> = new Set(["host", "bind_all"]);

/** How Forgather's own page stores this kind. */
export interface Reference {
  /** The options that it always writes, besides the path, the port and the host. */
  always: readonly string[];
  /** Other names than those of the fields. */
  names?: Readonly<Record<string, string>>;
}

/** The key and the names are those of Forgather's own page. Not the priority, which is no default for the next viewer. */
export function storedFormOf(kind: KindOptions, { always, names = {} }: Reference = { always: [] }): StoredForm {
  const defaults = defaultsOf(kind);
  const options = shownOptions(kind).filter((option) => !NEVER.has(option.name));
  const nameOf = (option: Option): string => names[option.name] ?? storedName(option);
  const written: ReadonlySet<string> = new Set([kind.required, "port", "host", ...always]);
  return {
    key: `forgather-global-${kind.type}-v1`,
    defaults,
    toStored: (form) => {
      const stored: Record<string, unknown> = {};
      for (const option of options) {
        const key = keyOf(option);
        if (written.has(option.name) || form[key] !== defaults[key]) stored[nameOf(option)] = storedOf(option, form);
      }
      return stored;
    },
    fromStored: (values) => {
      const form = { ...defaults };
      for (const option of options) {
        if (!CONFIRMED.has(option.name)) form[keyOf(option)] = restored(option, values, nameOf(option));
      }
      return { ...form, port: form.port || defaults.port, windowTitle: form.windowTitle || null };
    },
  };
}

function storedOf(option: Option, form: ViewerForm): unknown {
  const value = form[keyOf(option)];
  if (option.type === "truth") return option.switchesOff ? !value : value;
  const text = textIn(form, keyOf(option)).trim();
  return option.type === "port" && /^\d+$/.test(text) ? Number(text) : text;
}

function restored(option: Option, values: StoredValues, name: string): FieldValue {
  switch (option.type) {
    case "truth":
      return option.switchesOff ? !values.boolean(name, true) : values.boolean(name);
    case "path":
      return values.path(name);
    case "paths":
      return values.paths(name).join(", ");
    case "port":
      return values.matching(name, (text) => parsePort(text) !== null);
    case "seconds":
      return values.matching(name, (text) => Number(text) >= 0);
    case "whole":
      return values.matching(name, (text) => /^\d{1,15}$/.test(text));
    case "span":
      return values.matching(name, (text) => parseSpan(text) !== null);
    case "size":
      return values.matching(name, (text) => SIZE.test(text));
    case "text":
      return values.text(name);
  }
}
