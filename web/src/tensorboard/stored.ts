/** The settings last committed, kept by the browser under the key and the names of Forgather's own page. */
import { DEFAULTS, type Form } from "./form";

export const STORAGE_KEY = "forgather-global-tensorboard-v1";

/** Never the priority: an urgency of yesterday is no default of today. */
export function toStored(form: Form): Record<string, unknown> {
  const stored: Record<string, unknown> = {
    logdir: form.logdir.trim(),
    port: /^\d+$/.test(form.port.trim()) ? Number(form.port) : form.port.trim(),
    bindAll: form.bindAll,
    windowTitle: form.windowTitle ?? "",
    reloadInterval: form.reloadInterval.trim(),
    reloadMultifile: form.reloadMultifile,
    samplesPerPlugin: form.samplesPerPlugin.trim(),
    host: form.host.trim(),
  };
  // Not known to Forgather's page: there only where they say something.
  if (form.idleTimeout.trim()) stored["idleTimeout"] = form.idleTimeout.trim();
  if (form.private) stored["private"] = true;
  if (form.memoryMax.trim()) stored["memoryMax"] = form.memoryMax.trim();
  return stored;
}

/** The form of what was kept; what is missing or of another kind has its default. */
export function fromStored(stored: unknown): Form {
  const kept = stored && typeof stored === "object" ? (stored as Record<string, unknown>) : {};
  const text = (name: keyof Form, otherwise: string): string => {
    const value = kept[name];
    return typeof value === "string" || typeof value === "number" ? String(value) : otherwise;
  };
  const truth = (name: keyof Form): boolean => kept[name] === true;
  return {
    logdir: text("logdir", DEFAULTS.logdir),
    port: text("port", DEFAULTS.port) || DEFAULTS.port,
    priority: DEFAULTS.priority,
    bindAll: truth("bindAll"),
    windowTitle: text("windowTitle", "") || null,
    reloadInterval: text("reloadInterval", DEFAULTS.reloadInterval),
    reloadMultifile: truth("reloadMultifile"),
    samplesPerPlugin: text("samplesPerPlugin", DEFAULTS.samplesPerPlugin),
    host: text("host", DEFAULTS.host),
    idleTimeout: text("idleTimeout", DEFAULTS.idleTimeout),
    private: truth("private"),
    memoryMax: text("memoryMax", DEFAULTS.memoryMax),
  };
}

/** A browser that keeps nothing (or keeps rubbish) has the defaults. */
export function recall(storage: Pick<Storage, "getItem">): Form {
  try {
    return fromStored(JSON.parse(storage.getItem(STORAGE_KEY) ?? "null"));
  } catch {
    return { ...DEFAULTS };
  }
}

export function keep(storage: Pick<Storage, "setItem">, form: Form): void {
  try {
    storage.setItem(STORAGE_KEY, JSON.stringify(toStored(form)));
  } catch {
    // Full, or not allowed: the next time starts from the defaults.
  }
}

export function forget(storage: Pick<Storage, "removeItem">): void {
  try {
    storage.removeItem(STORAGE_KEY);
  } catch {
    // Not allowed: then nothing was kept either.
  }
}
