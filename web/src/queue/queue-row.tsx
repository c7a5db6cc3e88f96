import { useSortable } from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import { memo } from "react";
import type { Job } from "../api/types";
import { hrefOf } from "../app/route";
import { waitsOf } from "../jobs/state";
import { useJobActions } from "../jobs/use-job-actions";
import { Icon } from "../parts/icon";
import { shownBy } from "../viewer/kinds";
import { PriorityInput } from "./priority-input";

interface QueueRowProps {
  job: Job;
  place: number;
  onPriority: (queueId: string, priority: number) => void;
}

export const QueueRow = memo(function QueueRow({ job, place, onPriority }: QueueRowProps) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({
    id: job.queue_id,
  });
  const actions = useJobActions(job.queue_id);
  const { path } = shownBy(job);
  return (
    <li
      ref={setNodeRef}
      className="queue-row"
      aria-label={job.config}
      data-dragging={isDragging || undefined}
      style={{ transform: CSS.Translate.toString(transform), transition }}
    >
      <button
        type="button"
        ref={setActivatorNodeRef}
        className="grip"
        {...attributes}
        {...listeners}
        aria-label={`Move ${job.config}`}
        title="Drag, or Space and the arrow keys"
      >
        <Icon name="grip" />
      </button>
      <span className="queue-place">{place}</span>
      <div className="queue-what">
        <a className="card-title" href={hrefOf("jobs", job.queue_id)}>
          {job.config}
        </a>
        <span className="queue-title">{job.title}</span>
        <code className="path" title={path}>
          {path}
        </code>
      </div>
      <span className="queue-waits" title={job.waits_for ?? undefined}>
        {waitsOf(job)}
      </span>
      <label className="queue-priority">
        <span aria-hidden>Priority</span>
        <PriorityInput value={job.priority} onChange={(priority) => onPriority(job.queue_id, priority)} />
      </label>
      <button type="button" className="button button-small" disabled={actions.busy} onClick={actions.cancel}>
        Cancel
      </button>
    </li>
  );
});
