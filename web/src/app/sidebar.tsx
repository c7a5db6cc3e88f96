import { useQuery } from "@tanstack/react-query";
import { jobsQuery } from "../api/queries";
import type { AuthStatus, Job } from "../api/types";
import { Brand } from "../parts/brand";
import { Icon } from "../parts/icon";
import { ServicesSection } from "../services/services-section";
import { Count } from "./count";
import { hrefOf, VIEW_NAMES, VIEWS, type View } from "./route";
import { SidebarFoot } from "./sidebar-foot";

interface SidebarProps {
  view: View;
  auth: AuthStatus;
  version: string | null;
  narrow: boolean;
  onNarrow: (narrow: boolean) => void;
}

const NO_JOBS: readonly Job[] = [];

export function Sidebar({ view, auth, version, narrow, onNarrow }: SidebarProps) {
  const jobs = useQuery(jobsQuery).data ?? NO_JOBS;
  const queued = jobs.filter((job) => job.status === "queued").length;
  const alive = jobs.filter((job) => ["starting", "running", "sleeping"].includes(job.status)).length;
  const counts: Readonly<Record<View, number>> = { projects: 0, queue: queued, jobs: alive };
  return (
    <aside className="sidebar" aria-label="Sidebar">
      <header className="sidebar-head">
        <Brand small />
        <button
          type="button"
          className="icon-button"
          aria-label={narrow ? "Expand the sidebar" : "Collapse the sidebar"}
          aria-expanded={!narrow}
          onClick={() => onNarrow(!narrow)}
        >
          <Icon name={narrow ? "expand" : "collapse"} />
        </button>
      </header>
      <nav aria-label="Views">
        <h2 className="sidebar-title">Views</h2>
        {VIEWS.map((name) => (
          <a
            key={name}
            className="nav-item"
            href={hrefOf(name)}
            aria-label={VIEW_NAMES[name]}
            aria-current={view === name ? "page" : undefined}
            title={VIEW_NAMES[name]}
          >
            <Icon name={name} />
            <span className="nav-name">{VIEW_NAMES[name]}</span>
            {counts[name] > 0 && <Count of={counts[name]} words={name === "queue" ? "waiting" : "active"} />}
          </a>
        ))}
      </nav>
      <ServicesSection />
      <SidebarFoot auth={auth} version={version} />
    </aside>
  );
}
