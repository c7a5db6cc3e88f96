/** Changes of the list of jobs. */
import type { Job } from "../api/types";

export type Change = { job: Job } | { removed: string };

/** `jobs` with `changes` applied. */
export function withChanges(jobs: readonly Job[], changes: readonly Change[]): Job[] {
  const known = new Map(jobs.map((job) => [job.queue_id, job]));
  for (const change of changes) {
    if ("removed" in change) known.delete(change.removed);
    else known.set(change.job.queue_id, change.job);
  }
  return [...known.values()];
}
