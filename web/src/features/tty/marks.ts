/** The page's own messages among a job's lines, in another colour. */
import type { Job } from "../../shared/api/types";
import { plural } from "../../shared/format/plural";
import { describeState, exitStatus } from "../../shared/jobs/state";

const YELLOW = "\x1b[33m";
const PLAIN = "\x1b[0m";

export function mark(text: string): string {
  return `${YELLOW}-- ${text} --${PLAIN}\r\n`;
}

/** `count` 0: unknown. */
export function droppedMark(count: number): string {
  return mark(count ? `journald dropped ${plural(count, "line")}` : "journald drops lines: its rate limit is reached");
}

export function unreadableMark(detail: string): string {
  return mark(detail);
}

export function reconnectedMark(now: Date): string {
  return mark(`reconnected ${now.toLocaleTimeString()}`);
}

export function endMark(job: Job): string {
  return mark([`ended: ${describeState(job, 0).word}`, job.error ?? exitStatus(job)].filter(Boolean).join(", "));
}
