/** The event stream of the page. Its events are written to the query cache, which all views read. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { authQuery, jobsQuery, logdirQuery, schedulerQuery } from "../shared/api/queries";
import type { Hello, Job, LogdirFacts, Removed, Scheduler } from "../shared/api/types";
import { showToast } from "../shared/parts/toasts";
import { EventStream, type Connection } from "../shared/live/event-stream";
import { HELLO, useHello } from "../shared/live/hello";
import { applyChanges, refetchJobs } from "../shared/jobs/apply-changes";
import type { Change } from "../shared/jobs/job-changes";

export interface Live {
  connection: Connection;
  /** The first event of the stream; undefined before it. */
  hello: Hello | undefined;
}

/** Changes within this time are rendered together. */
const BATCH_MS = 40;

export function useLive(): Live {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>("connecting");
  const { data: hello } = useHello();

  useEffect(() => {
    let boot: string | null = null;
    let pending: Change[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;

    const flush = (): void => {
      // A pending response may be older than these changes: apply them after it.
      if (client.isFetching({ queryKey: jobsQuery.queryKey })) {
        timer = setTimeout(flush, BATCH_MS);
        return;
      }
      timer = undefined;
      const changes = pending;
      pending = [];
      applyChanges(client, changes);
    };
    const add = (change: Change): void => {
      pending.push(change);
      timer ??= setTimeout(flush, BATCH_MS);
    };

    const stream = new EventStream({
      url: () => "/api/events",
      onConnection: (state) => {
        setConnection(state);
        if (state === "open") {
          // Changes while the stream was closed were not received.
          refetchJobs(client);
          void client.invalidateQueries({ queryKey: schedulerQuery.queryKey });
          void client.invalidateQueries({ queryKey: ["logdir"] });
        } else {
          // The session may have expired: this shows the sign-in.
          void client.invalidateQueries({ queryKey: authQuery.queryKey });
        }
      },
      on: {
        hello: (event) => {
          const hello = JSON.parse(event.data) as Hello;
          if (boot !== null && boot !== hello.boot_id) {
            showToast("The server was restarted. This page is up to date again.");
            for (const key of ["host", "services", "projects"]) void client.invalidateQueries({ queryKey: [key] });
          }
          boot = hello.boot_id;
          client.setQueryData(HELLO, hello);
        },
        job: (event) => add({ job: JSON.parse(event.data) as Job }),
        removed: (event) => add({ removed: (JSON.parse(event.data) as Removed).queue_id }),
        history: () => refetchJobs(client),
        scheduler: (event) => client.setQueryData(schedulerQuery.queryKey, JSON.parse(event.data) as Scheduler),
        logdir: (event) => {
          const facts = JSON.parse(event.data) as LogdirFacts;
          client.setQueryData(logdirQuery(facts.path).queryKey, facts);
        },
        projects: () => void client.invalidateQueries({ queryKey: ["projects"] }),
        runs: () => void client.invalidateQueries({ queryKey: ["runs"] }),
        services: () => void client.invalidateQueries({ queryKey: ["services"] }),
      },
    });
    return () => {
      clearTimeout(timer);
      stream.close();
    };
  }, [client]);

  return { connection, hello };
}
