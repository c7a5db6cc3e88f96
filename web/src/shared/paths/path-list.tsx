import { useEffect, useId, useRef, useState } from "react";
import { Icon } from "../parts/icon";
import styles from "./path-picker.module.css";

export interface Entry {
  name: string;
  path: string;
  is_dir: boolean;
}

interface PathListProps {
  label: string;
  entries: readonly Entry[];
  /** The text for an empty list. */
  empty: string;
  /** Shown behind the first folders. */
  Badge?: React.ComponentType<{ path: string }>;
  /** The path that is marked at first: after going up, the folder that was left. */
  marked: string | null;
  onMark: (entry: Entry | null) => void;
  onEnter: (entry: Entry) => void;
  onUp: () => void;
  /** Whether the list takes the focus when it appears. */
  isFocused: () => boolean;
  /** Called with typed letters if the list is incomplete; else letters select a name in the list. */
  onType: ((letter: string) => void) | undefined;
}

/** Letters typed within this time form one prefix. */
const WORD_MS = 700;
/** Each badge is a look-up in the file system. */
const MOST_BADGES = 12;

/** The entries of a folder, as a listbox. */
export function PathList({ label, entries, empty, Badge, marked, onMark, onEnter, onUp, isFocused, onType }: PathListProps) {
  const [at, setAt] = useState(() => entries.findIndex((entry) => entry.path === marked));
  const list = useRef<HTMLUListElement>(null);
  const word = useRef({ text: "", time: 0 });
  const id = useId();

  // biome-ignore lint/correctness/useExhaustiveDependencies: only at the first rendering.
  useEffect(() => {
    if (isFocused()) list.current?.focus({ preventScroll: true });
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the parent passes a new callback at each rendering.
  useEffect(() => {
    onMark(entries[at] ?? null);
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
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
    } else if (event.key.length === 1 && event.key !== " ") {
      if (onType) {
        event.preventDefault();
        onType(event.key);
      } else find(event.key, event.timeStamp);
    }
  };
  return (
    <div className={styles["box"]}>
      <ul
        ref={list}
        className={styles["list"]}
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
            {Badge && entry.is_dir && index < MOST_BADGES && (
              <span className={styles["badge"]}>
                <Badge path={entry.path} />
              </span>
            )}
          </li>
        ))}
      </ul>
      {!entries.length && <p className={`${styles["none"]} quiet`}>{empty}</p>}
    </div>
  );
}
