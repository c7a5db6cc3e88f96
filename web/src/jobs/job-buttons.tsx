import { useState } from "react";
import type { Job } from "../api/types";
import { Menu, type MenuEntry } from "../parts/menu";
import { useJobDialog } from "../viewer/dialogs";
import { ForceKill } from "./force-kill";
import { isActive, isEnded } from "./state";
import { useJobActions } from "./use-job-actions";

/** What the job's state admits: the usual thing as a button, the rest in the menu. */
export function JobButtons({ job }: { job: Job }) {
  const actions = useJobActions(job.queue_id);
  const openDialog = useJobDialog(job);
  const [forcing, setForcing] = useState(false);
  const button = (name: string, run: () => void) => (
    <button type="button" className="button button-small" disabled={actions.busy} onClick={run}>
      {name}
    </button>
  );
  const again: MenuEntry[] = openDialog ? [{ name: "Queue again...", run: openDialog }] : [];
  const entries: MenuEntry[] = [];
  if (isActive(job)) {
    entries.push({ name: "Restart", run: () => actions.control("restart") });
    if (job.placement === "socket" && job.status === "running") {
      entries.push({ name: "Sleep", run: () => actions.control("sleep") });
    }
    if (job.status === "sleeping") entries.push({ name: "Wake", run: () => actions.control("wake") });
    entries.push(...again, { name: "Force kill...", run: () => setForcing(true), grave: true });
  } else entries.push(...again);
  return (
    <div className="job-buttons">
      {job.status === "queued" && button("Cancel", actions.cancel)}
      {isActive(job) && !job.stop_requested && button("Kill", () => actions.control("kill"))}
      {isActive(job) && job.stop_requested && button("Force kill...", () => setForcing(true))}
      {isEnded(job) && button("Remove", actions.remove)}
      {entries.length > 0 && <Menu label={`More for ${job.title}`} entries={entries} />}
      {forcing && (
        <ForceKill
          job={job}
          onClose={() => setForcing(false)}
          onForce={() => {
            actions.control("force-kill");
            setForcing(false);
          }}
        />
      )}
    </div>
  );
}
