/** What can be done to a job, and what is said where it cannot. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { jobsQuery } from "../api/queries";
import { request, sentence } from "../api/request";
import type { ControlAnswer, Job } from "../api/types";
import { applied, type Change } from "../live/job-changes";
import { say } from "../parts/toasts";

export type Control = "kill" | "force-kill" | "wake" | "sleep" | "restart";

export interface JobActions {
  control: (action: Control) => void;
  /** Takes a queued job out of the queue. */
  cancel: () => void;
  /** Forgets an ended job. */
  remove: () => void;
  busy: boolean;
}

export function useJobActions(queueId: string): JobActions {
  const client = useQueryClient();
  const path = `/api/jobs/${queueId}`;
  const apply = (change: Change): void =>
    void client.setQueryData(jobsQuery.queryKey, (jobs: Job[] | undefined) => jobs && applied(jobs, [change]));
  const onError = (error: Error): void => {
    say(sentence(error), "error");
    // It may have ended meanwhile: what is true is asked for.
    void client.invalidateQueries({ queryKey: jobsQuery.queryKey });
  };
  const control = useMutation({
    mutationFn: (action: Control) => request<ControlAnswer>("POST", `${path}/control/${action}`),
    onSuccess: (answer) => {
      if (answer.data) apply({ job: answer.data });
      if (!answer.success) say(answer.message, "warning");
    },
    onError,
  });
  const cancel = useMutation({
    mutationFn: () => request("DELETE", `/api/queue/${queueId}`),
    onSuccess: () => client.invalidateQueries({ queryKey: jobsQuery.queryKey }),
    onError,
  });
  const remove = useMutation({
    mutationFn: () => request("DELETE", path),
    onSuccess: () => apply({ removed: queueId }),
    onError,
  });
  return {
    control: control.mutate,
    cancel: cancel.mutate,
    remove: remove.mutate,
    busy: control.isPending || cancel.isPending || remove.isPending,
  };
}
