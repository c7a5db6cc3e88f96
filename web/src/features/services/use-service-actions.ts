import { useMutation, useQueryClient } from "@tanstack/react-query";
import { servicesQuery } from "../../shared/api/queries";
import { messageOf, request } from "../../shared/api/request";
import type { DeclaredService, Service } from "../../shared/api/types";
import { showToast } from "../../shared/parts/toasts";

/** Actions on a declared service. The event stream reports changes of its instance. */
export function useServiceActions({ type, name }: DeclaredService) {
  const client = useQueryClient();
  const path = `/api/services/${encodeURIComponent(type)}/${encodeURIComponent(name)}`;
  const handlers = {
    onError: (error: Error) => showToast(messageOf(error), "error"),
    onSettled: () => client.invalidateQueries({ queryKey: servicesQuery.queryKey }),
  };
  const setEnabled = useMutation({
    mutationFn: (enabled: boolean) => request<Service>("POST", `${path}/enabled`, { enabled }),
    onSuccess: (entry) => entry.error && showToast(`The service ${name} cannot run: ${entry.error}`, "warning"),
    ...handlers,
  });
  const control = useMutation({
    mutationFn: (action: "start" | "stop") => request<Service>("POST", `${path}/control/${action}`),
    ...handlers,
  });
  const remove = useMutation({ mutationFn: () => request("DELETE", path), ...handlers });
  return {
    setEnabled: setEnabled.mutate,
    control: control.mutate,
    remove: remove.mutate,
    busy: setEnabled.isPending || control.isPending || remove.isPending,
  };
}
