import * as Tabs from "@radix-ui/react-tabs";
import { Suspense, useEffect } from "react";
import type { Job } from "../../shared/api/types";
import { hrefOf, navigate } from "../../shared/route";
import { Empty } from "../../shared/parts/empty";
import { Icon } from "../../shared/parts/icon";
import { JobButtons } from "./job-buttons";
import { JobDetails } from "./job-details";
import { OpenLink } from "./open-link";
import { StateBadge } from "./state-badge";
import { isActive } from "../../shared/jobs/state";
import styles from "./job-panel.module.css";

export type TtyComponent = React.ComponentType<{ job: Job }>;

interface JobPanelProps {
  job: Job | undefined;
  tab: string | null;
  TtyTab: TtyComponent;
}

/** One job: its details and its TTY. */
export default function JobPanel({ job, tab, TtyTab }: JobPanelProps) {
  useEffect(() => {
    const closeOnEscape = (event: KeyboardEvent): void => {
      // Escape in a dialog, a menu or a field does not close the panel.
      const inside = event.target instanceof Element && event.target.closest("[role=dialog], [role=menu], input, textarea");
      if (event.key === "Escape" && !event.defaultPrevented && !inside) navigate(hrefOf("jobs"));
    };
    window.addEventListener("keydown", closeOnEscape);
    return () => window.removeEventListener("keydown", closeOnEscape);
  }, []);
  return (
    <section className={`view ${styles["panel"]}`} aria-label={job ? `Job ${job.title}` : "Job"}>
      <header className="view-head">
        <h1>{job?.title ?? "Job"}</h1>
        {job && <StateBadge job={job} />}
        <a className="icon-button push" href={hrefOf("jobs")} aria-label="Close the job" title="Close">
          <Icon name="close" />
        </a>
      </header>
      {job ? <JobTabs job={job} tab={tab} TtyTab={TtyTab} /> : <Empty title="This job no longer exists" />}
    </section>
  );
}

function JobTabs({ job, tab, TtyTab }: JobPanelProps & { job: Job }) {
  return (
    <Tabs.Root
      className={styles["tabs"]}
      value={tab === "tty" ? "tty" : "details"}
      onValueChange={(value) => navigate(hrefOf("jobs", job.queue_id, value === "tty" ? "tty" : null))}
    >
      <div className={styles["bar"]}>
        <Tabs.List aria-label="Job" className={styles["list"]}>
          <Tabs.Trigger value="details">Details</Tabs.Trigger>
          <Tabs.Trigger value="tty">TTY</Tabs.Trigger>
        </Tabs.List>
        <div className={styles["actions"]}>
          {isActive(job) && <OpenLink job={job} />}
          <JobButtons job={job} />
        </div>
      </div>
      <Tabs.Content value="details" className={styles["tab"]}>
        <JobDetails job={job} />
      </Tabs.Content>
      <Tabs.Content value="tty" className={`${styles["tab"]} ${styles["tty"]}`}>
        <Suspense fallback={null}>
          <TtyTab job={job} />
        </Suspense>
      </Tabs.Content>
    </Tabs.Root>
  );
}
