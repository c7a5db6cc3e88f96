import { useState } from "react";
import { own } from "../../shared/own-address";
import { Icon } from "../../shared/parts/icon";
import styles from "./tty.module.css";

interface TtyBarProps {
  queueId: string;
  follow: boolean;
  onFollow: (on: boolean) => void;
  onCopy: () => void;
  /** Returns whether the text was found. */
  onSearch: (text: string, direction: "next" | "previous") => boolean;
  /** Whether the whole output is loaded. */
  isWhole: () => boolean;
  state: string;
}

export function TtyBar({ queueId, follow, onFollow, onCopy, onSearch, isWhole, state }: TtyBarProps) {
  const [text, setText] = useState("");
  const [missed, setMissed] = useState(false);
  const search = (direction: "next" | "previous"): void => setMissed(text !== "" && !onSearch(text, direction));
  return (
    <div className={styles["bar"]} role="toolbar" aria-label="TTY">
      <input
        type="search"
        className="input"
        aria-label="Search"
        placeholder="Search"
        value={text}
        aria-invalid={missed || undefined}
        onChange={(event) => {
          setText(event.target.value);
          setMissed(false);
        }}
        onKeyDown={(event) => event.key === "Enter" && search(event.shiftKey ? "next" : "previous")}
      />
      <button type="button" className="icon-button" aria-label="Previous match" title="Previous match (Enter)" onClick={() => search("previous")}>
        <Icon name="up" />
      </button>
      <button type="button" className={`icon-button ${styles["flipped"]}`} aria-label="Next match" title="Next match (Shift+Enter)" onClick={() => search("next")}>
        <Icon name="up" />
      </button>
      <span className={styles["state"]} role="status" data-state={state}>
        {missed ? (isWhole() ? "not found" : "not found in the part that is loaded") : state}
      </span>
      <button type="button" className="button button-small" aria-pressed={follow} onClick={() => onFollow(!follow)}>
        <Icon name="follow" />
        Follow
      </button>
      <button type="button" className="button button-small" title="The selection, or the whole output" onClick={onCopy}>
        <Icon name="copy" />
        Copy
      </button>
      <a className="button button-small" title="The whole output" href={own(`/api/jobs/${queueId}/tty`)} download={`${queueId}.log`}>
        <Icon name="download" />
        Download
      </a>
    </div>
  );
}
