/** The paths of the last viewers that the dialog started, offered as suggestions. */

const MOST = 8;

interface Store {
  getItem: (key: string) => string | null;
  setItem: (key: string, value: string) => void;
}

const keyOf = (type: string): string => `forgather-recent-${type}`;

export function recentPaths(store: Store, type: string): readonly string[] {
  try {
    const stored: unknown = JSON.parse(store.getItem(keyOf(type)) ?? "[]");
    return Array.isArray(stored) ? stored.filter((path) => typeof path === "string").slice(0, MOST) : [];
  } catch {
    return [];
  }
}

export function addRecentPath(store: Store, type: string, path: string): void {
  try {
    const others = recentPaths(store, type).filter((one) => one !== path);
    store.setItem(keyOf(type), JSON.stringify([path, ...others].slice(0, MOST)));
  } catch {
    // Not allowed, such as in private mode: nothing is suggested.
  }
}
