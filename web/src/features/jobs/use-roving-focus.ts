/** One tab stop for a list of jobs: arrow keys move between the jobs, and between the controls of one. */
import { useLayoutEffect, useRef, useState } from "react";

interface RovingFocus {
  /** The index of the job that the Tab key leads to. */
  at: number;
  onFocus: (event: React.FocusEvent) => void;
  onBlur: (event: React.FocusEvent) => void;
  onKeyDown: (event: React.KeyboardEvent) => void;
}

const CONTROLS = "a, button, input, select";

/** `ids` are the jobs in order; each one is rendered in `list` as an element with `data-index`, its link first. */
export function useRovingFocus(
  list: React.RefObject<HTMLElement | null>,
  ids: readonly string[],
  selected: string | null,
  scrollTo: (index: number) => void,
): RovingFocus {
  const [current, setCurrent] = useState<string | null>(null);
  /** Where the focus was, if it was in the list: the job there may be removed. */
  const focusedAt = useRef<number | null>(null);
  const wanted = useRef<number | null>(null);
  const wasSelected = useRef(selected);
  const known = ids.indexOf(current ?? selected ?? "");
  const at = known >= 0 ? known : Math.max(0, Math.min(focusedAt.current ?? 0, ids.length - 1));

  // After each render: a job may have got other controls.
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    for (const item of element.querySelectorAll<HTMLElement>("[data-index]")) {
      const isCurrent = Number(item.dataset["index"]) === at;
      controlsOf(item).forEach((control, index) => {
        control.tabIndex = isCurrent && index === 0 ? 0 : -1;
      });
    }
    const isLost = document.activeElement === document.body || !document.activeElement;
    const closed = selected === null ? ids.indexOf(wasSelected.current ?? "") : -1;
    wasSelected.current = selected;
    // The focus was in a job that was removed, or in the details that were closed.
    const instead = closed >= 0 ? closed : focusedAt.current === null ? null : at;
    const next = wanted.current ?? (isLost ? instead : null);
    const target = next === null ? null : element.querySelector<HTMLElement>(`[data-index="${next}"]`);
    if (!target) return;
    wanted.current = null;
    controlsOf(target)[0]?.focus({ preventScroll: true });
  });

  const move = (index: number): void => {
    const next = Math.max(0, Math.min(index, ids.length - 1));
    wanted.current = next;
    setCurrent(ids[next] ?? null);
    scrollTo(next);
  };
  return {
    at,
    onFocus: (event) => {
      const item = itemOf(event.target);
      if (!item || !list.current?.contains(item)) return;
      const index = Number(item.dataset["index"]);
      focusedAt.current = index;
      setCurrent(ids[index] ?? null);
    },
    onBlur: (event) => {
      // A removed element loses the focus to nothing, but is not in the document any more.
      if (event.relatedTarget !== null || event.target.isConnected) focusedAt.current = null;
    },
    onKeyDown: (event) => {
      const item = itemOf(event.target);
      if (!item || !list.current?.contains(item) || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
      const controls = controlsOf(item);
      const control = controls.indexOf(event.target as HTMLElement);
      const act = {
        ArrowDown: () => move(at + 1),
        ArrowUp: () => move(at - 1),
        Home: () => move(0),
        End: () => move(ids.length - 1),
        ArrowRight: () => controls[Math.min(control + 1, controls.length - 1)]?.focus(),
        ArrowLeft: () => controls[Math.max(control - 1, 0)]?.focus(),
      }[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    },
  };
}

function itemOf(target: EventTarget): HTMLElement | null {
  return target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
}

/** Its controls; the link to its details is the first. */
function controlsOf(item: HTMLElement): HTMLElement[] {
  const all = [...item.querySelectorAll<HTMLElement>(CONTROLS)];
  const link = all.find((control) => control.classList.contains("item-title"));
  return link ? [link, ...all.filter((control) => control !== link)] : all;
}
