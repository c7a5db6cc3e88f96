import {
  closestCenter,
  DndContext,
  KeyboardSensor,
  PointerSensor,
  useSensor,
  useSensors,
  type Announcements,
  type DragEndEvent,
  type UniqueIdentifier,
} from "@dnd-kit/core";
import { SortableContext, sortableKeyboardCoordinates, verticalListSortingStrategy } from "@dnd-kit/sortable";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { jobsQuery, schedulerQuery } from "../../shared/api/queries";
import type { Job } from "../../shared/api/types";
import { plural } from "../../shared/format/plural";
import { Empty } from "../../shared/parts/empty";
import { Icon } from "../../shared/parts/icon";
import { useViewerDialog } from "../../shared/viewers/dialog";
import { QueueRow } from "./queue-row";
import { dispatchOrder, priorityChanges } from "./reorder";
import { usePriority } from "./use-priority";
import { useSchedulerSwitch } from "./use-scheduler-switch";
import styles from "./queue.module.css";

export default function QueueView() {
  const jobs = useQuery(jobsQuery).data;
  const order = useMemo(() => dispatchOrder((jobs ?? []).filter((job) => job.status === "queued")), [jobs]);
  const { mutate } = usePriority();
  const openDialog = useViewerDialog();
  const onPriority = useCallback((queue_id: string, priority: number) => mutate([{ queue_id, priority }]), [mutate]);
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const onDragEnd = ({ active, over }: DragEndEvent): void => {
    const at = (id: unknown): number => order.findIndex((job) => job.queue_id === id);
    if (over) mutate(priorityChanges(order, at(active.id), at(over.id)));
  };
  return (
    <section className="view" aria-label="Queue">
      <header className="view-head">
        <h1>Queue</h1>
        <span className="quiet">
          {order.length > 0 && plural(order.length, "job")}
          {order.length > 0 && <span className="wide-only">, in the order in which they start</span>}
        </span>
        <SchedulerButton />
      </header>
      {jobs && !order.length && (
        <Empty title="The queue is empty">
          <p>
            A job waits here while its port is in use, while the run limit is reached, or while the scheduler is paused.
          </p>
          <button type="button" className="button" onClick={() => openDialog("tensorboard", { kind: "global" })}>
            Start a TensorBoard
          </button>
        </Empty>
      )}
      {/* A fixed id: generated ids, and aria-describedby with them, would differ with each visit. */}
      <DndContext
        id="queue"
        sensors={sensors}
        collisionDetection={closestCenter}
        onDragEnd={onDragEnd}
        accessibility={{ announcements: announcementsOf(order) }}
      >
        <SortableContext items={order.map((job) => job.queue_id)} strategy={verticalListSortingStrategy}>
          <ol className={styles["list"]} aria-label="Queued jobs">
            {order.map((job, index) => (
              <QueueRow key={job.queue_id} job={job} place={index + 1} onPriority={onPriority} />
            ))}
          </ol>
        </SortableContext>
      </DndContext>
    </section>
  );
}

/** The announcement for a screen reader while a job is moved: its title and its place. */
function announcementsOf(order: readonly Job[]): Announcements {
  const at = (id: UniqueIdentifier): number => order.findIndex((job) => job.queue_id === id);
  const titleOf = (id: UniqueIdentifier): string => order[at(id)]?.title ?? "The job";
  const place = (id: UniqueIdentifier): string => `place ${at(id) + 1} of ${order.length}`;
  return {
    onDragStart: ({ active }) => `Picked up ${titleOf(active.id)}, ${place(active.id)}.`,
    onDragOver: ({ active, over }) => (over ? `${titleOf(active.id)} is over ${place(over.id)}.` : undefined),
    onDragEnd: ({ active, over }) => (over ? `${titleOf(active.id)} was put at ${place(over.id)}.` : undefined),
    onDragCancel: ({ active }) => `${titleOf(active.id)} stays at ${place(active.id)}.`,
  };
}

function SchedulerButton() {
  const scheduler = useQuery(schedulerQuery).data;
  const setEnabled = useSchedulerSwitch();
  if (!scheduler) return null;
  return (
    <button
      type="button"
      className="button button-small push"
      disabled={setEnabled.isPending}
      onClick={() => setEnabled.mutate(!scheduler.enabled)}
    >
      <Icon name={scheduler.enabled ? "pause" : "play"} />
      {scheduler.enabled ? "Pause the scheduler" : "Resume the scheduler"}
    </button>
  );
}
