import type { Job } from "../../shared/api/types";
import { own } from "../../shared/own-address";
import { Icon } from "../../shared/parts/icon";
import { nounOf } from "../../shared/viewers/kinds";

/** Opens the viewer through the proxy, never on its own port, which needs no authentication. */
export function OpenLink({ job }: { job: Job }) {
  return (
    <a
      className="button button-small button-main"
      href={own(job.url)}
      target="_blank"
      rel="noopener noreferrer"
      aria-label={`Open ${job.title}`}
      title={`Open ${nounOf(job.job_type)} in a new tab`}
    >
      Open
      <Icon name="open" />
    </a>
  );
}
