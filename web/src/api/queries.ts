/** What is asked of the server, each under its key in the cache. The event stream keeps `jobs` and `scheduler` fresh. */
import { QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, address, request } from "./request";
import type {
  AuthStatus,
  Folder,
  Host,
  Job,
  LogdirFacts,
  Me,
  PortFacts,
  Project,
  Run,
  Scheduler,
  Service,
} from "./types";

/** A 404 means that this server does not have it (yet): null, not a mistake. */
async function ifThere<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null;
    throw error;
  }
}

export const authQuery = queryOptions({
  queryKey: ["auth"],
  queryFn: ({ signal }) => request<AuthStatus>("GET", "/api/auth/status", undefined, signal),
});

export const meQuery = queryOptions({
  queryKey: ["me"],
  queryFn: ({ signal }) => ifThere(request<Me>("GET", "/api/auth/me", undefined, signal)),
});

export const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: ({ signal }) => request<Job[]>("GET", "/api/jobs", undefined, signal),
});

export const schedulerQuery = queryOptions({
  queryKey: ["scheduler"],
  queryFn: ({ signal }) => request<Scheduler>("GET", "/api/queue/scheduler", undefined, signal),
});

export const hostQuery = queryOptions({
  queryKey: ["host"],
  queryFn: ({ signal }) => ifThere(request<Host>("GET", "/api/host", undefined, signal)),
});

export const servicesQuery = queryOptions({
  queryKey: ["services"],
  queryFn: async ({ signal }) => {
    const answer = await ifThere(request<Service[] | { services: Service[] }>("GET", "/api/services", undefined, signal));
    return answer === null || Array.isArray(answer) ? answer : answer.services;
  },
});

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: async ({ signal }) => {
    const answer = await ifThere(request<{ projects: Project[] }>("GET", "/api/projects", undefined, signal));
    return answer?.projects ?? [];
  },
});

export const runsQuery = (projectDir: string, config: string) =>
  queryOptions({
    queryKey: ["runs", projectDir, config],
    queryFn: async ({ signal }) => {
      const path = address("/api/runs", { project_dir: projectDir, config });
      return (await ifThere(request<{ runs: Run[] }>("GET", path, undefined, signal)))?.runs ?? [];
    },
  });

/** The folders in `path` (null: the server's choice), and the files whose names end with one of `files`. */
export const folderQuery = (path: string | null, files?: string) =>
  queryOptions({
    queryKey: ["folder", path, files],
    queryFn: ({ signal }) => request<Folder>("GET", address("/api/fs/browse", { path, files }), undefined, signal),
    staleTime: 0,
  });

export const logdirQuery = (path: string) =>
  queryOptions({
    queryKey: ["logdir", path],
    queryFn: ({ signal }) => request<LogdirFacts>("GET", address("/api/logdir", { path }), undefined, signal),
    staleTime: 5_000,
  });

export const portQuery = (port: number, host: string | null) =>
  queryOptions({
    queryKey: ["port", port, host],
    queryFn: ({ signal }) => request<PortFacts>("GET", address("/api/ports", { port, host }), undefined, signal),
    // Whoever held it may be gone by the next look.
    staleTime: 0,
    gcTime: 0,
  });

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // What changes is told by the event stream; the rest is asked for when it is looked at.
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      },
    },
  });
}
