/** What a job's state is called, and what it says. */
import type { Job } from "../api/types";
import { span } from "../format/seconds";

export type Tone = "good" | "busy" | "rest" | "wait" | "bad" | "over";

export interface Shown {
  word: string;
  tone: Tone;
  /** What stands behind the word: seconds, a reason. */
  more: string;
}

export const isActive = (job: Job): boolean => ["starting", "running", "sleeping"].includes(job.status);
export const isEnded = (job: Job): boolean => ["done", "failed", "aborted"].includes(job.status);

/** The job's state at `now` (seconds since the epoch). */
export function shown(job: Job, now: number): Shown {
  if (job.stop_requested && isActive(job)) return { word: "stopping", tone: "busy", more: "" };
  switch (job.status) {
    case "queued":
      return { word: "queued", tone: "wait", more: waitsOf(job) };
    case "starting":
      return { word: "starting", tone: "busy", more: span(now - (job.started_at ?? now)) };
    case "running":
      return { word: "running", tone: "good", more: `for ${span(now - (job.ready_at ?? job.started_at ?? now))}` };
    case "sleeping":
      return { word: "sleeping", tone: "rest", more: "wakes when it is opened" };
    case "done":
    case "aborted":
      return { word: job.status, tone: "over", more: ending(job, now) };
    case "failed":
      return { word: "failed", tone: "bad", more: ending(job, now) };
  }
}

/** What a queued job waits for. */
export function waitsOf(job: Job): string {
  if (!job.waits_for) return "next in line";
  return `waits: ${named(job.waits_for)}`;
}

/** A sentence of the server's in which a job is called by its title: the id before it is of no use to a reader. */
export function named(sentence: string): string {
  return sentence.replace(/q_\d+_[0-9a-f]{8} \((.*)\)/, "$1");
}

function ending(job: Job, now: number): string {
  const when = job.finished_at === null ? "" : `${span(now - job.finished_at)} ago`;
  return [job.error ?? exitOf(job), when].filter(Boolean).join(", ");
}

/** `exit code 1`, `signal 9`, or nothing where no process ended. */
export function exitOf(job: Job): string {
  if (job.signal !== null) return `signal ${job.signal}`;
  return job.exit_code !== null ? `exit code ${job.exit_code}` : "";
}
