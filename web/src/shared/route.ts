/** The view in the address: `#/jobs/<id>/tty`. It is in the fragment, so that the server serves one page. */
import { useSyncExternalStore } from "react";

export const VIEWS = ["projects", "queue", "jobs"] as const;
export type View = (typeof VIEWS)[number];
export const VIEW_NAMES: Readonly<Record<View, string>> = { projects: "Projects", queue: "Queue", jobs: "Jobs" };

export interface Route {
  view: View;
  /** The selected item of the view: a job's id, a project's folder. */
  item: string | null;
  /** The part of the item: `tty` of a job, a config of a project. */
  tab: string | null;
}

export function parseRoute(hash: string): Route {
  const [view, item, tab] = hash.replace(/^#\/?/, "").split("/").map(decoded);
  const known = VIEWS.find((name) => name === view);
  return known ? { view: known, item: item || null, tab: tab || null } : { view: "jobs", item: null, tab: null };
}

/** A mistyped address may contain a `%` that begins no escape. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export function hrefOf(view: View, item?: string | null, tab?: string | null): string {
  return `#/${[view, item, tab].filter(Boolean).map((part) => encodeURIComponent(part!)).join("/")}`;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

export function useRoute(): Route {
  return parseRoute(useSyncExternalStore(subscribe, () => window.location.hash));
}

export function navigate(href: string): void {
  window.location.hash = href;
}
