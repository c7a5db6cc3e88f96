import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { schedulerQuery } from "../shared/api/queries";
import type { AuthStatus } from "../shared/api/types";
import { JobsView } from "../features/jobs/jobs-view";
import { ConnectionBanner } from "./connection-banner";
import { useLive } from "./use-live";
import { useTitle } from "./use-title";
import { isBoolean, useStoredState } from "../shared/parts/use-stored-state";
import { PausedBanner } from "../features/queue/paused-banner";
import { ViewerDialogs } from "../shared/viewers/dialog";
import { useRoute, type View } from "../shared/route";
import { Shortcuts } from "./shortcuts";
import { Sidebar } from "./sidebar";
import styles from "./shell.module.css";

const TtyTab = lazy(() => import("../features/tty/tty-tab"));
const QueueView = lazy(() => import("../features/queue/queue-view"));
const ProjectsView = lazy(() => import("../features/projects/projects-view"));

const VIEW_OF: Readonly<Record<View, React.ComponentType>> = {
  projects: ProjectsView,
  queue: QueueView,
  jobs: () => <JobsView TtyTab={TtyTab} />,
};

/** The page after sign-in. */
interface ShellProps {
  auth: AuthStatus;
  /** A proxy in front of the server asks for a sign-in. */
  signInEnded: boolean;
}

export function Shell({ auth, signInEnded }: ShellProps) {
  const live = useLive();
  const route = useRoute();
  const { view, item } = route;
  const [narrow, setNarrow] = useStoredState("forgather-sidebar-collapsed", false, isBoolean);
  const scheduler = useQuery(schedulerQuery).data;
  const [keys, setKeys] = useState(false);
  const Shown = VIEW_OF[view];
  useTitle(route);

  return (
    <ViewerDialogs>
      <a className={styles["skip"]} href="#main" onClick={focusMain}>
        Skip to the view
      </a>
      <div className={styles["shell"]} data-narrow={narrow} data-item={item ? true : undefined}>
        <Sidebar view={view} auth={auth} version={live.hello?.version ?? null} narrow={narrow} onNarrow={setNarrow} onKeys={() => setKeys(true)} />
        <div className={styles["stage"]}>
          <ConnectionBanner connection={live.connection} signInEnded={signInEnded} />
          <PausedBanner scheduler={scheduler} />
          <main id="main" className={styles["main"]} tabIndex={-1}>
            <Suspense fallback={null}>
              <Shown />
            </Suspense>
          </main>
        </div>
      </div>
      <Shortcuts shown={keys} onShow={setKeys} />
    </ViewerDialogs>
  );
}

function focusMain(event: React.MouseEvent): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}
