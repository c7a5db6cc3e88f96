/** The TensorBoard dialog is opened from many places: who opens it says what it starts from. */
import { createContext, lazy, Suspense, useContext, useState } from "react";
import type { Job } from "../api/types";

export type Seed =
  /** The settings last committed. */
  | { kind: "global" }
  /** A config's output folder; what was committed before is neither read nor written. */
  | { kind: "config"; logdir: string; title: string; projectDir: string }
  /** An earlier job, once more. */
  | { kind: "again"; job: Job };

const TensorBoardDialog = lazy(() => import("./tensorboard-dialog"));
const Opener = createContext<(seed: Seed) => void>(() => undefined);

export function useTensorBoardDialog(): (seed: Seed) => void {
  return useContext(Opener);
}

export function TensorBoardDialogs({ children }: { children: React.ReactNode }) {
  const [seed, setSeed] = useState<Seed | null>(null);
  return (
    <Opener value={setSeed}>
      {children}
      {seed && (
        <Suspense fallback={null}>
          <TensorBoardDialog seed={seed} onClose={() => setSeed(null)} />
        </Suspense>
      )}
    </Opener>
  );
}
