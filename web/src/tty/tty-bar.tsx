import { useState } from "react";
import { Icon } from "../parts/icon";

interface TtyBarProps {
  queueId: string;
  follow: boolean;
  onFollow: (on: boolean) => void;
  onCopy: () => void;
  /** Whether the text was found. */
  onSearch: (text: string, direction: "next" | "previous") => boolean;
  state: string;
}

export function TtyBar({ queueId, follow, onFollow, onCopy, onSearch, state }: TtyBarProps) {
  const [text, setText] = useState("");
  const [missed, setMissed] = useState(false);
  const search = (direction: "next" | "previous"): void => setMissed(text !== "" && !onSearch(text, direction));
  return (
    <div className="tty-bar" role="toolbar" aria-label="TTY">
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
      <button type="button" className="icon-button flipped" aria-label="Next match" title="Next match (Shift+Enter)" onClick={() => search("next")}>
        <Icon name="up" />
      </button>
      <span className="tty-state" role="status" data-state={state}>
        {missed ? "not found" : state}
      </span>
      <button type="button" className="button button-small" aria-pressed={follow} onClick={() => onFollow(!follow)}>
        <Icon name="follow" />
        Follow
      </button>
      <button type="button" className="button button-small" title="The selection, or everything" onClick={onCopy}>
        <Icon name="copy" />
        Copy
      </button>
      <a className="button button-small" href={`/api/jobs/${queueId}/tty`} download={`${queueId}.log`}>
        <Icon name="download" />
        Download
      </a>
    </div>
  );
}
