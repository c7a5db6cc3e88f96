import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { hrefOf } from "../app/route";
import { servicesQuery } from "../api/queries";
import { request, sentence } from "../api/request";
import type { Service } from "../api/types";
import { useHello } from "../live/hello";
import { Menu } from "../parts/menu";
import { Switch } from "../parts/switch";
import { say } from "../parts/toasts";

/** The saved services: each with its state and its switch. A server without services has no list. */
export function ServicesList() {
  // Asked for only where they exist: a 404 is an error in the browser's console, however it is taken.
  const enabled = useHello().data?.services === true;
  const services = useQuery({ ...servicesQuery, enabled }).data;
  if (!services?.length) return null;
  return (
    <ul className="services" aria-label="Saved services">
      {services.map((service) => (
        <ServiceLine key={`${service.service.type}/${service.service.name}`} entry={service} />
      ))}
    </ul>
  );
}

function ServiceLine({ entry }: { entry: Service }) {
  const { type, name, enabled } = entry.service;
  const client = useQueryClient();
  const path = `/api/services/${encodeURIComponent(type)}/${encodeURIComponent(name)}`;
  const after = {
    onError: (error: Error) => say(sentence(error), "error"),
    onSettled: () => client.invalidateQueries({ queryKey: servicesQuery.queryKey }),
  };
  const turn = useMutation({ mutationFn: (on: boolean) => request("POST", `${path}/enabled`, { enabled: on }), ...after });
  const remove = useMutation({ mutationFn: () => request("DELETE", path), ...after });
  return (
    <li className="service">
      <span className={`dot dot-${entry.running ? "ok" : "off"}`} title={entry.status ?? (entry.running ? "running" : "not running")} />
      {entry.queue_id ? (
        <a className="nav-name" href={hrefOf("jobs", entry.queue_id)}>
          {name}
        </a>
      ) : (
        <span className="nav-name">{name}</span>
      )}
      <Menu label={`More for ${name}`} entries={[{ name: "Remove", run: () => remove.mutate(), grave: true }]} />
      <Switch label={`Enable ${name}`} on={enabled} disabled={turn.isPending} onChange={(on) => turn.mutate(on)} />
    </li>
  );
}
