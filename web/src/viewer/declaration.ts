/** The args of a declared service, from the dialog. */
import type { JobParams } from "../api/types";

export type Args = Readonly<Record<string, unknown>>;

/** What is declared anew: all that the form says, and the priority where it is not the usual one. */
export function argsOf(params: JobParams, priority: string): Args {
  return Number(priority) ? { ...params, priority: Number(priority) } : { ...params };
}

/** What stands in the declaration after an edit. What the form does not show, or spells otherwise, stays as it was. */
export function edited(declared: Args, before: Args, after: Args): Args {
  const next: Record<string, unknown> = { ...declared };
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (JSON.stringify(before[name]) === JSON.stringify(after[name])) continue;
    if (name in after) next[name] = after[name];
    else delete next[name];
  }
  return next;
}

/** A name for it that the server takes: `Tiny llama, wide` is `tiny-llama-wide`. */
export function nameOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^a-z0-9_]+/g, "-")
    .replaceAll(/^[-_]+|[-_]+$/g, "")
    .slice(0, 40)
    .replace(/[-_]+$/, "");
}
