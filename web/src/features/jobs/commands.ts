import type { Job } from "../../shared/api/types";
import { wholeAddress } from "../../shared/own-address";

/** Command lines that show the unit of a job in a shell, and the link to its viewer. */
export function statusLine(job: Job): string {
  return `systemctl --${job.scope} status ${job.unit}`;
}

export function journalLine(job: Job): string {
  return `journalctl --${job.scope} -u ${job.unit}`;
}

/** The address of the viewer through this server, behind the sign-in. */
export function linkOf(job: Job): string {
  return wholeAddress(job.url);
}
