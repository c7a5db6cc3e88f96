/** Which view the address names: `#/jobs/<id>/tty`. In the fragment, so the server serves one page. */
import { useSyncExternalStore } from "react";

export const VIEWS = ["projects", "queue", "jobs"] as const;
export type View = (typeof VIEWS)[number];
export const VIEW_NAMES: Readonly<Record<View, string>> = { projects: "Projects", queue: "Queue", jobs: "Jobs" };

export interface Route {
  view: View;
  /** What is looked at in the view: a job's id. */
  item: string | null;
  tab: string | null;
}

export function parseRoute(hash: string): Route {
  const [view, item, tab] = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  const known = VIEWS.find((name) => name === view);
  return known ? { view: known, item: item || null, tab: tab || null } : { view: "jobs", item: null, tab: null };
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

export function go(href: string): void {
  window.location.hash = href;
}
