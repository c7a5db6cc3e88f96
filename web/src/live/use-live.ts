/** The one event stream of the page: what it says goes into the cache, and all views read from there. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { authQuery, jobsQuery, logdirQuery, schedulerQuery } from "../api/queries";
import type { Hello, Job, LogdirFacts, Scheduler } from "../api/types";
import { say } from "../parts/toasts";
import { EventStream, type Connection } from "./event-stream";
import { HELLO, useHello } from "./hello";
import { applied, type Change } from "./job-changes";

export interface Live {
  connection: Connection;
  /** What the server said of itself, once it has. */
  hello: Hello | undefined;
}

/** Many changes at once (a restart, a clean-up) are one rendering. */
const GATHER_MS = 40;

export function useLive(): Live {
  const client = useQueryClient();
  const [connection, setConnection] = useState<Connection>("connecting");
  const { data: hello } = useHello();

  useEffect(() => {
    let boot: string | null = null;
    let gathered: Change[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;

    const flush = (): void => {
      // An answer on its way may be older than these changes: it comes first, and they go on top of it.
      if (client.isFetching({ queryKey: jobsQuery.queryKey })) {
        timer = setTimeout(flush, GATHER_MS);
        return;
      }
      timer = undefined;
      const changes = gathered;
      gathered = [];
      client.setQueryData(jobsQuery.queryKey, (jobs) => jobs && applied(jobs, changes));
    };
    const gather = (change: Change): void => {
      gathered.push(change);
      timer ??= setTimeout(flush, GATHER_MS);
    };

    const stream = new EventStream({
      url: () => "/api/events",
      onConnection: (state) => {
        setConnection(state);
        if (state === "open") {
          // What happened while we were away was told to nobody.
          for (const { queryKey } of [jobsQuery, schedulerQuery]) void client.invalidateQueries({ queryKey });
          void client.invalidateQueries({ queryKey: ["logdir"] });
        } else {
          // Lost for want of a session? Then the sign-in is what helps.
          void client.invalidateQueries({ queryKey: authQuery.queryKey });
        }
      },
      on: {
        hello: (event) => {
          const hello = JSON.parse(event.data) as Hello;
          if (boot !== null && boot !== hello.boot_id) {
            say("The server was restarted. Everything here is fresh again.");
            for (const key of ["host", "services", "projects"]) void client.invalidateQueries({ queryKey: [key] });
          }
          boot = hello.boot_id;
          client.setQueryData(HELLO, hello);
        },
        job: (event) => gather({ job: JSON.parse(event.data) as Job }),
        removed: (event) => gather({ removed: (JSON.parse(event.data) as { queue_id: string }).queue_id }),
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
