/** Short messages in the corner, read out by screen readers. */
import { useSyncExternalStore } from "react";
import { Icon } from "./icon";
import styles from "./toasts.module.css";

type Tone = "plain" | "warning" | "error";

interface Toast {
  id: number;
  text: string;
  tone: Tone;
  undo: (() => void) | undefined;
}

const DURATION_MS: Readonly<Record<Tone, number>> = { plain: 5_000, warning: 10_000, error: 15_000 };
/** A removal can be undone for a minute. */
const UNDO_MS = 30_000;
const MAX_TOASTS = 4;

let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function update(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function dismiss(id: number): void {
  update(toasts.filter((toast) => toast.id !== id));
}

/** Shows a message for some seconds, with an Undo button if there is something to undo. */
export function showToast(text: string, tone: Tone = "plain", undo?: () => void): void {
  last += 1;
  const id = last;
  const others = toasts.filter((toast) => toast.text !== text || toast.undo !== undefined);
  update([...others, { id, text, tone, undo }].slice(-MAX_TOASTS));
  setTimeout(() => dismiss(id), undo ? UNDO_MS : DURATION_MS[tone]);
}

/** Presses the Undo button of the last message that has one. */
export function undoLast(): void {
  const toast = toasts.findLast(({ undo }) => undo !== undefined);
  if (!toast) return;
  dismiss(toast.id);
  toast.undo?.();
}

export function Toasts() {
  const shown = useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => toasts,
  );
  return (
    <div className={styles["toasts"]} role="status" aria-live="polite" aria-label="Messages">
      {shown.map((toast) => (
        <div key={toast.id} className={styles["toast"]} data-tone={toast.tone}>
          <span>{toast.text}</span>
          {toast.undo && (
            <button
              type="button"
              className="button button-small"
              onClick={() => {
                dismiss(toast.id);
                toast.undo?.();
              }}
            >
              Undo
            </button>
          )}
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
