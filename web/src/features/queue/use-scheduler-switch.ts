import { useMutation, useQueryClient } from "@tanstack/react-query";
import { schedulerQuery } from "../../shared/api/queries";
import { messageOf, request } from "../../shared/api/request";
import type { Scheduler } from "../../shared/api/types";
import { showToast } from "../../shared/parts/toasts";

/** Pauses (false) or resumes (true) the scheduler. */
export function useSchedulerSwitch() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (enabled: boolean) => request<Scheduler>("POST", "/api/queue/scheduler", { enabled }),
    onSuccess: (now) => client.setQueryData(schedulerQuery.queryKey, now),
    onError: (error) => showToast(messageOf(error), "error"),
  });
}
