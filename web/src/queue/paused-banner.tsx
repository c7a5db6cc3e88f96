import type { Scheduler } from "../api/types";
import { Icon } from "../parts/icon";
import { useSchedulerSwitch } from "./use-scheduler-switch";

/** Over every view: whoever wonders why nothing starts must not have to search. */
export function PausedBanner({ scheduler }: { scheduler: Scheduler | undefined }) {
  const turn = useSchedulerSwitch();
  return (
    <div role="status" aria-live="polite">
      {scheduler?.enabled === false && (
        <p className="banner banner-paused">
          <Icon name="pause" />
          <span>
            <strong>The scheduler is paused.</strong> Nothing starts until it is resumed; what runs goes on.
          </span>
          <button type="button" className="button button-small" disabled={turn.isPending} onClick={() => turn.mutate(true)}>
            Resume
          </button>
        </p>
      )}
    </div>
  );
}
