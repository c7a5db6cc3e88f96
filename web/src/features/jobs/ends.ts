import type { CleanupPreview } from "../../shared/api/types";

/** `8 done, 3 failed and 1 stopped`; kinds without jobs are left out. */
export function kindsOfEnd({ done, failed, aborted }: CleanupPreview): string {
  const parts = ([[done, "done"], [failed, "failed"], [aborted, "stopped"]] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count.toLocaleString("en")} ${word}`);
  const last = parts.pop() ?? "none";
  return parts.length ? `${parts.join(", ")} and ${last}` : last;
}
