import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import type { Job } from "../api/types";
import { JobCard } from "./job-card";

/** A card of two lines, in px; what is really drawn is measured. */
const ESTIMATE = 92;

/** The cards in sight, and a few around them: thousands of jobs cost what a screenful costs. */
export function JobList({ jobs, selected }: { jobs: readonly Job[]; selected: string | null }) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: jobs.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ESTIMATE,
    getItemKey: (index) => jobs[index]!.queue_id,
    overscan: 6,
    gap: 8,
  });
  return (
    <div ref={scroller} className="job-list" data-testid="job-list">
      <div role="list" aria-label="Jobs" className="virtual" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => (
          <div
            key={item.key}
            ref={virtual.measureElement}
            data-index={item.index}
            role="listitem"
            aria-setsize={jobs.length}
            aria-posinset={item.index + 1}
            className="virtual-item"
            style={{ transform: `translateY(${item.start}px)` }}
          >
            <JobCard job={jobs[item.index]!} selected={jobs[item.index]!.queue_id === selected} />
          </div>
        ))}
      </div>
    </div>
  );
}
