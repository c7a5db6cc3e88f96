/** A preference that the browser keeps, as JSON. Where it may not, it lasts as long as the page. */
import { useState } from "react";

/** `fits`: whether what was kept, perhaps by an older page, is still of use. */
export function useKept<Value>(
  key: string,
  otherwise: Value,
  fits: (kept: unknown) => kept is Value,
): [Value, (value: Value) => void] {
  const [value, setValue] = useState<Value>(() => read(key, fits) ?? otherwise);
  const keep = (next: Value): void => {
    setValue(next);
    try {
      localStorage.setItem(key, JSON.stringify(next));
    } catch {
      // Private mode: it lasts as long as the page.
    }
  };
  return [value, keep];
}

function read<Value>(key: string, fits: (kept: unknown) => kept is Value): Value | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(key) ?? "null");
    return fits(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

export function isBoolean(kept: unknown): kept is boolean {
  return typeof kept === "boolean";
}

export function isTexts(kept: unknown): kept is readonly string[] {
  return Array.isArray(kept) && kept.every((each) => typeof each === "string");
}
