/** What we say ourselves among a job's lines, set apart from them. */
import type { Job } from "../api/types";
import { exitOf } from "../jobs/state";

const YELLOW = "\x1b[33m";
const PLAIN = "\x1b[0m";

export function mark(text: string): string {
  return `${YELLOW}-- ${text} --${PLAIN}\r\n`;
}

export function droppedMark(count: number): string {
  return mark(`journald dropped ${count} ${count === 1 ? "line" : "lines"}`);
}

export function reconnectedMark(now: Date): string {
  return mark(`reconnected ${now.toLocaleTimeString()}`);
}

export function endMark(job: Job): string {
  return mark([`ended: ${job.status}`, job.error ?? exitOf(job)].filter(Boolean).join(", "));
}
