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
import { jobsQuery, schedulerQuery } from "../api/queries";
import type { Job } from "../api/types";
import { counted } from "../format/counted";
import { Empty } from "../parts/empty";
import { Icon } from "../parts/icon";
import "../style/queue.css";
import { QueueRow } from "./queue-row";
import { dispatchOrder, moved } from "./reorder";
import { usePriority } from "./use-priority";
import { useSchedulerSwitch } from "./use-scheduler-switch";

export default function QueueView() {
  const jobs = useQuery(jobsQuery).data;
  const order = useMemo(() => dispatchOrder((jobs ?? []).filter((job) => job.status === "queued")), [jobs]);
  const { mutate } = usePriority();
  const onPriority = useCallback((queue_id: string, priority: number) => mutate([{ queue_id, priority }]), [mutate]);
  const sensors = useSensors(
    useSensor(PointerSensor, { activationConstraint: { distance: 4 } }),
    useSensor(KeyboardSensor, { coordinateGetter: sortableKeyboardCoordinates }),
  );
  const onDragEnd = ({ active, over }: DragEndEvent): void => {
    const at = (id: unknown): number => order.findIndex((job) => job.queue_id === id);
    if (over) mutate(moved(order, at(active.id), at(over.id)));
  };
  return (
    <section className="view" aria-label="Queue">
      <header className="view-head">
        <h1>Queue</h1>
        <span className="quiet">
          {order.length > 0 && counted(order.length, "job")}
          {order.length > 0 && <span className="wide-only">, in the order in which they start</span>}
        </span>
        <SchedulerButton />
      </header>
      {jobs && !order.length && (
        <Empty title="Nothing waits">
          <p>
            A job waits here while its port is held by another, while as many run as may, or while the scheduler is
            paused.
          </p>
        </Empty>
      )}
      {/* The ids would otherwise be counted up with each visit, and the described-by with them. */}
      <DndContext
        id="queue"
        sensors={sensors}
        collisionDetection={closestCenter}
        onDragEnd={onDragEnd}
        accessibility={{ announcements: announcementsOf(order) }}
      >
        <SortableContext items={order.map((job) => job.queue_id)} strategy={verticalListSortingStrategy}>
          <ol className="queue-list" aria-label="Queued jobs">
            {order.map((job, index) => (
              <QueueRow key={job.queue_id} job={job} place={index + 1} onPriority={onPriority} />
            ))}
          </ol>
        </SortableContext>
      </DndContext>
    </section>
  );
}

/** What a screen reader says while a job is moved: by its name and its place, not by its id. */
function announcementsOf(order: readonly Job[]): Announcements {
  const at = (id: UniqueIdentifier): number => order.findIndex((job) => job.queue_id === id);
  const named = (id: UniqueIdentifier): string => order[at(id)]?.title ?? "The job";
  const place = (id: UniqueIdentifier): string => `place ${at(id) + 1} of ${order.length}`;
  return {
    onDragStart: ({ active }) => `Picked up ${named(active.id)}, ${place(active.id)}.`,
    onDragOver: ({ active, over }) => (over ? `${named(active.id)} is over ${place(over.id)}.` : undefined),
    onDragEnd: ({ active, over }) => (over ? `${named(active.id)} was put at ${place(over.id)}.` : undefined),
    onDragCancel: ({ active }) => `${named(active.id)} stays at ${place(active.id)}.`,
  };
}

function SchedulerButton() {
  const scheduler = useQuery(schedulerQuery).data;
  const turn = useSchedulerSwitch();
  if (!scheduler) return null;
  return (
    <button
      type="button"
      className="button button-small push"
      disabled={turn.isPending}
      onClick={() => turn.mutate(!scheduler.enabled)}
    >
      <Icon name={scheduler.enabled ? "pause" : "play"} />
      {scheduler.enabled ? "Pause the scheduler" : "Resume the scheduler"}
    </button>
  );
}
