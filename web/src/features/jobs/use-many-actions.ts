/** Actions on several jobs at once, with one Undo for all of them. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { messageOf, request } from "../../shared/api/request";
import type { Job } from "../../shared/api/types";
import { plural } from "../../shared/format/plural";
import { refetchJobs } from "../../shared/jobs/apply-changes";
import { restoreJobs } from "../../shared/jobs/restore-jobs";
import { sendControl, startAgain } from "../../shared/jobs/use-job-actions";
import { showToast } from "../../shared/parts/toasts";
import type { ManyAction } from "./selection";

const SEND: Readonly<Record<ManyAction, (job: Job) => Promise<unknown>>> = {
  Kill: (job) => sendControl(job.queue_id, "kill"),
  Cancel: (job) => request("DELETE", `/api/queue/${job.queue_id}`),
  Restart: (job) => sendControl(job.queue_id, "restart"),
  Remove: (job) => request("DELETE", `/api/jobs/${job.queue_id}`),
};
const DONE: Readonly<Record<ManyAction, string>> = { Kill: "stopped", Cancel: "cancelled", Restart: "started again", Remove: "removed" };

export function useManyActions(onDone: () => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({ action, jobs }: { action: ManyAction; jobs: readonly Job[] }) => {
      const results = await Promise.allSettled(jobs.map(SEND[action]));
      const done = jobs.filter((_, index) => results[index]?.status === "fulfilled");
      const failed = results.find((result) => result.status === "rejected");
      return { action, done, failed: failed ? messageOf(failed.reason) : null };
    },
    onSuccess: ({ action, done, failed }) => {
      const undo = {
        Kill: startAgain(client, done),
        Cancel: startAgain(client, done),
        Restart: undefined,
        Remove: () => void restoreJobs(client, done.map((job) => job.queue_id)),
      }[action];
      if (done.length) showToast(`${plural(done.length, "job")} ${DONE[action]}.`, "plain", undo);
      if (failed) showToast(failed, "error");
      refetchJobs(client);
      onDone();
    },
  });
}
