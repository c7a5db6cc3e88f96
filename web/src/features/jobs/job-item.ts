import type { Job } from "../../shared/api/types";

/** A job in the list, as a card or as a row. */
export interface JobItemProps {
  job: Job;
  /** Its details are shown. */
  selected: boolean;
  /** An action on several jobs includes it. */
  checked: boolean;
  onCheck: (queueId: string) => void;
}
