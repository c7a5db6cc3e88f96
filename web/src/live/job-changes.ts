/** The list of jobs, kept as GET /api/jobs gives it: active first, then the queued, then the ended; newest first. */
import type { Job } from "../api/types";

export type Change = { job: Job } | { removed: string };

/** The list after `changes`; the same list where nothing changed. */
export function applied(jobs: readonly Job[], changes: readonly Change[]): Job[] {
  const known = new Map(jobs.map((job) => [job.queue_id, job]));
  for (const change of changes) {
    if ("removed" in change) known.delete(change.removed);
    else known.set(change.job.queue_id, change.job);
  }
  return [...known.values()];
}
