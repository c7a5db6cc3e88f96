import type { Job } from "../api/types";
import { Icon } from "../parts/icon";
import { nounOf } from "../viewer/kinds";

/** Opens the viewer through the proxy. Never its own port: that would be past the gate. */
export function OpenLink({ job }: { job: Job }) {
  return (
    <a
      className="button button-small button-main"
      href={job.url}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={`Open ${job.title}`}
      title={`Open ${nounOf(job.job_type)} in a tab of its own`}
    >
      Open
      <Icon name="open" />
    </a>
  );
}
