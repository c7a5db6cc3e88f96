import type { Job } from "../api/types";
import { bytes } from "../format/bytes";
import { span } from "../format/seconds";

/** Port, placement, memory and CPU, each where it is known. */
export function UsageNote({ job }: { job: Job }) {
  // What is private has none, whatever its params say.
  const port = job.port ?? (job.job_params.private ? "none" : job.job_params.port);
  const facts: [string, string][] = [["port", String(port)]];
  if (job.placement) facts.push(["placement", job.placement]);
  if (typeof job.usage?.memory_bytes === "number") facts.push(["memory", bytes(job.usage.memory_bytes)]);
  if (typeof job.usage?.cpu_seconds === "number") facts.push(["CPU", cpu(job.usage.cpu_seconds)]);
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Seconds of CPU, with a tenth while they are few. */
export function cpu(seconds: number): string {
  return seconds < 60 ? `${seconds.toFixed(1)} s` : span(seconds);
}
