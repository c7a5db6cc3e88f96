import { useQuery } from "@tanstack/react-query";
import { jobsQuery, servicesQuery } from "../../shared/api/queries";
import { Count } from "../../shared/parts/count";
import { plural } from "../../shared/format/plural";
import { useHello } from "../../shared/live/hello";
import { Icon } from "../../shared/parts/icon";
import { useViewerDialog } from "../../shared/viewers/dialog";
import { kindOf, viewerKinds, type ViewerKind } from "../../shared/viewers/kinds";
import { ServicesList } from "./services-list";
import line from "../../shared/parts/sidebar-line.module.css";
import styles from "./services.module.css";

/** Each kind of viewer: the button of its dialog, the number of running ones, and its declared services. */
export function ServicesSection() {
  const enabled = useHello().data?.services === true;
  const services = useQuery({ ...servicesQuery, enabled }).data ?? [];
  // Kinds that this page has no dialog for.
  const others = new Set(services.map(({ service }) => service.type).filter((type) => !kindOf(type)));
  return (
    <section aria-label="Services" className={styles["section"]}>
      <h2 className={line["title"]}>Services</h2>
      {viewerKinds().map((kind) => (
        <Kind key={kind.type} kind={kind} />
      ))}
      {[...others].map((type) => (
        <div key={type}>
          <p className={line["title"]}>{type}</p>
          <ServicesList type={type} />
        </div>
      ))}
    </section>
  );
}

function Kind({ kind }: { kind: ViewerKind }) {
  const { type, noun, icon, start } = kind;
  const jobs = useQuery(jobsQuery).data;
  const openDialog = useViewerDialog();
  const running = jobs?.filter((job) => job.job_type === type && job.status === "running").length ?? 0;
  return (
    <>
      <button
        type="button"
        className={line["item"]}
        aria-label={`${noun}...`}
        aria-haspopup="dialog"
        title={start}
        onClick={() => openDialog(type, { kind: "global" })}
      >
        <Icon name={icon} />
        <span className={line["name"]}>{noun}...</span>
        {running > 0 && <Count of={running} words="running" />}
      </button>
      <p className="sr-only">{plural(running, noun, kind.plural)} running</p>
      <ServicesList type={type} />
    </>
  );
}
