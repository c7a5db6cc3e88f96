import * as Tabs from "@radix-ui/react-tabs";
import { lazy, Suspense, useEffect } from "react";
import type { Job } from "../api/types";
import { go, hrefOf } from "../app/route";
import { Empty } from "../parts/empty";
import { Icon } from "../parts/icon";
import { JobButtons } from "./job-buttons";
import { JobDetails } from "./job-details";
import { OpenLink } from "./open-link";
import { StateBadge } from "./state-badge";
import { isActive } from "./state";

const TtyTab = lazy(() => import("../tty/tty-tab"));

/** One job: its details and its TTY. */
export default function JobPanel({ job, tab }: { job: Job | undefined; tab: string | null }) {
  useEffect(() => {
    const leave = (event: KeyboardEvent): void => {
      // Escape belongs to a dialog, a menu or a field first.
      const inside = event.target instanceof Element && event.target.closest("[role=dialog], [role=menu], input, textarea");
      if (event.key === "Escape" && !event.defaultPrevented && !inside) go(hrefOf("jobs"));
    };
    window.addEventListener("keydown", leave);
    return () => window.removeEventListener("keydown", leave);
  }, []);
  return (
    <section className="view job-panel" aria-label={job ? `Job ${job.title}` : "Job"}>
      <header className="view-head">
        <h1>{job?.title ?? "Job"}</h1>
        {job && <StateBadge job={job} />}
        <a className="icon-button push" href={hrefOf("jobs")} aria-label="Close the job" title="Close">
          <Icon name="close" />
        </a>
      </header>
      {job ? <Inside job={job} tab={tab} /> : <Empty title="This job is not there any more" />}
    </section>
  );
}

function Inside({ job, tab }: { job: Job; tab: string | null }) {
  return (
    <Tabs.Root
      className="tabs"
      value={tab === "tty" ? "tty" : "details"}
      onValueChange={(value) => go(hrefOf("jobs", job.queue_id, value === "tty" ? "tty" : null))}
    >
      <div className="tab-bar">
        <Tabs.List aria-label="Job" className="tab-list">
          <Tabs.Trigger value="details">Details</Tabs.Trigger>
          <Tabs.Trigger value="tty">TTY</Tabs.Trigger>
        </Tabs.List>
        <div className="card-actions">
          {isActive(job) && <OpenLink job={job} />}
          <JobButtons job={job} />
        </div>
      </div>
      <Tabs.Content value="details" className="tab">
        <JobDetails job={job} />
      </Tabs.Content>
      <Tabs.Content value="tty" className="tab tab-tty">
        <Suspense fallback={null}>
          <TtyTab job={job} />
        </Suspense>
      </Tabs.Content>
    </Tabs.Root>
  );
}
