import { useMutation, useQueryClient } from "@tanstack/react-query";
import { servicesQuery } from "../api/queries";
import { request, sentence } from "../api/request";
import type { Service } from "../api/types";
import { say } from "../parts/toasts";

/** What can be done with a declared service. What becomes of its instance is told by the event stream. */
export function useServiceActions({ type, name }: Service["service"]) {
  const client = useQueryClient();
  const path = `/api/services/${encodeURIComponent(type)}/${encodeURIComponent(name)}`;
  const after = {
    onError: (error: Error) => say(sentence(error), "error"),
    onSettled: () => client.invalidateQueries({ queryKey: servicesQuery.queryKey }),
  };
  const turn = useMutation({
    mutationFn: (enabled: boolean) => request<Service>("POST", `${path}/enabled`, { enabled }),
    onSuccess: (entry) => entry.error && say(`The service ${name} cannot run: ${entry.error}`, "warning"),
    ...after,
  });
  const control = useMutation({
    mutationFn: (action: "start" | "stop") => request<Service>("POST", `${path}/control/${action}`),
    ...after,
  });
  const remove = useMutation({ mutationFn: () => request("DELETE", path), ...after });
  return {
    turn: turn.mutate,
    control: control.mutate,
    remove: remove.mutate,
    busy: turn.isPending || control.isPending || remove.isPending,
  };
}
