import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useMemo, useRef } from "react";
import type { Job } from "../../shared/api/types";
import { JobCard } from "./job-card";
import { JobRow, RowHead } from "./job-row";
import { useRovingFocus } from "./use-roving-focus";
import styles from "./job-list.module.css";

/** The height of a card or a row in px, before it is measured. */
const ESTIMATED_HEIGHT = { cards: 76, table: 36 } as const;
/** Between two of them, in px. */
const GAP = { cards: 8, table: 0 } as const;

export type Layout = keyof typeof GAP;
export const isLayout = (stored: unknown): stored is Layout => stored === "cards" || stored === "table";

/** Load more jobs when this many cards are left below the last visible one. */
const LOAD_AHEAD = 20;

interface JobListProps {
  jobs: readonly Job[];
  selected: string | null;
  /** Those that an action on several jobs includes. */
  checked: ReadonlySet<string>;
  onCheck: (queueId: string) => void;
  layout: Layout;
  /** The number of jobs, more than `jobs` if not all are loaded. */
  total: number;
  /** Called when the last visible card is near the end of `jobs`. */
  onNearEnd: () => void;
  /** Shown below the last job. */
  children?: React.ReactNode;
}

/** A virtual list: renders only the visible cards and a few around them. */
export function JobList({ jobs, selected, checked, onCheck, layout, total, onNearEnd, children }: JobListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const ids = useMemo(() => jobs.map((job) => job.queue_id), [jobs]);
  const focus = useRovingFocus(scroller, ids, selected, (index) => virtual.scrollToIndex(index));
  const virtual = useVirtualizer({
    count: jobs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ESTIMATED_HEIGHT[layout],
    getItemKey: (index) => jobs[index]!.queue_id,
    // The card that the Tab key leads to is always rendered.
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      if (!jobs.length || shown.includes(focus.at)) return shown;
      return focus.at < (shown[0] ?? 0) ? [focus.at, ...shown] : [...shown, focus.at];
    },
    overscan: 6,
    gap: GAP[layout],
  });
  const items = virtual.getVirtualItems();
  const Item = layout === "table" ? JobRow : JobCard;
  // The items have other heights in the other layout.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the layout is the reason to measure.
  useLayoutEffect(() => virtual.measure(), [layout, virtual]);
  const isNear = (virtual.range?.endIndex ?? 0) >= jobs.length - LOAD_AHEAD;
  useEffect(() => {
    if (isNear) onNearEnd();
  }, [isNear, onNearEnd]);
  return (
    <div ref={scroller} className={styles["list"]} data-layout={layout} onFocus={focus.onFocus} onBlur={focus.onBlur} onKeyDown={focus.onKeyDown}>
      {layout === "table" && <RowHead />}
      <div role="list" aria-label="Jobs" className="virtual" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => (
          <div
            key={item.key}
            ref={virtual.measureElement}
            data-index={item.index}
            role="listitem"
            aria-setsize={Math.max(total, jobs.length)}
            aria-posinset={item.index + 1}
            className="virtual-item"
            style={{ transform: `translateY(${item.start}px)` }}
          >
            <Item
              job={jobs[item.index]!}
              selected={jobs[item.index]!.queue_id === selected}
              checked={checked.has(jobs[item.index]!.queue_id)}
              onCheck={onCheck}
            />
          </div>
        ))}
      </div>
      {children}
    </div>
  );
}
