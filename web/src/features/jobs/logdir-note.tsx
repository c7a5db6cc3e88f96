import { useQuery } from "@tanstack/react-query";
import { logdirQuery } from "../../shared/api/queries";
import type { Job } from "../../shared/api/types";
import { span } from "../../shared/format/seconds";
import { useNow } from "../../shared/live/clock";
import { isEnded } from "../../shared/jobs/state";
import styles from "./logdir-note.module.css";

/** The age of the newest event, from the event stream: requests of all cards could block on a dead mount. */
export function LogdirNote({ job }: { job: Job }) {
  const now = useNow();
  const shown = job.job_type === "tensorboard" && !isEnded(job);
  const { data: facts } = useQuery({ ...logdirQuery(job.output_dir), enabled: false });
  if (!facts || !shown) return null;
  if (facts.error || !facts.exists) return <span className={`${styles["note"]} bad`}>{facts.error ?? "the folder no longer exists"}</span>;
  if (!facts.event_files || facts.newest_event_time === null) {
    return <span className={styles["note"]}>{facts.complete ? "no event files yet" : "too many entries to search"}</span>;
  }
  return <span className={styles["note"]}>last event {!facts.complete && "seen "}{span(now - facts.newest_event_time)} ago</span>;
}
