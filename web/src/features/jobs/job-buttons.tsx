import { useState } from "react";
import type { Job } from "../../shared/api/types";
import { copied } from "../../shared/parts/copy-button";
import { Menu, type MenuEntry } from "../../shared/parts/menu";
import { useJobDialog } from "../../shared/viewers/dialog";
import { linkOf } from "./commands";
import { ForceKill } from "./force-kill";
import { isActive, isEnded } from "../../shared/jobs/state";
import { useJobActions } from "../../shared/jobs/use-job-actions";
import styles from "./job-buttons.module.css";

/** The actions that the job's state allows: the main one as a button, the others in a menu. */
export function JobButtons({ job }: { job: Job }) {
  const actions = useJobActions(job);
  const openDialog = useJobDialog(job);
  const [forcing, setForcing] = useState(false);
  const button = (name: string, run: () => void) => (
    <button type="button" className="button button-small" disabled={actions.busy} onClick={run}>
      {name}
    </button>
  );
  const copyLink: MenuEntry = { name: "Copy link", run: () => void copied(linkOf(job)) };
  const copy: MenuEntry[] = openDialog ? [{ name: "Queue a copy...", run: openDialog }] : [];
  const entries: MenuEntry[] = [];
  if (isActive(job)) {
    entries.push({ name: "Restart", run: () => actions.control("restart") });
    if (job.placement === "socket" && job.status === "running") {
      entries.push({ name: "Sleep", run: () => actions.control("sleep") });
    }
    if (job.status === "sleeping") entries.push({ name: "Wake", run: () => actions.control("wake") });
    entries.push(...copy, { name: "Force kill...", run: () => setForcing(true), danger: true });
  } else entries.push(...copy);
  if (!isEnded(job)) entries.unshift(copyLink);
  return (
    <div className={styles["buttons"]}>
      {job.status === "queued" && button("Cancel", actions.cancel)}
      {isActive(job) && !job.stop_requested && button("Kill", () => actions.control("kill"))}
      {isActive(job) && job.stop_requested && button("Force kill...", () => setForcing(true))}
      {isEnded(job) && button("Restart", () => actions.control("restart"))}
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
