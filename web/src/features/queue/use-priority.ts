import { useMutation, useQueryClient } from "@tanstack/react-query";
import { jobsQuery } from "../../shared/api/queries";
import { messageOf, request } from "../../shared/api/request";
import type { Job } from "../../shared/api/types";
import { showToast } from "../../shared/parts/toasts";
import type { NewPriority } from "./reorder";

/** Sets priorities of jobs. Shown at once, and reverted if the server refuses. */
export function usePriority() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (changes: readonly NewPriority[]) => {
      for (const { queue_id, priority } of changes) await request("PATCH", `/api/queue/${queue_id}`, { priority });
    },
    onMutate: (changes) => {
      const wanted = new Map(changes.map((change) => [change.queue_id, change.priority]));
      client.setQueryData(jobsQuery.queryKey, (jobs: Job[] | undefined) =>
        jobs?.map((job) => (wanted.has(job.queue_id) ? { ...job, priority: wanted.get(job.queue_id)! } : job)),
      );
    },
    onError: (error) => {
      showToast(messageOf(error), "error");
      void client.invalidateQueries({ queryKey: jobsQuery.queryKey });
    },
  });
}
