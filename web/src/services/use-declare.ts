import { useMutation, useQueryClient } from "@tanstack/react-query";
import { servicesQuery } from "../api/queries";
import { request } from "../api/request";
import type { Service } from "../api/types";
import { say } from "../parts/toasts";

export interface Declaration {
  type: string;
  name: string;
  enabled: boolean;
  args: Readonly<Record<string, unknown>>;
}

/** Declares a service, or declares it anew. */
export function useDeclare({ onDone, onError }: { onDone: () => void; onError: (error: Error) => void }) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ type, name, enabled, args }: Declaration) =>
      request<Service>("POST", "/api/services", { type, name, enabled, args }),
    onSuccess: (entry) => {
      const { name } = entry.service;
      if (entry.error) say(`The service ${name} is saved, and cannot run: ${entry.error}`, "warning");
      else say(`The service ${name} is saved. Its address: ${entry.url}`);
      void client.invalidateQueries({ queryKey: servicesQuery.queryKey });
      onDone();
    },
    onError,
  });
}
