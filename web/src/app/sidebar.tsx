import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { jobsQuery } from "../shared/api/queries";
import type { AuthStatus, Job } from "../shared/api/types";
import { Brand } from "../shared/parts/brand";
import { Icon } from "../shared/parts/icon";
import { ServicesSection } from "../features/services/services-section";
import { isActive } from "../shared/jobs/state";
import { Count } from "../shared/parts/count";
import { hrefOf, VIEW_NAMES, VIEWS, type View } from "../shared/route";
import { SidebarFoot } from "./sidebar-foot";
import styles from "./sidebar.module.css";
import line from "../shared/parts/sidebar-line.module.css";

interface SidebarProps {
  view: View;
  auth: AuthStatus;
  version: string | null;
  narrow: boolean;
  onNarrow: (narrow: boolean) => void;
  /** Shows the keyboard shortcuts. */
  onKeys: () => void;
}

const NO_JOBS: readonly Job[] = [];

export function Sidebar({ view, auth, version, narrow, onNarrow, onKeys }: SidebarProps) {
  const jobs = useQuery(jobsQuery).data ?? NO_JOBS;
  // Only on a phone; a wide page shows all of the sidebar.
  const [open, setOpen] = useState(false);
  const id = useId();
  const queued = jobs.filter((job) => job.status === "queued").length;
  const alive = jobs.filter(isActive).length;
  const counts: Readonly<Record<View, number>> = { projects: 0, queue: queued, jobs: alive };
  return (
    <aside className={styles["sidebar"]} aria-label="Sidebar">
      <header className={styles["head"]}>
        <Brand small className={styles["brand"]} />
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
      <nav aria-label="Views" className={styles["views"]}>
        <h2 className={line["title"]}>Views</h2>
        {VIEWS.map((name) => (
          <a
            key={name}
            className={line["item"]}
            href={hrefOf(name)}
            aria-label={VIEW_NAMES[name]}
            aria-current={view === name ? "page" : undefined}
            title={VIEW_NAMES[name]}
          >
            <Icon name={name} />
            <span className={line["name"]}>{VIEW_NAMES[name]}</span>
            {counts[name] > 0 && <Count of={counts[name]} words={name === "queue" ? "waiting" : "active"} />}
          </a>
        ))}
      </nav>
      <button
        type="button"
        className={`${styles["menu"]} icon-button`}
        aria-label="Menu"
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? "close" : "menu"} />
      </button>
      <div
        id={id}
        className={styles["more"]}
        data-open={open || undefined}
        onClick={(event) => {
          // What it opened covers it, or is behind it.
          if ((event.target as Element).closest("a, [aria-haspopup=dialog]")) setOpen(false);
        }}
        onKeyDown={(event) => event.key === "Escape" && setOpen(false)}
      >
        <ServicesSection />
        <SidebarFoot auth={auth} version={version} onKeys={onKeys} />
      </div>
    </aside>
  );
}
