import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { folderQuery } from "../api/queries";
import { sentence } from "../api/request";
import { useDebounced } from "../parts/debounced";
import { Icon } from "../parts/icon";
import { Modal } from "../parts/modal";
import { PathList, type Entry } from "./path-list";

/** Files to choose from: how their names end, and which of a folder's is meant first. */
export interface FileChoice {
  suffixes: readonly string[];
  usual: string;
}

interface PathPickerProps {
  /** The folder to begin in; one that is not there, or outside of what may be looked at, gives the server's choice. */
  start: string | null;
  /** A file is chosen; without it, a folder. */
  files?: FileChoice;
  /** What is said of the one that would be chosen. */
  Note?: React.ComponentType<{ path: string }>;
  onChoose: (path: string) => void;
  onClose: () => void;
}

/** Walks the server's folders. By keyboard: arrows, Enter or Right to go in, Left or Backspace to go up. */
export function PathPicker({ start, files, Note, onChoose, onClose }: PathPickerProps) {
  const [path, setPath] = useState(start);
  const [marked, setMarked] = useState<Entry | null>(null);
  const came = useRef<string | null>(null);
  const suffixes = files?.suffixes.join(",");
  const roots = useQuery({ ...folderQuery(null, suffixes), retry: false }).data?.roots;
  const isOpen = path === null || roots?.some((root) => `${path}/`.startsWith(root === "/" ? root : `${root}/`));
  const { data: folder, error } = useQuery({
    ...folderQuery(isOpen ? path : null, suffixes),
    enabled: roots !== undefined || path === null,
    retry: false,
    placeholderData: (before) => before,
  });
  const chosen = files ? (marked && !marked.is_dir ? marked.path : null) : (marked?.path ?? folder?.path ?? null);
  const settled = useDebounced(chosen, 120);

  // A start that is no folder (a half-typed path) is no reason to show nothing.
  useEffect(() => {
    if (error && path === start && start !== null) setPath(null);
  }, [error, path, start]);

  const enter = (next: string): void => {
    came.current = folder?.path ?? null;
    setMarked(null);
    setPath(next);
  };
  const entries = folder?.entries.filter((entry) => files || entry.is_dir) ?? [];
  const usual = entries.find((entry) => !entry.is_dir && entry.name === files?.usual)?.path ?? null;
  const up = folder?.parent ?? null;
  const wayBack = entries.some((entry) => entry.path === came.current) ? came.current : null;
  return (
    <Modal open onClose={onClose} title={files ? "Choose a file" : "Choose a folder"} wide>
      <div className="picker">
        <div className="picker-path">
          <button type="button" className="button" disabled={!up} aria-label="Up to the parent folder" onClick={() => up && enter(up)}>
            <Icon name="up" />
          </button>
          <code>{folder?.path ?? path ?? ""}</code>
          {folder && folder.roots.length > 1 && (
            <label className="picker-roots">
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
        {error && <p className="field-error">{sentence(error)}</p>}
        {folder && (
          <PathList
            key={folder.path}
            label={`${files ? "Folders and files" : "Folders"} in ${folder.path}`}
            entries={entries}
            empty={files ? `No folder and no ${files.usual} in here.` : "No folders in here. It can be chosen itself."}
            marked={wayBack ?? usual}
            onMark={setMarked}
            onEnter={(entry) => (entry.is_dir ? enter(entry.path) : onChoose(entry.path))}
            onUp={() => up && enter(up)}
          />
        )}
        <div className="picker-facts" aria-live="polite">
          {chosen && <code>{chosen}</code>}
          {Note && settled && settled === chosen && <Note path={settled} />}
        </div>
      </div>
      <footer className="modal-foot">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-main" disabled={!chosen} onClick={() => chosen && onChoose(chosen)}>
          {files ? "Choose this file" : "Choose this folder"}
        </button>
      </footer>
    </Modal>
  );
}
