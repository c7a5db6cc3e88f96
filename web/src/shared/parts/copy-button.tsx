import { useEffect, useState } from "react";
import { copyText } from "./clipboard";
import { Icon } from "./icon";
import { showToast } from "./toasts";
import styles from "./copy-button.module.css";

const SHOWN_MS = 1_500;

/** Copies `text` and says so. */
export async function copied(text: string): Promise<void> {
  if (await copyText(text)) showToast(`Copied ${text}`);
  else showToast(DENIED, "warning");
}

const DENIED = "The browser denied access to the clipboard. Select the text instead.";

interface CopyButtonProps {
  text: string;
  /** Its accessible name. */
  label: string;
  /** A part of the label that is visible beside the icon. */
  shown?: string;
}

/** Copies `text`. */
export function CopyButton({ text, label, shown }: CopyButtonProps) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (): Promise<void> => {
    if (await copyText(text)) setDone(true);
    else showToast(DENIED, "warning");
  };
  return (
    <button type="button" className={shown ? "button button-small" : "icon-button"} aria-label={label} title={text} onClick={() => void copy()}>
      <Icon name={done ? "check" : "copy"} />
      {shown}
    </button>
  );
}

/** A command line to copy into a shell. */
export function CommandLine({ text, label, shown }: CopyButtonProps) {
  return (
    <div className={styles["line"]}>
      <code>{text}</code>
      <CopyButton text={text} label={label} {...(shown ? { shown } : {})} />
    </div>
  );
}
