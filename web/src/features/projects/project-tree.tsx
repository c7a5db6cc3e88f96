import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Project } from "../../shared/api/types";
import { isStringArray, useStoredState } from "../../shared/parts/use-stored-state";
import { TreeLine } from "./tree-line";
import { itemsOf, keyOf, type Chosen } from "./tree-items";
import styles from "./projects.module.css";

/** The height of a line in px, as in projects.module.css. */
const LINE = 28;

interface ProjectTreeProps {
  projects: readonly Project[];
  text: string;
  chosen: Chosen | undefined;
  onChoose: (chosen: Chosen) => void;
}

/** The tree of projects and configs, with the standard keys of a tree. Renders only the visible rows. */
export function ProjectTree({ projects, text, chosen, onChoose }: ProjectTreeProps) {
  // A single project is open at first.
  const [openKeys, setOpenKeys] = useStoredState("forgather-open-projects", projects.length === 1 ? [projects[0]!.project_dir] : [], isStringArray);
  const shownKey = chosen && keyOf(chosen.project, chosen.config);
  const [revealed, setRevealed] = useState<string | undefined>();
  if (chosen && revealed !== shownKey) {
    // The address leads to a config: its project opens, once.
    setRevealed(shownKey);
    if (!openKeys.includes(chosen.project.project_dir)) setOpenKeys([...openKeys, chosen.project.project_dir]);
  }
  const opened = useMemo(() => new Set(openKeys), [openKeys]);
  const items = useMemo(() => itemsOf(projects, opened, text), [projects, opened, text]);
  const [focused, setFocused] = useState<string | null>(null);
  const tree = useRef<HTMLDivElement>(null);
  const focusMoved = useRef(false);
  const current = items.some((item) => item.key === focused) ? focused : (items[0]?.key ?? null);

  const at = items.findIndex((item) => item.key === current);
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => tree.current,
    estimateSize: () => LINE,
    getItemKey: (index) => items[index]!.key,
    // The focused line is always rendered, else the focus would be lost.
    rangeExtractor: (range) => {
      const lines = defaultRangeExtractor(range);
      if (at < 0 || lines.includes(at)) return lines;
      return at < lines[0]! ? [at, ...lines] : [...lines, at];
    },
    overscan: 10,
  });

  useEffect(() => {
    if (!focusMoved.current) return;
    focusMoved.current = false;
    virtual.scrollToIndex(at);
    tree.current?.querySelector<HTMLElement>("[tabindex='0']")?.focus({ preventScroll: true });
  }, [at, virtual]);

  const toggle = (key: string, open: boolean): void => {
    const others = openKeys.filter((each) => each !== key);
    setOpenKeys(open ? [...others, key] : others);
  };
  const focus = (key: string | undefined): void => {
    if (key === undefined || key === current) return;
    focusMoved.current = true;
    setFocused(key);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const item = items[at];
    if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = {
      ArrowDown: () => focus(items[at + 1]?.key),
      ArrowUp: () => focus(items[at - 1]?.key),
      Home: () => focus(items[0]?.key),
      End: () => focus(items.at(-1)?.key),
      ArrowRight: () => {
        if (item.kind !== "project") return;
        if (item.open) focus(items[at + 1]?.key);
        else toggle(item.key, true);
      },
      ArrowLeft: () => {
        if (item.kind === "config") focus(item.parent);
        else toggle(item.key, false);
      },
      Enter: () => (item.kind === "config" ? onChoose(item) : toggle(item.key, !item.open)),
      " ": () => (item.kind === "config" ? onChoose(item) : toggle(item.key, !item.open)),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  return (
    <div ref={tree} role="tree" aria-label="Projects" className={styles["tree"]} onKeyDown={onKeyDown}>
      <div role="presentation" className="virtual" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((line) => {
          const item = items[line.index]!;
          return (
            <div
              key={line.key}
              role="presentation"
              className="virtual-item"
              style={{ transform: `translateY(${line.start}px)` }}
            >
              <TreeLine
                item={item}
                focusable={item.key === current}
                selected={item.key === shownKey}
                onFocus={() => setFocused(item.key)}
                onAct={() => (item.kind === "config" ? onChoose(item) : toggle(item.key, !item.open))}
              />
            </div>
          );
        })}
      </div>
      {!items.length && <p className="quiet">No project or config matches the filter.</p>}
    </div>
  );
}
