/** Undoes the removal of ended jobs, which the server keeps for a minute. */
import type { QueryClient } from "@tanstack/react-query";
import { messageOf, request } from "../api/request";
import type { Restored } from "../api/types";
import { plural } from "../format/plural";
import { refetchJobs } from "./apply-changes";
import { showToast } from "../parts/toasts";

/** The server accepts a body of 1 MiB. */
const IDS_IN_A_REQUEST = 10_000;

export async function restoreJobs(client: QueryClient, queueIds: readonly string[]): Promise<void> {
  try {
    let count = 0;
    for (let start = 0; start < queueIds.length; start += IDS_IN_A_REQUEST) {
      const body = { queue_ids: queueIds.slice(start, start + IDS_IN_A_REQUEST) };
      count += (await request<Restored>("POST", "/api/jobs/restore", body)).count;
    }
    showToast(`${plural(count, "job")} restored.`);
  } catch (error) {
    showToast(messageOf(error), "error");
  }
  refetchJobs(client);
}
