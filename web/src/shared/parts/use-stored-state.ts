/** State that is kept in localStorage as JSON. */
import { useState } from "react";

/** `isValid` checks the stored value, which another version of the page may have written. */
export function useStoredState<Value>(
  key: string,
  fallback: Value,
  isValid: (stored: unknown) => stored is Value,
): [Value, (value: Value) => void] {
  const [value, setValue] = useState<Value>(() => read(key, isValid) ?? fallback);
  const store = (next: Value): void => {
    setValue(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // Not allowed, such as in private mode: the state lasts as long as the page.
    }
  };
  return [value, store];
}

function read<Value>(key: string, isValid: (stored: unknown) => stored is Value): Value | undefined {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return isValid(stored) ? stored : undefined;
  } catch {
    return undefined;
  }
}

export function isBoolean(stored: unknown): stored is boolean {
  return typeof stored === "boolean";
}

export function isStringArray(stored: unknown): stored is readonly string[] {
  return Array.isArray(stored) && stored.every((each) => typeof each === "string");
}
