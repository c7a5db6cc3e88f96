import { useQuery } from "@tanstack/react-query";
import { memo } from "react";
import { meQuery } from "../api/queries";
import type { Job } from "../api/types";
import { hrefOf } from "../app/route";
import { CopyButton } from "../parts/copy-button";
import { Icon } from "../parts/icon";
import { iconOf, nounOf, shownBy } from "../viewer/kinds";
import { journalLine, statusLine } from "./commands";
import { JobButtons } from "./job-buttons";
import { LogdirNote } from "./logdir-note";
import { OpenLink } from "./open-link";
import { StateBadge } from "./state-badge";
import { isActive } from "./state";
import { UsageNote } from "./usage-note";

interface JobCardProps {
  job: Job;
  selected: boolean;
}

/** One job at a glance. Its name leads to its details and its TTY. */
export const JobCard = memo(function JobCard({ job, selected }: JobCardProps) {
  const { path } = shownBy(job);
  const me = useQuery(meQuery);
  return (
    <article className="card" data-selected={selected || undefined} data-status={job.status} aria-label={job.title}>
      <div className="card-head">
        <span className="card-kind" title={nounOf(job.job_type)}>
          <Icon name={iconOf(job.job_type)} />
        </span>
        <a className="card-title" href={hrefOf("jobs", job.queue_id)} aria-current={selected || undefined}>
          {job.title}
        </a>
        {job.owner && me.data && job.owner !== me.data.user && <span className="tag">of {job.owner}</span>}
        {job.service && <span className="tag">{job.service === job.title ? "service" : `service ${job.service}`}</span>}
        <StateBadge job={job} />
      </div>
      <div className="card-actions">
        {isActive(job) && <OpenLink job={job} />}
        <JobButtons job={job} />
      </div>
      <div className="card-line">
        <code className="path" title={path}>
          {path}
        </code>
        <LogdirNote job={job} />
      </div>
      <div className="card-line card-low">
        <UsageNote job={job} />
        <span className="unit">
          <code title={job.unit}>{job.unit}</code>
          <CopyButton text={statusLine(job)} label="Copy the systemctl line" />
          <CopyButton text={journalLine(job)} label="Copy the journalctl line" />
        </span>
      </div>
      {job.notices?.map((notice) => (
        <p key={notice} className="field-warning">
          {notice}
        </p>
      ))}
    </article>
  );
});
