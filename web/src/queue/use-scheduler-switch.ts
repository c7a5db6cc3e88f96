import { useMutation, useQueryClient } from "@tanstack/react-query";
import { schedulerQuery } from "../api/queries";
import { request, sentence } from "../api/request";
import type { Scheduler } from "../api/types";
import { say } from "../parts/toasts";

/** Pauses (false) or resumes (true) the scheduler. */
export function useSchedulerSwitch() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (enabled: boolean) => request<Scheduler>("POST", "/api/queue/scheduler", { enabled }),
    onSuccess: (now) => client.setQueryData(schedulerQuery.queryKey, now),
    onError: (error) => say(sentence(error), "error"),
  });
}
