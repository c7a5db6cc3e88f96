import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { jobsQuery, schedulerQuery } from "../api/queries";
import type { AuthStatus } from "../api/types";
import { JobsView } from "../jobs/jobs-view";
import { ConnectionBanner } from "../live/connection-banner";
import { useLive } from "../live/use-live";
import { isBoolean, useKept } from "../parts/kept";
import { PausedBanner } from "../queue/paused-banner";
import { ViewerDialogs } from "../viewer/dialogs";
import { useRoute, VIEW_NAMES, type View } from "./route";
import { Sidebar } from "./sidebar";

const QueueView = lazy(() => import("../queue/queue-view"));
const ProjectsView = lazy(() => import("../projects/projects-view"));

const VIEW_OF: Readonly<Record<View, React.ComponentType>> = {
  projects: ProjectsView,
  queue: QueueView,
  jobs: JobsView,
};

/** The page once somebody is signed in. */
export function Shell({ auth }: { auth: AuthStatus }) {
  const live = useLive();
  const { view, item } = useRoute();
  const [narrow, setNarrow] = useKept("forgather-sidebar-collapsed", false, isBoolean);
  const jobs = useQuery(jobsQuery).data;
  const scheduler = useQuery(schedulerQuery).data;
  const Shown = VIEW_OF[view];

  useEffect(() => {
    const running = jobs?.filter((job) => job.status === "running").length ?? 0;
    document.title = `${running ? `(${running}) ` : ""}${VIEW_NAMES[view]} - Forgather`;
  }, [view, jobs]);

  return (
    <ViewerDialogs>
      <a className="skip-link" href="#main" onClick={focusMain}>
        Skip to the view
      </a>
      <div className="shell" data-narrow={narrow} data-item={item ? true : undefined}>
        <Sidebar view={view} auth={auth} version={live.hello?.version ?? null} narrow={narrow} onNarrow={setNarrow} />
        <div className="stage">
          <ConnectionBanner connection={live.connection} />
          <PausedBanner scheduler={scheduler} />
          <main id="main" tabIndex={-1}>
            <Suspense fallback={null}>
              <Shown />
            </Suspense>
          </main>
        </div>
      </div>
    </ViewerDialogs>
  );
}

function focusMain(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
