/** Applies changes of jobs to all cached queries. */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { endedCountQuery, HISTORY, jobsQuery } from "../api/queries";
import type { Page } from "../api/request";
import type { Job } from "../api/types";
import { isEnded } from "./state";
import { withChanges, type Change } from "./job-changes";

type Pages = InfiniteData<Page<Job>, string>;

export function applyChanges(client: QueryClient, changes: readonly Change[]): void {
  client.setQueryData(jobsQuery.queryKey, (jobs: Job[] | undefined) => jobs && withChanges(jobs, changes));
  for (const change of changes) {
    if ("job" in change) client.setQueryData(["job", change.job.queue_id], change.job);
  }
  const removed = new Set(changes.flatMap((change) => ("removed" in change ? [change.removed] : [])));
  if (removed.size) {
    for (const id of removed) client.setQueryData(["job", id], null);
    client.setQueriesData<Pages>({ queryKey: [...HISTORY, "pages"] }, (data) => data && without(data, removed));
  }
  if (removed.size || changes.some((change) => "job" in change && isEnded(change.job))) {
    void client.invalidateQueries({ queryKey: endedCountQuery.queryKey });
  }
}

/** Cached jobs may be stale: refetch the visible ones. */
export function refetchJobs(client: QueryClient): void {
  void client.invalidateQueries({ queryKey: jobsQuery.queryKey });
  void client.invalidateQueries({ queryKey: ["job"] });
  // From the first page: the pages loaded before no longer fit together.
  void client.resetQueries({ queryKey: HISTORY });
}

function without(data: Pages, removed: ReadonlySet<string>): Pages {
  const withoutRemoved = (page: Page<Job>): Page<Job> => ({ ...page, items: page.items.filter((job) => !removed.has(job.queue_id)) });
  return { ...data, pages: data.pages.map(withoutRemoved) };
}
