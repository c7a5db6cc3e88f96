import type { Job } from "../../shared/api/types";
import styles from "./select-job.module.css";

interface SelectJobProps {
  job: Job;
  checked: boolean;
  onCheck: (queueId: string) => void;
}

/** The check box that selects a job for an action on several jobs. */
export function SelectJob({ job, checked, onCheck }: SelectJobProps) {
  return (
    <input
      type="checkbox"
      className={styles["box"]}
      aria-label={`Select ${job.title}`}
      checked={checked}
      onChange={() => onCheck(job.queue_id)}
    />
  );
}
