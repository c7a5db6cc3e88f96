import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { folderQuery } from "../api/queries";
import { messageOf } from "../api/request";
import { useDebounced } from "../parts/use-debounced";
import { Icon } from "../parts/icon";
import { plural } from "../format/plural";
import { Modal, ModalFoot } from "../parts/modal";
import { PathList, type Entry } from "./path-list";
import styles from "./path-picker.module.css";

/** The files to choose from: the suffixes of their names, and the name that is preselected. */
export interface FileChoice {
  suffixes: readonly string[];
  usual: string;
}

interface PathPickerProps {
  /** The first folder; the server chooses one if it does not exist or may not be browsed. */
  start: string | null;
  /** Set: a file is chosen, else a folder. */
  files?: FileChoice;
  /** Shown below the path that would be chosen. */
  Note?: React.ComponentType<{ path: string }>;
  /** Shown behind each folder: what it holds. */
  Badge?: React.ComponentType<{ path: string }>;
  onChoose: (path: string) => void;
  onClose: () => void;
}

/** Browses the server's folders. Keys: arrows, Enter or Right to open, Left or Backspace to go up. */
export function PathPicker({ start, files, Note, Badge, onChoose, onClose }: PathPickerProps) {
  const [path, setPath] = useState(start);
  const [marked, setMarked] = useState<Entry | null>(null);
  const previousFolder = useRef<string | null>(null);
  const [search, setSearch] = useState("");
  const contains = useDebounced(search.trim(), 150);
  const searchInput = useRef<HTMLInputElement>(null);
  /** Whether the search field has the focus: a new list must not take it. */
  const searchHasFocus = useRef(false);
  const [showsHidden, setShowsHidden] = useState(start?.split("/").some((name) => name.startsWith(".")) ?? false);
  const suffixes = files?.suffixes.join(",");
  const roots = useQuery({ ...folderQuery(null, suffixes), retry: false }).data?.roots;
  const isOpen = path === null || roots?.some((root) => `${path}/`.startsWith(root === "/" ? root : `${root}/`));
  const { data: folder, error } = useQuery({
    ...folderQuery(isOpen ? path : null, suffixes, contains || undefined),
    enabled: roots !== undefined || path === null,
    retry: false,
    placeholderData: (before) => before,
  });
  const chosen = files ? (marked && !marked.is_dir ? marked.path : null) : (marked?.path ?? folder?.path ?? null);
  const settled = useDebounced(chosen, 120);

  // `start` may be a half-typed path: fall back to the server's choice.
  useEffect(() => {
    if (error && path === start && start !== null) setPath(null);
  }, [error, path, start]);

  const enter = (next: string): void => {
    previousFolder.current = folder?.path ?? null;
    setMarked(null);
    setSearch("");
    searchHasFocus.current = false;
    setPath(next);
  };
  const all = folder?.entries.filter((entry) => files || entry.is_dir) ?? [];
  const hiddenCount = all.filter(isHidden).length;
  const entries = showsHidden ? all : all.filter((entry) => !isHidden(entry));
  const usual = entries.find((entry) => !entry.is_dir && entry.name === files?.usual)?.path ?? null;
  const up = folder?.parent ?? null;
  const total = folder?.total ?? 0;
  const isCut = folder !== undefined && (total > folder.entries.length || !folder.complete);
  const type = (letter: string): void => {
    searchHasFocus.current = true;
    setSearch((before) => before + letter);
    searchInput.current?.focus();
  };
  const wayBack = entries.some((entry) => entry.path === previousFolder.current) ? previousFolder.current : null;
  return (
    <Modal open onClose={onClose} title={files ? "Choose a file" : "Choose a folder"} wide>
      <div className={styles["picker"]}>
        <div className={styles["path"]}>
          <button type="button" className="button" disabled={!up} aria-label="Up to the parent folder" onClick={() => up && enter(up)}>
            <Icon name="up" />
          </button>
          <AddressField key={folder?.path ?? ""} path={folder?.path ?? path ?? ""} onGo={enter} />
          {folder && folder.roots.length > 1 && (
            <label className={styles["roots"]}>
              <span className="sr-only">Start from</span>
              <select className="input" value="" onChange={(event) => event.target.value && enter(event.target.value)}>
                <option value="">Start from...</option>
                {folder.roots.map((root) => (
                  <option key={root}>{root}</option>
                ))}
              </select>
            </label>
          )}
        </div>
        <input
          ref={searchInput}
          className="input"
          type="search"
          aria-label="Search in this folder"
          placeholder="Search in this folder"
          value={search}
          onChange={(event) => {
            searchHasFocus.current = true;
            setSearch(event.target.value);
          }}
        />
        {error && <p className="field-error">{messageOf(error)}</p>}
        {folder && (
          <PathList
            key={`${folder.path}\n${contains}\n${showsHidden}`}
            {...(Badge ? { Badge } : {})}
            isFocused={() => !searchHasFocus.current}
            onType={isCut ? (letter) => type(letter) : undefined}
            label={`${files ? "Folders and files" : "Folders"} in ${folder.path}`}
            entries={entries}
            empty={contains ? `No name in this folder contains "${contains}".` : files ? `This folder has no subfolders and no ${files.usual}.` : "This folder has no subfolders. You can choose it."}
            marked={wayBack ?? usual}
            onMark={setMarked}
            onEnter={(entry) => (entry.is_dir ? enter(entry.path) : onChoose(entry.path))}
            onUp={() => up && enter(up)}
          />
        )}
        {hiddenCount > 0 && (
          <label className={styles["hidden"]}>
            <input type="checkbox" checked={showsHidden} onChange={(event) => setShowsHidden(event.target.checked)} />
            Show {plural(hiddenCount, "hidden folder")}
          </label>
        )}
        {folder && isCut && (
          <p className="quiet" role="status">
            The first {folder.entries.length} of {!folder.complete ? "more than " : ""}
            {total.toLocaleString("en")} are shown: type to search.
          </p>
        )}
        <div className={styles["facts"]} aria-live="polite">
          {chosen && <code>{chosen}</code>}
          {Note && settled && settled === chosen && <Note path={settled} />}
        </div>
      </div>
      <ModalFoot>
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-main" disabled={!chosen} onClick={() => chosen && onChoose(chosen)}>
          {files ? "Choose this file" : "Choose this folder"}
        </button>
      </ModalFoot>
    </Modal>
  );
}

const isHidden = (entry: Entry): boolean => entry.name.startsWith(".");

/** The folder that is shown; Enter goes to a typed one. */
function AddressField({ path, onGo }: { path: string; onGo: (path: string) => void }) {
  const [typed, setTyped] = useState(path);
  return (
    <input
      className="input mono"
      aria-label="Address"
      title="Enter goes to the typed folder"
      value={typed}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      onChange={(event) => setTyped(event.target.value)}
      onKeyDown={(event) => {
        if (event.key !== "Enter") return;
        event.preventDefault();
        const wanted = typed.trim().replace(/(.)\/+$/, "$1");
        if (wanted) onGo(wanted);
      }}
    />
  );
}
