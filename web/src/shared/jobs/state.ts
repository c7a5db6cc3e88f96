/** How the state of a job is shown. */
import type { Ended, Job } from "../api/types";
import { span } from "../format/seconds";

export type Tone = "good" | "busy" | "rest" | "wait" | "bad" | "over";

export interface StateLabel {
  word: string;
  tone: Tone;
  /** A duration or a reason; may be empty. */
  detail: string;
}

export const isActive = (job: Job): boolean => ["starting", "running", "sleeping"].includes(job.status);
export const isEnded = (job: Job): boolean => ["done", "failed", "aborted"].includes(job.status);

/** The job's state at `now` (seconds since the epoch). */
export function describeState(job: Job, now: number): StateLabel {
  if (job.stop_requested && isActive(job)) return { word: "stopping", tone: "busy", detail: "" };
  switch (job.status) {
    case "queued":
      return { word: "queued", tone: "wait", detail: waitReason(job) };
    case "starting":
      return { word: "starting", tone: "busy", detail: span(now - (job.started_at ?? now)) };
    case "running":
      return { word: "running", tone: "good", detail: `for ${span(now - (job.ready_at ?? job.started_at ?? now))}` };
    case "sleeping":
      return { word: "sleeping", tone: "rest", detail: "wakes when it is opened" };
    case "done":
    case "aborted":
      return { word: endWord(job.status), tone: "over", detail: describeEnd(job, now) };
    case "failed":
      return { word: endWord(job.status), tone: "bad", detail: describeEnd(job, now) };
  }
}

/** The word for the end of a job: a user stopped what the API calls aborted. */
export const endWord = (status: Ended): string => (status === "aborted" ? "stopped" : status);

/** Why a queued job has not started. */
export function waitReason(job: Job): string {
  if (!job.waits_for) return "next in line";
  return `waits: ${withoutJobIds(job.waits_for)}`;
}

/** The server's message with jobs named by their titles only, without their ids. */
export function withoutJobIds(message: string): string {
  return message.replace(/q_\d+_[0-9a-f]{8} \((.*)\)/, "$1");
}

function describeEnd(job: Job, now: number): string {
  const when = job.finished_at === null ? "" : `${span(now - job.finished_at)} ago`;
  return [job.error ?? exitStatus(job), when].filter(Boolean).join(", ");
}

/** `exit code 1` or `signal 9`; empty if no process ended. */
export function exitStatus(job: Job): string {
  if (job.signal !== null) return `signal ${job.signal}`;
  return job.exit_code !== null ? `exit code ${job.exit_code}` : "";
}
