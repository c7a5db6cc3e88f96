import { useEffect, useState } from "react";
import { Modal, ModalBody } from "../shared/parts/modal";
import { undoLast } from "../shared/parts/toasts";
import { useViewerDialog } from "../shared/viewers/dialog";
import styles from "./shortcuts.module.css";

const KEYS: readonly (readonly [keys: readonly string[], action: string])[] = [
  [["/"], "Filter the list"],
  [["n"], "Start a TensorBoard"],
  [["u"], "Undo the last action that offers Undo"],
  [["\u2191", "\u2193", "Home", "End"], "Move through jobs or projects"],
  [["\u2190", "\u2192"], "Move through the buttons of a job"],
  [["Enter"], "Open the job"],
  [["Esc"], "Close the job, a dialog or a menu"],
  [["Space"], "Move a queued job, then by arrows"],
  [["?"], "Show this list"],
];

interface ShortcutsProps {
  shown: boolean;
  onShow: (shown: boolean) => void;
}

/** The keys that work in all views, and the list of them. */
export function Shortcuts({ shown, onShow }: ShortcutsProps) {
  useShortcuts(() => onShow(true));
  return (
    <Modal open={shown} onClose={() => onShow(false)} title="Keyboard shortcuts">
      <ModalBody>
        <dl className={styles["keys"]}>
          {KEYS.map(([keys, action]) => (
            <div key={action}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{action}</dd>
            </div>
          ))}
        </dl>
      </ModalBody>
    </Modal>
  );
}

function useShortcuts(showList: () => void): void {
  const openDialog = useViewerDialog();
  const [actions] = useState(() => new Map<string, () => void>());
  actions.set("/", focusFilter);
  actions.set("n", () => openDialog("tensorboard", { kind: "global" }));
  actions.set("u", undoLast);
  actions.set("?", showList);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTaken(event.target)) return;
      const action = actions.get(event.key);
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [actions]);
}

/** Whether the key belongs to a field, a dialog, a menu or a terminal. */
function isTaken(target: EventTarget | null): boolean {
  if (document.querySelector("[role=dialog], [role=menu]")) return true;
  return target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, .xterm") !== null;
}

function focusFilter(): void {
  const filter = document.querySelector<HTMLInputElement>("main input[type=search]");
  filter?.focus();
  filter?.select();
}
