/** The filters and orders of the list of jobs. */
import type { Job } from "../../shared/api/types";
import { describeState, isActive, isEnded } from "../../shared/jobs/state";

export const FILTERS = {
  all: "All",
  active: "Active",
  queued: "Queued",
  ended: "Ended",
} as const;
export type Filter = keyof typeof FILTERS;
export const isFilter = (name: string): name is Filter => Object.hasOwn(FILTERS, name);

const MATCHES: Readonly<Record<Filter, (job: Job) => boolean>> = {
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
export const isSort = (name: string): name is Sort => Object.hasOwn(SORTS, name);

type Compare = (one: Job, other: Job) => number;

/** The time at which it ended, else at which it was submitted: the server orders ended jobs by it. */
const time = (job: Job): number => job.finished_at ?? job.submitted_at;
const byId: Compare = (one, other) => (one.queue_id < other.queue_id ? -1 : Number(one.queue_id > other.queue_id));
const newest: Compare = (one, other) => time(other) - time(one) || byId(other, one);
const rank = (job: Job): number => (isActive(job) ? 0 : job.status === "queued" ? 1 : 2);
const memory = (job: Job): number => job.usage?.memory_bytes ?? -1;
const byName: Compare = (one, other) => {
  const [name, otherName] = [one.title.toLowerCase(), other.title.toLowerCase()];
  return name < otherName ? -1 : name > otherName ? 1 : byId(one, other);
};

const COMPARES: Readonly<Record<Sort, Compare>> = {
  activity: (one, other) => rank(one) - rank(other) || newest(one, other),
  newest,
  oldest: (one, other) => newest(other, one),
  name: byName,
  memory: (one, other) => memory(other) - memory(one) || newest(one, other),
};

/** The order in which to request the ended jobs for a list ordered by `sort`. */
export function orderOf(sort: Sort): "newest" | "oldest" | "name" {
  return sort === "oldest" || sort === "name" ? sort : "newest";
}

/** The jobs that contain every word of `text`, ordered by `sort`. */
export function listed(jobs: readonly Job[], filter: Filter, text: string, sort: Sort): Job[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const matches = (job: Job): boolean => {
    if (!words.length) return true;
    const all = `${job.title} ${job.queue_id} ${job.output_dir} ${job.config} ${job.port ?? ""} ${job.status} ${describeState(job, 0).word} ${job.error ?? ""}`;
    const lower = all.toLowerCase();
    return words.every((word) => lower.includes(word));
  };
  return jobs.filter((job) => MATCHES[filter](job) && matches(job)).sort(COMPARES[sort]);
}

/**
 * The cached jobs together with the loaded pages of ended jobs.
 *
 * A cached job that ended before the last loaded page is omitted, since the pages between are missing.
 */
export function withHistory(present: readonly Job[], history: readonly Job[], isWhole: boolean, sort: Sort): Job[] {
  const last = history.at(-1);
  const compare = COMPARES[sort];
  const shown = new Map(history.map((job) => [job.queue_id, job]));
  for (const job of present) {
    if (!isEnded(job) || isWhole || last === undefined || compare(job, last) <= 0) shown.set(job.queue_id, job);
  }
  return [...shown.values()];
}

/** Ended jobs in the overview, the last ones. */
const ENDED_SHOWN = 20;

/** All jobs that have not ended, and the first of the ended ones, of `jobs` in order. */
export function overview(jobs: readonly Job[]): readonly Job[] {
  const ended = jobs.findIndex(isEnded);
  return ended < 0 ? jobs : jobs.slice(0, ended + ENDED_SHOWN);
}
