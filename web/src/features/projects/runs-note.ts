import type { Runs } from "../../shared/api/types";

/** How many of a config's runs are shown; empty if all of them are. */
export function runsNote({ runs, count, counted, complete }: Runs): string {
  if (complete) return "";
  if (!runs.length) return "No runs found in the folders that were searched.";
  const all = count.toLocaleString("en");
  return `The newest ${runs.length} of ${counted ? all : `at least ${all}`} runs.`;
}
