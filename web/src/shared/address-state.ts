/**
 * State in the query of the address, such as `?state=ended&sort=name`: it survives a reload and can be shared. Links of
 * the page change only the fragment, so that the query stays.
 */
import { useCallback, useSyncExternalStore } from "react";

/** Browsers limit how often a page may change its address; typing changes the state more often. */
const WRITE_AFTER_MS = 150;

/** Read at the first use: main.tsx has then taken the token out of the address. */
let values: URLSearchParams | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
const listeners = new Set<() => void>();

/** `query` with `name` set to `value`; a value that equals the fallback is left out. */
export function withValue(query: string, name: string, value: string, fallback: string): string {
  const changed = new URLSearchParams(query);
  if (value === fallback) changed.delete(name);
  else changed.set(name, value);
  return changed.toString();
}

function current(): URLSearchParams {
  values ??= new URLSearchParams(window.location.search);
  return values;
}

function write(): void {
  clearTimeout(timer);
  timer = undefined;
  const query = current().toString();
  window.history.replaceState(null, "", `${window.location.pathname}${query ? `?${query}` : ""}${window.location.hash}`);
}

function tell(): void {
  for (const listener of listeners) listener();
}

function onHistory(): void {
  // The new history entry gets the state that the old one did not get any more.
  if (timer !== undefined) write();
  else values = new URLSearchParams(window.location.search);
  tell();
}

function subscribe(listener: () => void): () => void {
  if (!listeners.size) window.addEventListener("popstate", onHistory);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (!listeners.size) window.removeEventListener("popstate", onHistory);
  };
}

/** The value of `name` in the address. `isValid` checks it, since a user may edit the address. */
export function useAddressState<Value extends string>(
  name: string,
  fallback: Value,
  isValid: (value: string) => value is Value,
): [Value, (value: Value) => void] {
  const found = useSyncExternalStore(subscribe, () => current().get(name));
  const set = useCallback(
    (value: Value): void => {
      values = new URLSearchParams(withValue(current().toString(), name, value, fallback));
      clearTimeout(timer);
      timer = setTimeout(write, WRITE_AFTER_MS);
      tell();
    },
    [name, fallback],
  );
  return [found !== null && isValid(found) ? found : fallback, set];
}

export const isText = (_: string): _ is string => true;
