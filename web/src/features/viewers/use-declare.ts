import { wholeAddress } from "../../shared/own-address";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { servicesQuery } from "../../shared/api/queries";
import { request } from "../../shared/api/request";
import type { Service } from "../../shared/api/types";
import { showToast } from "../../shared/parts/toasts";

export interface Declaration {
  type: string;
  name: string;
  enabled: boolean;
  args: Readonly<Record<string, unknown>>;
}

/** Declares a service, or replaces its declaration. */
export function useDeclare({ onDone, onError }: { onDone: () => void; onError: (error: Error) => void }) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ type, name, enabled, args }: Declaration) =>
      request<Service>("POST", "/api/services", { type, name, enabled, args }),
    onSuccess: (entry) => {
      const { name } = entry.service;
      if (entry.error) showToast(`The service ${name} is saved but cannot run: ${entry.error}`, "warning");
      else showToast(`The service ${name} is saved. Its address: ${wholeAddress(entry.url)}`);
      void client.invalidateQueries({ queryKey: servicesQuery.queryKey });
      onDone();
    },
    onError,
  });
}
