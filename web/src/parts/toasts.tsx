/** Short messages in the corner, read out by screen readers. */
import { useSyncExternalStore } from "react";
import { Icon } from "./icon";

type Tone = "plain" | "warning" | "error";

interface Toast {
  id: number;
  text: string;
  tone: Tone;
}

const LASTS_MS: Readonly<Record<Tone, number>> = { plain: 5_000, warning: 10_000, error: 15_000 };
const MOST = 4;

let toasts: readonly Toast[] = [];
let last = 0;
const listeners = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const listener of listeners) listener();
}

function dismiss(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

/** Show one sentence for a while. */
export function say(text: string, tone: Tone = "plain"): void {
  last += 1;
  const id = last;
  set([...toasts.filter((toast) => toast.text !== text), { id, text, tone }].slice(-MOST));
  setTimeout(() => dismiss(id), LASTS_MS[tone]);
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
    <div className="toasts" role="status" aria-live="polite" aria-label="Messages">
      {shown.map((toast) => (
        <div key={toast.id} className={`toast toast-${toast.tone}`}>
          <span>{toast.text}</span>
          <button type="button" className="icon-button" aria-label="Dismiss" onClick={() => dismiss(toast.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}
