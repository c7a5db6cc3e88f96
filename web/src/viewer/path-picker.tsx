import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { folderQuery, logdirQuery } from "../api/queries";
import { sentence } from "../api/request";
import { useDebounced } from "../parts/debounced";
import { Icon } from "../parts/icon";
import { Modal } from "../parts/modal";
import { FolderList } from "./folder-list";
import { LogdirLine } from "./logdir-facts";

interface FolderPickerProps {
  /** The folder to begin in; one that is not there, or outside of what may be looked at, gives the server's choice. */
  start: string | null;
  onChoose: (path: string) => void;
  onClose: () => void;
}

/** Walks the server's folders. By keyboard: arrows, Enter or Right to go in, Left or Backspace to go up. */
export function FolderPicker({ start, onChoose, onClose }: FolderPickerProps) {
  const [path, setPath] = useState(start);
  const [marked, setMarked] = useState<string | null>(null);
  const came = useRef<string | null>(null);
  const roots = useQuery({ ...folderQuery(null), retry: false }).data?.roots;
  const isOpen = path === null || roots?.some((root) => `${path}/`.startsWith(root === "/" ? root : `${root}/`));
  const { data: folder, error } = useQuery({
    ...folderQuery(isOpen ? path : null),
    enabled: roots !== undefined || path === null,
    retry: false,
    placeholderData: (before) => before,
  });
  const chosen = marked ?? folder?.path ?? null;
  const settled = useDebounced(chosen, 120);
  const facts = useQuery({ ...logdirQuery(settled ?? ""), enabled: settled !== null, retry: false }).data;

  // A start that is no folder (a half-typed path) is no reason to show nothing.
  useEffect(() => {
    if (error && path === start && start !== null) setPath(null);
  }, [error, path, start]);

  const enter = (next: string): void => {
    came.current = folder?.path ?? null;
    setMarked(null);
    setPath(next);
  };
  const folders = folder?.entries.filter((entry) => entry.is_dir) ?? [];
  const up = folder?.parent ?? null;
  return (
    <Modal open onClose={onClose} title="Choose a folder" wide>
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
          <FolderList
            key={folder.path}
            label={`Folders in ${folder.path}`}
            folders={folders}
            cameFrom={came.current}
            onMark={setMarked}
            onEnter={enter}
            onUp={() => up && enter(up)}
          />
        )}
        <div className="picker-facts" aria-live="polite">
          {chosen && <code>{chosen}</code>}
          {facts && facts.path === chosen && <LogdirLine facts={facts} />}
        </div>
      </div>
      <footer className="modal-foot">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button button-main" disabled={!chosen} onClick={() => chosen && onChoose(chosen)}>
          Choose this folder
        </button>
      </footer>
    </Modal>
  );
}
