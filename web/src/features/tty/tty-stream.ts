/** Streams a job's output: its last lines, then live lines. Resumes after a lost connection without a gap. */
import { withQuery } from "../../shared/api/request";
import type { ErrorBody, Job, TtyOutput } from "../../shared/api/types";
import { EventStream } from "../../shared/live/event-stream";
import { reconnectedMark, unreadableMark } from "./marks";
import { remark } from "./output";

/** Lines to load first. Scrolling up loads older ones. */
const TAIL = 1000;

interface TtyStreamOptions {
  queueId: string;
  /** The journal's cursor of the last loaded line; null: none. */
  after: () => string | null;
  onOutput: (output: TtyOutput) => void;
  onEnd: (job: Job) => void;
  onLost: (lost: boolean) => void;
}

/** Follows the output until the job ends or the returned function is called. */
export function followTty({ queueId, after, onOutput, onEnd, onLost }: TtyStreamOptions): () => void {
  let lost = false;
  const stream = new EventStream({
    url: () => withQuery(`/api/jobs/${queueId}/tty/stream`, { joined: 1, tail: TAIL, after: after() }),
    onConnection: (state) => {
      if (state === "open" && lost) onOutput(remark(reconnectedMark(new Date())));
      lost = state === "lost";
      onLost(lost);
    },
    on: {
      unreadable: (event) => onOutput(remark(unreadableMark((JSON.parse(event.data) as ErrorBody).detail))),
      output: (event) => onOutput(JSON.parse(event.data) as TtyOutput),
      end: (event) => {
        stream.close();
        onEnd(JSON.parse(event.data) as Job);
      },
    },
  });
  return () => stream.close();
}
