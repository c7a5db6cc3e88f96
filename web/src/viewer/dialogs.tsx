/** A viewer's dialog is opened from many places: who opens it says what it starts from. */
import { createContext, lazy, Suspense, useContext, useState } from "react";
import type { Job, Service } from "../api/types";
import { isViewerType, type ViewerType } from "./kinds";

export type Seed =
  /** The settings last committed. */
  | { kind: "global" }
  /** A config's output folder; what was committed before is neither read nor written. */
  | { kind: "config"; logdir: string; title: string; projectDir: string }
  /** An earlier job, once more. */
  | { kind: "again"; job: Job }
  /** A declared service, to change. */
  | { kind: "service"; service: Service["service"] };

const DIALOGS: Readonly<Record<ViewerType, React.ComponentType<{ seed: Seed; onClose: () => void }>>> = {
  tensorboard: lazy(() => import("../tensorboard/tensorboard-dialog")),
  mkdocs: lazy(() => import("../mkdocs/mkdocs-dialog")),
};

type Open = (type: ViewerType, seed: Seed) => void;

const Opener = createContext<Open>(() => undefined);

export function useViewerDialog(): Open {
  return useContext(Opener);
}

/** Opens a job's own dialog, or null where its kind has none here. */
export function useJobDialog(job: Job): (() => void) | null {
  const open = useViewerDialog();
  const type = job.job_type;
  return isViewerType(type) ? () => open(type, { kind: "again", job }) : null;
}

export function ViewerDialogs({ children }: { children: React.ReactNode }) {
  const [opened, setOpened] = useState<{ type: ViewerType; seed: Seed } | null>(null);
  const Dialog = opened && DIALOGS[opened.type];
  return (
    <Opener value={(type, seed) => setOpened({ type, seed })}>
      {children}
      {Dialog && (
        <Suspense fallback={null}>
          <Dialog seed={opened.seed} onClose={() => setOpened(null)} />
        </Suspense>
      )}
    </Opener>
  );
}
