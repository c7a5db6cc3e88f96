import { useQuery } from "@tanstack/react-query";
import { jobsQuery, servicesQuery } from "../api/queries";
import type { Job } from "../api/types";
import { useHello } from "../live/hello";
import { nounOf } from "../viewer/kinds";
import { ServiceLine } from "./service-line";

const NO_JOBS: readonly Job[] = [];

/** The declared services of one kind. Asked for only where they exist: a 404 is an error in the browser's console. */
export function ServicesList({ type }: { type: string }) {
  const enabled = useHello().data?.services === true;
  const services = useQuery({ ...servicesQuery, enabled }).data;
  const jobs = useQuery(jobsQuery).data ?? NO_JOBS;
  const own = services?.filter(({ service }) => service.type === type);
  if (!own?.length) return null;
  return (
    <ul className="services" aria-label={`${nounOf(type)} services`}>
      {own.map((entry) => (
        <ServiceLine key={entry.service.name} entry={entry} instance={instanceOf(jobs, type, entry.service.name)} />
      ))}
    </ul>
  );
}

/** The job that was last made for a service. */
function instanceOf(jobs: readonly Job[], type: string, name: string): Job | undefined {
  return jobs
    .filter((job) => job.service === name && job.job_type === type)
    .reduce<Job | undefined>((last, job) => (last && last.submitted_at >= job.submitted_at ? last : job), undefined);
}
