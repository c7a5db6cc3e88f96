import { own } from "../../shared/own-address";
import { useState } from "react";
import type { Job, Service } from "../../shared/api/types";
import { hrefOf } from "../../shared/route";
import { isEnded } from "../../shared/jobs/state";
import { useNow } from "../../shared/live/clock";
import { Dot } from "../../shared/parts/dot";
import { Menu, type MenuEntry } from "../../shared/parts/menu";
import { Switch } from "../../shared/parts/switch";
import { useViewerDialog } from "../../shared/viewers/dialog";
import { kindOf } from "../../shared/viewers/kinds";
import { DeleteService } from "./delete-service";
import { stateOf } from "./service-state";
import { useServiceActions } from "./use-service-actions";
import line from "../../shared/parts/sidebar-line.module.css";
import styles from "./services.module.css";

/** One declared service: its state, its switch and its menu. */
export function ServiceLine({ entry, instance }: { entry: Service; instance: Job | undefined }) {
  const { service } = entry;
  const { type, name, enabled } = service;
  const [deleting, setDeleting] = useState(false);
  const actions = useServiceActions(service);
  const openDialog = useViewerDialog();
  const state = stateOf(entry, instance, useNow());
  const isAlive = instance !== undefined && !isEnded(instance);
  const entries: MenuEntry[] = [];
  if (isAlive) entries.push({ name: "Open", href: own(entry.url) });
  if (kindOf(type)) entries.push({ name: "Edit...", run: () => openDialog(type, { kind: "service", service }) });
  if (isAlive) entries.push({ name: "Stop", run: () => actions.control("stop") });
  else if (enabled) entries.push({ name: "Start", run: () => actions.control("start") });
  entries.push({ name: "Delete...", run: () => setDeleting(true), danger: true });
  return (
    <li className={styles["service"]} aria-label={name}>
      <Dot tone={state.dot} />
      <div className={styles["what"]} title={[state.word, state.detail].filter(Boolean).join(": ")}>
        {instance ? (
          <a className={`${line["name"]} ${styles["title"]}`} href={hrefOf("jobs", instance.queue_id)}>
            {name}
          </a>
        ) : (
          <span className={`${line["name"]} ${styles["title"]}`}>{name}</span>
        )}
        <span className={styles["state"]} data-testid="service-state">{state.word}</span>
      </div>
      <Menu label={`More for ${name}`} entries={entries} />
      <Switch label={`Enable ${name}`} on={enabled} disabled={actions.busy} onChange={actions.setEnabled} />
      {deleting && (
        <DeleteService
          name={name}
          onClose={() => setDeleting(false)}
          onDelete={() => {
            actions.remove();
            setDeleting(false);
          }}
        />
      )}
    </li>
  );
}
