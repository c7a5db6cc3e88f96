import type { Scheduler } from "../../shared/api/types";
import { Banner } from "../../shared/parts/banner";
import { Icon } from "../../shared/parts/icon";
import { useSchedulerSwitch } from "./use-scheduler-switch";

/** Shown above every view while the scheduler is paused. */
export function PausedBanner({ scheduler }: { scheduler: Scheduler | undefined }) {
  const setEnabled = useSchedulerSwitch();
  return (
    <Banner tone="paused" shown={scheduler?.enabled === false}>
      <Icon name="pause" />
      <span>
        <strong>The scheduler is paused.</strong> No job starts until it is resumed. Running jobs continue.
      </span>
      <button type="button" className="button button-small" disabled={setEnabled.isPending} onClick={() => setEnabled.mutate(true)}>
        Resume
      </button>
    </Banner>
  );
}
