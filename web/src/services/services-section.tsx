import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { jobsQuery, servicesQuery } from "../api/queries";
import { Count } from "../app/count";
import { counted } from "../format/counted";
import { useHello } from "../live/hello";
import { Icon } from "../parts/icon";
import { useViewerDialog } from "../viewer/dialogs";
import { isViewerType, VIEWER_TYPES, VIEWERS, type ViewerType } from "../viewer/kinds";
import { ServicesList } from "./services-list";

/** Each kind of viewer: its dialog, how many run, and its declared services. */
export function ServicesSection() {
  // On a phone they are folded away, where on a wide page they always stand.
  const [open, setOpen] = useState(false);
  const enabled = useHello().data?.services === true;
  const services = useQuery({ ...servicesQuery, enabled }).data ?? [];
  const saved = services.length;
  // A server may have kinds that this page has no dialog for.
  const others = new Set(services.map(({ service }) => service.type).filter((type) => !isViewerType(type)));
  const id = useId();
  return (
    <section aria-label="Services" className="sidebar-services" data-open={open || undefined} id={id}>
      <h2 className="sidebar-title">Services</h2>
      {VIEWER_TYPES.map((type) => (
        <Kind key={type} type={type} />
      ))}
      {[...others].map((type) => (
        <div key={type}>
          <p className="sidebar-title">{type}</p>
          <ServicesList type={type} />
        </div>
      ))}
      {saved > 0 && (
        <button
          type="button"
          className="nav-item phone-only"
          aria-label="Saved services"
          aria-expanded={open}
          aria-controls={id}
          onClick={() => setOpen(!open)}
        >
          <Icon name="chevron" />
          <span className="nav-name">Saved</span>
          <Count of={saved} words="saved services" />
        </button>
      )}
    </section>
  );
}

function Kind({ type }: { type: ViewerType }) {
  const jobs = useQuery(jobsQuery).data;
  const openDialog = useViewerDialog();
  const running = jobs?.filter((job) => job.job_type === type && job.status === "running").length ?? 0;
  const { noun, icon, start } = VIEWERS[type];
  return (
    <>
      <button
        type="button"
        className="nav-item"
        aria-label={`${noun}...`}
        aria-haspopup="dialog"
        title={start}
        onClick={() => openDialog(type, { kind: "global" })}
      >
        <Icon name={icon} />
        <span className="nav-name">{noun}...</span>
        {running > 0 && <Count of={running} words="running" />}
      </button>
      <p className="sr-only">{counted(running, noun, type === "mkdocs" ? noun : `${noun}s`)} running</p>
      <ServicesList type={type} />
    </>
  );
}
