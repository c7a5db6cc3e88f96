/** The actions on a job. Each one that ends or removes it offers Undo. */
import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { jobsQuery } from "../api/queries";
import { messageOf, request } from "../api/request";
import type { ControlResult, Job } from "../api/types";
import { applyChanges } from "./apply-changes";
import type { Change } from "./job-changes";
import { restoreJobs } from "./restore-jobs";
import { showToast } from "../parts/toasts";

export type Control = "kill" | "force-kill" | "wake" | "sleep" | "restart";

export interface JobActions {
  control: (action: Control) => void;
  /** Removes a queued job from the queue. */
  cancel: () => void;
  /** Removes an ended job. */
  remove: () => void;
  busy: boolean;
}

type Named = Pick<Job, "queue_id" | "title">;

export function useJobActions(job: Named): JobActions {
  const client = useQueryClient();
  const { queue_id: queueId, title } = job;
  const path = `/api/jobs/${queueId}`;
  const apply = (change: Change): void => applyChanges(client, [change]);
  const onError = (error: Error): void => {
    showToast(messageOf(error), "error");
    // The job may have ended meanwhile.
    void client.invalidateQueries({ queryKey: jobsQuery.queryKey });
  };
  const control = useMutation({
    mutationFn: (action: Control) => sendControl(queueId, action),
    onSuccess: (result, action) => {
      apply({ job: result.data });
      if (!result.success) showToast(result.message, "warning");
      else if (action === "kill") showToast(`${title} is stopped.`, "plain", startAgain(client, [job]));
    },
    onError,
  });
  const cancel = useMutation({
    mutationFn: () => request("DELETE", `/api/queue/${queueId}`),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: jobsQuery.queryKey });
      showToast(`${title} is cancelled.`, "plain", startAgain(client, [job]));
    },
    onError,
  });
  const remove = useMutation({
    mutationFn: () => request("DELETE", path),
    onSuccess: () => {
      apply({ removed: queueId });
      showToast(`${title} is removed.`, "plain", () => void restoreJobs(client, [queueId]));
    },
    onError,
  });
  return {
    control: control.mutate,
    cancel: cancel.mutate,
    remove: remove.mutate,
    busy: control.isPending || cancel.isPending || remove.isPending,
  };
}

export function sendControl(queueId: string, action: Control): Promise<ControlResult> {
  return request<ControlResult>("POST", `/api/jobs/${queueId}/control/${action}`);
}

/** Undoes a kill or a cancellation: the jobs are queued again under their own ids. */
export function startAgain(client: QueryClient, jobs: readonly Named[]): () => void {
  return () => {
    for (const job of jobs) {
      sendControl(job.queue_id, "restart").then(
        (result) => applyChanges(client, [{ job: result.data }]),
        (error: unknown) => showToast(`${job.title} was not started again: ${messageOf(error)}`, "error"),
      );
    }
  };
}
