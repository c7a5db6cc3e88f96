/** Which jobs are listed, and in which order. */
import type { Job } from "../api/types";
import { isActive, isEnded } from "./state";

export const FILTERS = {
  all: "All",
  active: "Active",
  queued: "Queued",
  ended: "Ended",
} as const;
export type Filter = keyof typeof FILTERS;

const KEEPS: Readonly<Record<Filter, (job: Job) => boolean>> = {
  all: () => true,
  active: isActive,
  queued: (job) => job.status === "queued",
  ended: isEnded,
};

export const SORTS = {
  activity: "Active first",
  newest: "Newest first",
  oldest: "Oldest first",
  name: "By name",
  memory: "By memory",
} as const;
export type Sort = keyof typeof SORTS;

type Compare = (one: Job, other: Job) => number;

const newest: Compare = (one, other) => other.submitted_at - one.submitted_at || (one.queue_id < other.queue_id ? 1 : -1);
const rank = (job: Job): number => (isActive(job) ? 0 : job.status === "queued" ? 1 : 2);
const memory = (job: Job): number => job.usage?.memory_bytes ?? -1;

const COMPARES: Readonly<Record<Sort, Compare>> = {
  activity: (one, other) => rank(one) - rank(other) || newest(one, other),
  newest,
  oldest: (one, other) => newest(other, one),
  name: (one, other) => one.title.localeCompare(other.title) || newest(one, other),
  memory: (one, other) => memory(other) - memory(one) || newest(one, other),
};

/** The jobs that hold every word of `text`, in `sort`'s order. */
export function listed(jobs: readonly Job[], filter: Filter, text: string, sort: Sort): Job[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const holds = (job: Job): boolean => {
    if (!words.length) return true;
    const all = `${job.title} ${job.queue_id} ${job.output_dir} ${job.config} ${job.port ?? ""} ${job.status} ${job.error ?? ""}`;
    const lower = all.toLowerCase();
    return words.every((word) => lower.includes(word));
  };
  return jobs.filter((job) => KEEPS[filter](job) && holds(job)).sort(COMPARES[sort]);
}
