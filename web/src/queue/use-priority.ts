import { useMutation, useQueryClient } from "@tanstack/react-query";
import { jobsQuery } from "../api/queries";
import { request, sentence } from "../api/request";
import type { Job } from "../api/types";
import { say } from "../parts/toasts";
import type { NewPriority } from "./reorder";

/** Gives jobs new priorities. What was meant is shown at once, and taken back where the server refuses. */
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
      say(sentence(error), "error");
      void client.invalidateQueries({ queryKey: jobsQuery.queryKey });
    },
  });
}
