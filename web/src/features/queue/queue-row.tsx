import { useSortable } from "@dnd-kit/sortable";
import { CSS } from "@dnd-kit/utilities";
import { memo } from "react";
import type { Job } from "../../shared/api/types";
import { hrefOf } from "../../shared/route";
import { waitReason } from "../../shared/jobs/state";
import { useJobActions } from "../../shared/jobs/use-job-actions";
import { Icon } from "../../shared/parts/icon";
import { shownBy } from "../../shared/viewers/kinds";
import { PriorityInput } from "./priority-input";
import styles from "./queue.module.css";

interface QueueRowProps {
  job: Job;
  place: number;
  onPriority: (queueId: string, priority: number) => void;
}

export const QueueRow = memo(function QueueRow({ job, place, onPriority }: QueueRowProps) {
  const { attributes, listeners, setNodeRef, setActivatorNodeRef, transform, transition, isDragging } = useSortable({
    id: job.queue_id,
  });
  const actions = useJobActions(job);
  const { path } = shownBy(job);
  return (
    <li
      ref={setNodeRef}
      className={styles["row"]}
      aria-label={job.config}
      data-dragging={isDragging || undefined}
      style={{ transform: CSS.Translate.toString(transform), transition }}
    >
      <button
        type="button"
        ref={setActivatorNodeRef}
        className={styles["grip"]}
        {...attributes}
        {...listeners}
        aria-label={`Move ${job.config}`}
        title="Drag, or Space and the arrow keys"
      >
        <Icon name="grip" />
      </button>
      <span className={styles["place"]}>{place}</span>
      <div className={styles["what"]}>
        <a className="item-title" href={hrefOf("jobs", job.queue_id)}>
          {job.config}
        </a>
        <span className={styles["title"]} data-testid="title">{job.title}</span>
        <code className="path" title={path}>
          {path}
        </code>
      </div>
      <span className={styles["waits"]} title={job.waits_for ?? undefined}>
        {waitReason(job)}
      </span>
      <label className={styles["label"]}>
        <span aria-hidden>Priority</span>
        <PriorityInput value={job.priority} onChange={(priority) => onPriority(job.queue_id, priority)} />
      </label>
      <button type="button" className="button button-small" disabled={actions.busy} onClick={actions.cancel}>
        Cancel
      </button>
    </li>
  );
});
