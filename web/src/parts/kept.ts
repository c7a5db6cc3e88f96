/** A preference that the browser keeps. Where it may not, it lasts as long as the page. */
import { useState } from "react";

export function useKept(key: string, otherwise: boolean): [boolean, (value: boolean) => void] {
  const [value, setValue] = useState(() => {
    try {
      const kept = localStorage.getItem(key);
      return kept === null ? otherwise : kept === "true";
    } catch {
      return otherwise;
    }
  });
  const keep = (next: boolean): void => {
    setValue(next);
    try {
      localStorage.setItem(key, String(next));
    } catch {
      // Private mode: it lasts as long as the page.
    }
  };
  return [value, keep];
}
