/** A job's output: the history, then what comes, and after a lost connection what came meanwhile. */
import type { Job } from "../api/types";
import { address } from "../api/request";
import { EventStream } from "../live/event-stream";
import { output, type Line } from "./line";
import { droppedMark, endMark, reconnectedMark } from "./marks";

interface TtyStreamOptions {
  queueId: string;
  write: (piece: string | Uint8Array) => void;
  onEnd: (job: Job) => void;
  onLost: (lost: boolean) => void;
}

/** Follows the output until it is closed or the job ends; gives back what closes it. */
export function followTty({ queueId, write, onEnd, onLost }: TtyStreamOptions): () => void {
  /** The journal's cursor of the last event: the next connection goes on behind it. */
  let after: string | null = null;
  let lost = false;
  const seen = (event: MessageEvent<string>): unknown => {
    if (event.lastEventId) after = event.lastEventId;
    return JSON.parse(event.data);
  };
  const stream = new EventStream({
    url: () => address(`/api/jobs/${queueId}/tty/stream`, { after }),
    onConnection: (state) => {
      if (state === "open" && lost) write(reconnectedMark(new Date()));
      lost = state === "lost";
      onLost(lost);
    },
    on: {
      line: (event) => write(output(seen(event) as Line)),
      dropped: (event) => write(droppedMark((seen(event) as { count: number }).count)),
      end: (event) => {
        const job = seen(event) as Job;
        stream.close();
        write(endMark(job));
        onEnd(job);
      },
    },
  });
  return () => stream.close();
}
