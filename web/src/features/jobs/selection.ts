/** The selected jobs, and the actions that apply to them. */
import type { Job } from "../../shared/api/types";
import { isActive, isEnded } from "../../shared/jobs/state";

export const MANY_ACTIONS = {
  Kill: (job: Job) => isActive(job) && !job.stop_requested,
  Cancel: (job: Job) => job.status === "queued",
  Restart: isEnded,
  Remove: isEnded,
} as const;
export type ManyAction = keyof typeof MANY_ACTIONS;

/** The actions that apply to some of `jobs`, each with these jobs. */
export function applicable(jobs: readonly Job[]): (readonly [ManyAction, readonly Job[]])[] {
  return (Object.keys(MANY_ACTIONS) as ManyAction[])
    .map((action) => [action, jobs.filter(MANY_ACTIONS[action])] as const)
    .filter(([, able]) => able.length > 0);
}

/** `ids` with `id` added or removed. */
export function toggled(ids: ReadonlySet<string>, id: string): ReadonlySet<string> {
  const next = new Set(ids);
  if (!next.delete(id)) next.add(id);
  return next;
}
