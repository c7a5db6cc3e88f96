import { useEffect, useMemo, useRef, useState } from "react";
import type { Project } from "../api/types";
import { isTexts, useKept } from "../parts/kept";
import { TreeLine } from "./tree-line";
import { itemsOf } from "./tree-items";

interface ProjectTreeProps {
  projects: readonly Project[];
  text: string;
  chosen: string | null;
  onChoose: (key: string) => void;
}

/** The tree of projects and configs, by the keys that a tree has everywhere. */
export function ProjectTree({ projects, text, chosen, onChoose }: ProjectTreeProps) {
  // One alone has nothing to hide.
  const [kept, keep] = useKept("forgather-open-projects", projects.length === 1 ? [projects[0]!.project_dir] : [], isTexts);
  const opened = useMemo(() => new Set(kept), [kept]);
  const items = useMemo(() => itemsOf(projects, opened, text), [projects, opened, text]);
  const [focused, setFocused] = useState<string | null>(null);
  const tree = useRef<HTMLDivElement>(null);
  const moved = useRef(false);
  const current = items.some((item) => item.key === focused) ? focused : (items[0]?.key ?? null);

  useEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    tree.current?.querySelector<HTMLElement>("[tabindex='0']")?.focus();
  }, [current]);

  const toggle = (key: string, open: boolean): void => {
    const others = kept.filter((each) => each !== key);
    keep(open ? [...others, key] : others);
  };
  const focus = (key: string | undefined): void => {
    if (key === undefined || key === current) return;
    moved.current = true;
    setFocused(key);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const at = items.findIndex((item) => item.key === current);
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
      Enter: () => (item.kind === "config" ? onChoose(item.key) : toggle(item.key, !item.open)),
      " ": () => (item.kind === "config" ? onChoose(item.key) : toggle(item.key, !item.open)),
    }[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  return (
    <div ref={tree} role="tree" aria-label="Projects" className="tree" onKeyDown={onKeyDown}>
      {items.map((item) => (
        <TreeLine
          key={item.key}
          item={item}
          focusable={item.key === current}
          selected={item.key === chosen}
          onFocus={() => setFocused(item.key)}
          onAct={() => (item.kind === "config" ? onChoose(item.key) : toggle(item.key, !item.open))}
        />
      ))}
      {!items.length && <p className="quiet">No project or config fits the filter.</p>}
    </div>
  );
}
