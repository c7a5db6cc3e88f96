import type { Job } from "../../shared/api/types";
import { bytes } from "../../shared/format/bytes";
import { dateTime, span } from "../../shared/format/seconds";
import { CommandLine, CopyButton } from "../../shared/parts/copy-button";
import { useNow } from "../../shared/live/clock";
import { nounOf, shownBy } from "../../shared/viewers/kinds";
import { journalLine, linkOf, statusLine } from "./commands";
import { LogdirNote } from "./logdir-note";
import { optionRows } from "./option-rows";
import { describeState, exitStatus, isEnded } from "../../shared/jobs/state";
import { cpu } from "./usage-note";
import styles from "./job-details.module.css";

type Row = readonly [name: string, value: React.ReactNode];

/** All details of one job. */
export function JobDetails({ job }: { job: Job }) {
  return (
    <div className={styles["details"]}>
      {isEnded(job) && job.error && <p className={job.status === "failed" ? "reason reason-bad" : "reason"}>{job.error}</p>}
      {job.notices.map((notice) => (
        <p key={notice} className="reason reason-warning">
          {notice}
        </p>
      ))}
      <Group name="State" rows={stateRows(job, useNow())} />
      <Group name={nounOf(job.job_type)} rows={viewerRows(job)} />
      <section className={styles["group"]}>
        <h2 className="group-title">Unit</h2>
        <Rows rows={unitRows(job)} />
        <CommandLine text={statusLine(job)} label="Copy the systemctl line" shown="systemctl" />
        <CommandLine text={journalLine(job)} label="Copy the journalctl line" shown="journalctl" />
      </section>
    </div>
  );
}

function Group({ name, rows }: { name: string; rows: readonly Row[] }) {
  return (
    <section className={styles["group"]}>
      <h2 className="group-title">{name}</h2>
      <Rows rows={rows} />
    </section>
  );
}

function Rows({ rows }: { rows: readonly Row[] }) {
  return (
    <dl className="rows">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Omits rows without a value. */
function withValues(rows: readonly (readonly [string, React.ReactNode | null | undefined])[]): Row[] {
  return rows.filter((row): row is Row => row[1] !== null && row[1] !== undefined && row[1] !== "");
}

function stateRows(job: Job, now: number): Row[] {
  const state = describeState(job, now);
  const at = (time: number | null): string | null => (time === null ? null : dateTime(time));
  const { usage } = job;
  return withValues([
    ["State", `${state.word}${state.detail ? ` (${state.detail})` : ""}`],
    ["Ended with", isEnded(job) ? exitStatus(job) : null],
    ["Owner", job.owner],
    ["Queued", at(job.submitted_at)],
    ["Started", at(job.started_at)],
    ["Ready", at(job.ready_at)],
    ["Finished", at(job.finished_at)],
    ["Up for", typeof usage?.uptime_seconds === "number" && job.started_at === null ? span(usage.uptime_seconds) : null],
    ["Memory", typeof usage?.memory_bytes === "number" ? bytes(usage.memory_bytes) : null],
    ["CPU", typeof usage?.cpu_seconds === "number" ? cpu(usage.cpu_seconds) : null],
    ["Read", typeof usage?.io_read_bytes === "number" ? bytes(usage.io_read_bytes) : null],
    ["Written", typeof usage?.io_write_bytes === "number" ? bytes(usage.io_write_bytes) : null],
  ]);
}

function viewerRows(job: Job): Row[] {
  const params = job.job_params;
  const { label, path } = shownBy(job);
  return withValues([
    [
      label,
      <>
        <code>{path}</code> <LogdirNote job={job} />
      </>,
    ],
    ...optionRows(job, true),
    [
      "Link",
      <span className={styles["link"]}>
        <code>{linkOf(job)}</code>
        <CopyButton text={linkOf(job)} label="Copy the link" />
      </span>,
    ],
    ["Service", job.service],
    ["Address", params.private ? null : `${job.host}:${job.port ?? params.port}`],
    ["Priority", String(job.priority)],
    ...optionRows(job, false),
    ["Project", job.project_dir === path ? null : <code>{job.project_dir}</code>],
  ]);
}

function unitRows(job: Job): Row[] {
  return withValues([
    ["Unit", <code>{job.unit}</code>],
    ["Job", <code>{job.queue_id}</code>],
    ["Placement", job.placement === "socket" ? "socket: started when it is opened, sleeps when idle" : job.placement === "direct" ? "direct: on a port of its own" : null],
    ["Process", job.pid],
    ["Protections", job.protections.join(", ")],
    ["Invocation", job.invocation_id && <code>{job.invocation_id}</code>],
  ]);
}
