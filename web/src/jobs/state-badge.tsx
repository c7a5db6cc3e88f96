import type { Job } from "../api/types";
import { useNow } from "../live/clock";
import { shown } from "./state";

/** The state's word in its colour, and what is to say about it. */
export function StateBadge({ job }: { job: Job }) {
  const state = shown(job, useNow());
  return (
    <span className="state" data-tone={state.tone}>
      <span className="state-word">{state.word}</span>
      {state.more && <span className="state-more" title={state.more}>{state.more}</span>}
    </span>
  );
}
