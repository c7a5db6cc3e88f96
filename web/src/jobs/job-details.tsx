import type { Job } from "../api/types";
import { bytes } from "../format/bytes";
import { moment, span } from "../format/seconds";
import { CommandLine } from "../parts/copy-button";
import { useNow } from "../live/clock";
import { nounOf, shownBy } from "../viewer/kinds";
import { journalLine, statusLine } from "./commands";
import { LogdirNote } from "./logdir-note";
import { exitOf, isEnded, shown } from "./state";
import { cpu } from "./usage-note";

type Row = readonly [name: string, value: React.ReactNode];

/** Everything that is known of one job. */
export function JobDetails({ job }: { job: Job }) {
  return (
    <div className="details">
      {isEnded(job) && job.error && <p className={job.status === "failed" ? "reason reason-bad" : "reason"}>{job.error}</p>}
      {job.notices?.map((notice) => (
        <p key={notice} className="reason reason-warning">
          {notice}
        </p>
      ))}
      <Group name="State" rows={stateRows(job, useNow())} />
      <Group name={nounOf(job.job_type)} rows={optionRows(job)} />
      <section className="detail-group">
        <h2 className="group-title">Unit</h2>
        <Rows rows={unitRows(job)} />
        <CommandLine text={statusLine(job)} label="Copy the systemctl line" />
        <CommandLine text={journalLine(job)} label="Copy the journalctl line" />
      </section>
    </div>
  );
}

function Group({ name, rows }: { name: string; rows: readonly Row[] }) {
  return (
    <section className="detail-group">
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

/** The rows that say something. */
function said(rows: readonly (readonly [string, React.ReactNode | null | undefined])[]): Row[] {
  return rows.filter((row): row is Row => row[1] !== null && row[1] !== undefined && row[1] !== "");
}

function stateRows(job: Job, now: number): Row[] {
  const state = shown(job, now);
  const at = (time: number | null): string | null => (time === null ? null : moment(time));
  const { usage } = job;
  return said([
    ["State", `${state.word}${state.more ? ` (${state.more})` : ""}`],
    ["Ended with", isEnded(job) ? exitOf(job) : null],
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

function optionRows(job: Job): Row[] {
  const params = job.job_params;
  const { label, path } = shownBy(job);
  const idle = params.idle_timeout;
  return said([
    [
      label,
      <>
        <code>{path}</code> <LogdirNote job={job} />
      </>,
    ],
    ["Window title", params.window_title],
    ["Service", job.service],
    ["Address", params.private ? null : `${job.host}:${job.port ?? params.port}`],
    ["Priority", String(job.priority)],
    ["Reload interval", typeof params.reload_interval === "number" ? span(params.reload_interval) : null],
    ["Reload multifile", params.reload_multifile ? "yes" : null],
    ["Samples per plugin", params.samples_per_plugin && <code>{params.samples_per_plugin}</code>],
    ["Strict", params.strict ? "yes" : null],
    ["Live reload", params.livereload === false ? "no" : null],
    ["Watched", params.watch?.length ? <code>{params.watch.join(", ")}</code> : null],
    ["Idle timeout", typeof idle === "number" ? span(idle) : idle],
    ["Private", params.private ? "yes" : null],
    ["Memory limit", typeof params.memory_max === "number" ? bytes(params.memory_max) : params.memory_max],
    ["Project", job.project_dir === path ? null : <code>{job.project_dir}</code>],
  ]);
}

function unitRows(job: Job): Row[] {
  return said([
    ["Unit", <code>{job.unit}</code>],
    ["Job", <code>{job.queue_id}</code>],
    ["Placement", job.placement === "socket" ? "socket: started when it is opened, sleeps when idle" : job.placement === "direct" ? "direct: on a port of its own" : null],
    ["Process", job.pid],
    ["Protections", job.protections?.length ? job.protections.join(", ") : null],
    ["Invocation", job.invocation_id && <code>{job.invocation_id}</code>],
  ]);
}
