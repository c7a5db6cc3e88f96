import { useEffect, useId, useRef, useState } from "react";
import { Icon } from "../parts/icon";

export interface Entry {
  name: string;
  path: string;
  is_dir: boolean;
}

interface PathListProps {
  label: string;
  entries: readonly Entry[];
  /** What is said where there are none. */
  empty: string;
  /** What is marked at first: the folder that was left upwards, so that the way back is one key. */
  marked: string | null;
  onMark: (entry: Entry | null) => void;
  onEnter: (entry: Entry) => void;
  onUp: () => void;
}

/** Letters typed within this belong to one word. */
const WORD_MS = 700;

/** What one folder holds, as a listbox. */
export function PathList({ label, entries, empty, marked, onMark, onEnter, onUp }: PathListProps) {
  const [at, setAt] = useState(() => entries.findIndex((entry) => entry.path === marked));
  const list = useRef<HTMLUListElement>(null);
  const word = useRef({ text: "", time: 0 });
  const id = useId();

  useEffect(() => list.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    onMark(entries[at] ?? null);
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
    // Only a move marks: the parent's callback is new at each rendering.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [at]);

  const step = (to: number): void => setAt(Math.max(0, Math.min(entries.length - 1, to)));
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => step(at + 1),
    ArrowUp: () => step(at - 1),
    PageDown: () => step(at + 10),
    PageUp: () => step(at - 10),
    Home: () => step(0),
    End: () => step(entries.length - 1),
    Enter: () => entries[at] && onEnter(entries[at]),
    ArrowRight: () => entries[at] && onEnter(entries[at]),
    ArrowLeft: onUp,
    Backspace: onUp,
  };
  const find = (key: string, time: number): void => {
    const text = (time - word.current.time < WORD_MS ? word.current.text : "") + key.toLowerCase();
    word.current = { text, time };
    const found = entries.findIndex((entry) => entry.name.toLowerCase().startsWith(text));
    if (found !== -1) setAt(found);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key];
    if (act) {
      event.preventDefault();
      act();
    } else if (event.key.length === 1 && event.key !== " ") find(event.key, event.timeStamp);
  };
  return (
    <div className="folder-box">
      <ul
        ref={list}
        className="folder-list"
        role="listbox"
        tabIndex={0}
        aria-label={label}
        aria-activedescendant={at >= 0 ? `${id}-${at}` : undefined}
        onKeyDown={onKeyDown}
      >
        {entries.map((entry, index) => (
          <li
            key={entry.path}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => setAt(index)}
            onDoubleClick={() => onEnter(entry)}
          >
            <Icon name={entry.is_dir ? "folder" : "file"} />
            {entry.name}
          </li>
        ))}
      </ul>
      {!entries.length && <p className="folder-none quiet">{empty}</p>}
    </div>
  );
}
