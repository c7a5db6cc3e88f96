import { memo } from "react";
import type { Job } from "../../shared/api/types";
import { shortTime } from "../../shared/format/seconds";
import { isActive } from "../../shared/jobs/state";
import { hrefOf } from "../../shared/route";
import { nounOf, shownBy } from "../../shared/viewers/kinds";
import { JobButtons } from "./job-buttons";
import type { JobItemProps } from "./job-item";
import { OpenLink } from "./open-link";
import { SelectJob } from "./select-job";
import { StateBadge } from "./state-badge";
import styles from "./job-row.module.css";

/** One job in one line of the table. */
export const JobRow = memo(function JobRow({ job, selected, checked, onCheck }: JobItemProps) {
  const { path } = shownBy(job);
  return (
    <article className={styles["row"]} data-selected={selected || undefined} aria-label={job.title}>
      <SelectJob job={job} checked={checked} onCheck={onCheck} />
      <a className="item-title" href={hrefOf("jobs", job.queue_id)} aria-current={selected || undefined} title={nounOf(job.job_type)}>
        {job.title}
      </a>
      <StateBadge job={job} />
      <code className={`path ${styles["path"]}`} title={path}>
        <bdi>{path}</bdi>
      </code>
      <span className={styles["time"]}>{shortTime(timeOf(job))}</span>
      <div className={styles["actions"]}>
        {isActive(job) && <OpenLink job={job} />}
        <JobButtons job={job} />
      </div>
    </article>
  );
});

/** The columns of the table; screen readers get them from the rows. */
export function RowHead() {
  return (
    <div className={`${styles["row"]} ${styles["head"]}`} aria-hidden>
      <span />
      <span>Title</span>
      <span>State</span>
      <span className={styles["path"]}>Folder</span>
      <span className={styles["time"]}>Queued or ended</span>
      <span />
    </div>
  );
}

const timeOf = (job: Job): number => job.finished_at ?? job.submitted_at;
