import type { Job } from "../api/types";

/** The lines that show a job's unit to who has a shell. */
export function statusLine(job: Job): string {
  return `systemctl --${job.scope} status ${job.unit}`;
}

export function journalLine(job: Job): string {
  return `journalctl --${job.scope} -u ${job.unit}`;
}
