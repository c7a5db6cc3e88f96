import type { Job } from "../../shared/api/types";
import { bytes } from "../../shared/format/bytes";
import { span } from "../../shared/format/seconds";
import styles from "./usage-note.module.css";

/** Port, placement, memory and CPU, as far as they are known. */
export function UsageNote({ job }: { job: Job }) {
  // A private viewer has no port, even if its params name one.
  const port = job.port ?? (job.job_params.private ? "none" : job.job_params.port);
  const facts: [string, string][] = [["port", String(port)]];
  if (job.placement) facts.push(["placement", job.placement]);
  if (typeof job.usage?.memory_bytes === "number") facts.push(["memory", bytes(job.usage.memory_bytes)]);
  if (typeof job.usage?.cpu_seconds === "number") facts.push(["CPU", cpu(job.usage.cpu_seconds)]);
  return (
    <dl className={styles["facts"]}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** CPU time; below a minute with tenths of a second. */
export function cpu(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : span(seconds);
}
