/** The order of the queue, and the priorities that move a job in it. */
import type { Job } from "../../shared/api/types";

export type Queued = Pick<Job, "queue_id" | "priority" | "submitted_at">;

/** As the server dispatches: higher priority first, then the earlier submission, then the id. */
export function before(one: Queued, other: Queued): number {
  return other.priority - one.priority || one.submitted_at - other.submitted_at || (one.queue_id < other.queue_id ? -1 : 1);
}

export function dispatchOrder<T extends Queued>(queued: readonly T[]): T[] {
  return [...queued].sort(before);
}

export interface NewPriority {
  queue_id: string;
  priority: number;
}

/**
 * The priority changes that move the job at `from` to `to`: only its own if a priority fits between its new
 * neighbours, else also those of the jobs in front of it, raised by as little as possible.
 */
export function priorityChanges(order: readonly Queued[], from: number, to: number): NewPriority[] {
  const job = order[from];
  if (!job || from === to) return [];
  const rest = order.filter((_, index) => index !== from);
  const next = rest[to];
  const wanted = [...rest.slice(0, to), job];
  // From back to front: the lowest priority that keeps each job before the one behind it.
  const changes: NewPriority[] = [];
  let behind = next;
  for (let index = wanted.length - 1; index >= 0; index -= 1) {
    const one = wanted[index]!;
    const priority = one === job ? own(job, wanted[index - 1], behind) : behind && before(one, behind) > 0 ? lowest(one, behind) : one.priority;
    if (one !== job && priority === one.priority) break;
    if (priority !== one.priority) changes.push({ queue_id: one.queue_id, priority });
    behind = { ...one, priority };
  }
  return changes;
}

/** The moved job's priority: the nearest to its present one that lies between its neighbours, if there is one. */
function own(job: Queued, ahead: Queued | undefined, behind: Queued | undefined): number {
  const least = behind ? lowest(job, behind) : -Infinity;
  const most = ahead ? highest(job, ahead) : Infinity;
  return Math.max(least, Math.min(job.priority, most));
}

/** The lowest priority with which `one` goes before `behind`. */
function lowest(one: Queued, behind: Queued): number {
  const same = before({ ...one, priority: behind.priority }, behind) < 0;
  return behind.priority + (same ? 0 : 1);
}

/** The highest priority with which `one` still goes after `ahead`. */
function highest(one: Queued, ahead: Queued): number {
  const same = before(ahead, { ...one, priority: ahead.priority }) < 0;
  return ahead.priority - (same ? 0 : 1);
}
