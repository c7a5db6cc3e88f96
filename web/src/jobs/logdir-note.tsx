import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { logdirQuery } from "../api/queries";
import type { Job } from "../api/types";
import { span } from "../format/seconds";
import { useNow } from "../live/clock";
import { isEnded } from "./state";

/** Whether the runs grow: `last event 12 s ago`. Asked for when the card comes into sight; then the stream tells. */
export function LogdirNote({ job }: { job: Job }) {
  const now = useNow();
  const enabled = job.job_type === "tensorboard" && !isEnded(job);
  const { data: facts, refetch } = useQuery({ ...logdirQuery(job.output_dir), enabled, retry: false });
  // Back from another tab: the figures are as old as the absence.
  useEffect(() => {
    if (!enabled) return undefined;
    const look = (): void => {
      if (document.visibilityState === "visible") void refetch();
    };
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, [enabled, refetch]);
  if (!facts || !enabled) return null;
  if (facts.error || !facts.exists) return <span className="note bad">{facts.error ?? "the folder is gone"}</span>;
  if (!facts.event_files || facts.newest_event_time === null) return <span className="note">no event files yet</span>;
  return <span className="note">last event {span(now - facts.newest_event_time)} ago</span>;
}
