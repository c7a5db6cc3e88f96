import type { Job } from "../../shared/api/types";
import { plural } from "../../shared/format/plural";
import { applicable } from "./selection";
import { useManyActions } from "./use-many-actions";
import styles from "./selection-bar.module.css";

interface SelectionBarProps {
  jobs: readonly Job[];
  onSelectAll: () => void;
  onClear: () => void;
}

/** The actions on the selected jobs, each with the number of jobs that it applies to. */
export function SelectionBar({ jobs, onSelectAll, onClear }: SelectionBarProps) {
  const { mutate, isPending } = useManyActions(onClear);
  return (
    <div className={styles["bar"]} role="toolbar" aria-label="Selected jobs">
      <strong role="status">{plural(jobs.length, "job")} selected</strong>
      {applicable(jobs).map(([action, able]) => (
        <button
          key={action}
          type="button"
          className="button button-small"
          disabled={isPending}
          onClick={() => mutate({ action, jobs: able })}
        >
          {action} {able.length}
        </button>
      ))}
      <span className={`${styles["selecting"]} push`}>
        <button type="button" className="quiet-button" onClick={onSelectAll}>
          Select all shown
        </button>
        <button type="button" className="quiet-button" onClick={onClear}>
          Clear
        </button>
      </span>
    </div>
  );
}
