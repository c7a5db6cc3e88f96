import { useState } from "react";
import type { Job, Service } from "../api/types";
import { hrefOf } from "../app/route";
import { isEnded } from "../jobs/state";
import { useNow } from "../live/clock";
import { Menu, type MenuEntry } from "../parts/menu";
import { Switch } from "../parts/switch";
import { useViewerDialog } from "../viewer/dialogs";
import { isViewerType } from "../viewer/kinds";
import { DeleteService } from "./delete-service";
import { stateOf } from "./service-state";
import { useServiceActions } from "./use-service-actions";

/** One declared service: its state, its switch, and what can be done with it. */
export function ServiceLine({ entry, instance }: { entry: Service; instance: Job | undefined }) {
  const { service } = entry;
  const { type, name, enabled } = service;
  const [deleting, setDeleting] = useState(false);
  const actions = useServiceActions(service);
  const openDialog = useViewerDialog();
  const state = stateOf(entry, instance, useNow());
  const isThere = instance !== undefined && !isEnded(instance);
  const entries: MenuEntry[] = [];
  if (isThere) entries.push({ name: "Open", href: entry.url });
  if (isViewerType(type)) entries.push({ name: "Edit...", run: () => openDialog(type, { kind: "service", service }) });
  if (isThere) entries.push({ name: "Stop", run: () => actions.control("stop") });
  else if (enabled) entries.push({ name: "Start", run: () => actions.control("start") });
  entries.push({ name: "Delete...", run: () => setDeleting(true), grave: true });
  return (
    <li className="service" aria-label={name}>
      <span className={`dot dot-${state.dot}`} />
      <div className="service-what" title={[state.word, state.more].filter(Boolean).join(": ")}>
        {instance ? (
          <a className="nav-name" href={hrefOf("jobs", instance.queue_id)}>
            {name}
          </a>
        ) : (
          <span className="nav-name">{name}</span>
        )}
        <span className="service-state">{state.word}</span>
      </div>
      <Menu label={`More for ${name}`} entries={entries} />
      <Switch label={`Enable ${name}`} on={enabled} disabled={actions.busy} onChange={actions.turn} />
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
