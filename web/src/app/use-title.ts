/** The title of the browser's tab. */
import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { jobQuery, jobsQuery } from "../shared/api/queries";
import type { Job } from "../shared/api/types";
import { isActive } from "../shared/jobs/state";
import { VIEW_NAMES, type Route } from "../shared/route";

/** The shown job's title, else the view's name with the number that the sidebar shows beside it. */
export function titleOf({ view, item }: Route, jobs: readonly Job[], old: Job | null | undefined): string {
  if (view === "jobs" && item !== null) {
    const job = jobs.find((one) => one.queue_id === item) ?? old;
    return `${job?.title ?? VIEW_NAMES.jobs} - Forgather`;
  }
  const count = {
    projects: "",
    queue: note(jobs.filter((job) => job.status === "queued").length, "waiting"),
    jobs: note(jobs.filter(isActive).length, "active"),
  }[view];
  return `${VIEW_NAMES[view]}${count} - Forgather`;
}

const note = (count: number, word: string): string => (count ? ` (${count} ${word})` : "");

const NO_JOBS: readonly Job[] = [];

export function useTitle(route: Route): void {
  const jobs = useQuery(jobsQuery).data ?? NO_JOBS;
  // A job that ended long ago is in no list: its panel requests it.
  const old = useQuery({ ...jobQuery(route.item ?? ""), enabled: false }).data;
  const title = titleOf(route, jobs, old);
  useEffect(() => {
    document.title = title;
  }, [title]);
}
