import { useEffect, useId, useRef, useState } from "react";
import { Icon } from "../parts/icon";

interface FolderListProps {
  label: string;
  folders: readonly { name: string; path: string }[];
  /** The folder that was left upwards: it is marked, so that the way back is one key. */
  cameFrom: string | null;
  onMark: (path: string | null) => void;
  onEnter: (path: string) => void;
  onUp: () => void;
}

/** Letters typed within this belong to one word. */
const WORD_MS = 700;

/** One folder's folders as a listbox. */
export function FolderList({ label, folders, cameFrom, onMark, onEnter, onUp }: FolderListProps) {
  const [at, setAt] = useState(() => folders.findIndex((folder) => folder.path === cameFrom));
  const list = useRef<HTMLUListElement>(null);
  const word = useRef({ text: "", time: 0 });
  const id = useId();

  useEffect(() => list.current?.focus({ preventScroll: true }), []);
  useEffect(() => {
    onMark(folders[at]?.path ?? null);
    list.current?.children[at]?.scrollIntoView({ block: "nearest" });
    // Only a move marks: the parent's callback is new at each rendering.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [at]);

  const step = (to: number): void => setAt(Math.max(0, Math.min(folders.length - 1, to)));
  const keys: Readonly<Record<string, () => void>> = {
    ArrowDown: () => step(at + 1),
    ArrowUp: () => step(at - 1),
    PageDown: () => step(at + 10),
    PageUp: () => step(at - 10),
    Home: () => step(0),
    End: () => step(folders.length - 1),
    Enter: () => folders[at] && onEnter(folders[at].path),
    ArrowRight: () => folders[at] && onEnter(folders[at].path),
    ArrowLeft: onUp,
    Backspace: onUp,
  };
  const find = (key: string, time: number): void => {
    const text = (time - word.current.time < WORD_MS ? word.current.text : "") + key.toLowerCase();
    word.current = { text, time };
    const found = folders.findIndex((folder) => folder.name.toLowerCase().startsWith(text));
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
        {folders.map((folder, index) => (
          <li
            key={folder.path}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => setAt(index)}
            onDoubleClick={() => onEnter(folder.path)}
          >
            <Icon name="folder" />
            {folder.name}
          </li>
        ))}
      </ul>
      {!folders.length && <p className="folder-none quiet">No folders in here. It can be chosen itself.</p>}
    </div>
  );
}
