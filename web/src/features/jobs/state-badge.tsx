import type { Job } from "../../shared/api/types";
import { useNow } from "../../shared/live/clock";
import { describeState } from "../../shared/jobs/state";
import styles from "./state-badge.module.css";

/** The job's state in its colour, and a detail: a duration or a reason. */
export function StateBadge({ job }: { job: Job }) {
  const state = describeState(job, useNow());
  return (
    <span className={styles["state"]} data-tone={state.tone}>
      <span className={styles["word"]} data-testid="state">{state.word}</span>
      {state.detail && <span className={styles["detail"]} title={state.detail}>{state.detail}</span>}
    </span>
  );
}
