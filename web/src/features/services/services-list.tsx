import { useQuery } from "@tanstack/react-query";
import { jobQuery, jobsQuery, servicesQuery } from "../../shared/api/queries";
import type { Job, Service } from "../../shared/api/types";
import { useHello } from "../../shared/live/hello";
import { nounOf } from "../../shared/viewers/kinds";
import { ServiceLine } from "./service-line";
import styles from "./services.module.css";

const NO_JOBS: readonly Job[] = [];

/** The declared services of one kind. Requested only if the server has the route: the browser logs each 404. */
export function ServicesList({ type }: { type: string }) {
  const enabled = useHello().data?.services === true;
  const services = useQuery({ ...servicesQuery, enabled }).data;
  const jobs = useQuery(jobsQuery).data ?? NO_JOBS;
  const own = services?.filter(({ service }) => service.type === type);
  if (!own?.length) return null;
  return (
    <ul className={styles["list"]} aria-label={`${nounOf(type)} services`}>
      {own.map((entry) => (
        <Line key={entry.service.name} entry={entry} known={instanceOf(jobs, type, entry.service.name)} />
      ))}
    </ul>
  );
}

/** An instance that ended long ago is not among the loaded jobs: fetch it. */
function Line({ entry, known }: { entry: Service; known: Job | undefined }) {
  const fetched = useQuery({ ...jobQuery(entry.queue_id ?? ""), enabled: known === undefined && entry.queue_id !== null }).data;
  return <ServiceLine entry={entry} instance={known ?? fetched ?? undefined} />;
}

/** The last job of a service. */
function instanceOf(jobs: readonly Job[], type: string, name: string): Job | undefined {
  return jobs
    .filter((job) => job.service === name && job.job_type === type)
    .reduce<Job | undefined>((last, job) => (last && last.submitted_at >= job.submitted_at ? last : job), undefined);
}
