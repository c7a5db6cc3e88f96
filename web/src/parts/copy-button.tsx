import { useEffect, useState } from "react";
import { copyText } from "./clipboard";
import { Icon } from "./icon";
import { say } from "./toasts";

const SHOWN_MS = 1_500;

/** Copies `text`. `label` is its accessible name; `children` what is seen. */
export function CopyButton({ text, label, children }: { text: string; label: string; children?: React.ReactNode }) {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [done]);
  const copy = async (): Promise<void> => {
    if (await copyText(text)) setDone(true);
    else say("The browser does not let this page copy. Select the text instead.", "warning");
  };
  return (
    <button type="button" className={children ? "copy-line" : "icon-button"} aria-label={label} title={text} onClick={() => void copy()}>
      {children}
      <Icon name={done ? "check" : "copy"} />
    </button>
  );
}

/** A command line to take to a shell, on one line with its button. */
export function CommandLine({ text, label }: { text: string; label: string }) {
  return (
    <div className="command-line">
      <code>{text}</code>
      <CopyButton text={text} label={label} />
    </div>
  );
}
