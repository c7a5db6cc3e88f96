/** The args of a declared service, from the dialog. */
import type { Params } from "../../shared/viewers/options";

export type Args = Readonly<Record<string, unknown>>;

/** The args of a new service: all params, and the priority if it is not 0. */
export function argsOf(params: Params, priority: string): Args {
  return Number(priority) ? { ...params, priority: Number(priority) } : { ...params };
}

/** The declared args after an edit. Args that the form does not show or change are kept as they were. */
export function edited(declared: Args, before: Args, after: Args): Args {
  const next: Record<string, unknown> = { ...declared };
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (JSON.stringify(before[name]) === JSON.stringify(after[name])) continue;
    if (name in after) next[name] = after[name];
    else delete next[name];
  }
  return next;
}

/** A valid name for a service: `tiny-llama-wide` for `Tiny llama, wide`. */
export function nameOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, "-")
    .replaceAll(/^[-_]+|[-_]+$/g, "")
    .slice(0, 40)
    .replace(/[-_]+$/, "");
}
