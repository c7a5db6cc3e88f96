import { useQuery } from "@tanstack/react-query";
import { memo } from "react";
import { meQuery } from "../../shared/api/queries";
import { shortTime } from "../../shared/format/seconds";
import { hrefOf } from "../../shared/route";
import { Icon } from "../../shared/parts/icon";
import { iconOf, nounOf, shownBy } from "../../shared/viewers/kinds";
import { JobButtons } from "./job-buttons";
import type { JobItemProps } from "./job-item";
import { LogdirNote } from "./logdir-note";
import { OpenLink } from "./open-link";
import { SelectJob } from "./select-job";
import { StateBadge } from "./state-badge";
import { isActive } from "../../shared/jobs/state";
import { UsageNote } from "./usage-note";
import styles from "./job-card.module.css";

/** A summary of one job. Its title links to its details and its TTY. */
export const JobCard = memo(function JobCard({ job, selected, checked, onCheck }: JobItemProps) {
  const { path } = shownBy(job);
  const me = useQuery(meQuery);
  return (
    <article className={styles["card"]} data-selected={selected || undefined} data-status={job.status} aria-label={job.title}>
      <div className={styles["head"]}>
        <SelectJob job={job} checked={checked} onCheck={onCheck} />
        <span className={styles["kind"]} title={nounOf(job.job_type)}>
          <Icon name={iconOf(job.job_type)} />
        </span>
        <a className="item-title" href={hrefOf("jobs", job.queue_id)} aria-current={selected || undefined}>
          {job.title}
        </a>
        {job.owner && me.data && job.owner !== me.data.user && <span className="tag">of {job.owner}</span>}
        {job.service && <span className="tag">{job.service === job.title ? "service" : `service ${job.service}`}</span>}
        <StateBadge job={job} />
      </div>
      <div className={styles["actions"]}>
        {isActive(job) && <OpenLink job={job} />}
        <JobButtons job={job} />
      </div>
      <div className={styles["line"]}>
        <code className="path" title={path}>
          {path}
        </code>
        <LogdirNote job={job} />
      </div>
      <div className={`${styles["line"]} ${styles["low"]}`}>
        <code>{job.config}</code>
        <UsageNote job={job} />
        <span>
          {job.finished_at === null ? "queued" : "ended"} {shortTime(job.finished_at ?? job.submitted_at)}
        </span>
      </div>
      {job.notices.map((notice) => (
        <p key={notice} className="field-warning">
          {notice}
        </p>
      ))}
    </article>
  );
});
