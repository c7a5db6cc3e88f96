/** The queries and their cache keys. The event stream keeps `jobs` and `scheduler` up to date. */
import { infiniteQueryOptions, keepPreviousData, QueryClient, queryOptions } from "@tanstack/react-query";
import { ApiError, request, requestPage, withQuery } from "./request";
import { applyUpdate } from "./listing";
import type {
  AuthStatus,
  CleanupPreview,
  Completions,
  Folder,
  Host,
  Job,
  Listing,
  ListingUpdate,
  LogdirFacts,
  Me,
  PortFacts,
  Runs,
  Scheduler,
  Service,
  Title,
} from "./types";

/** null for a 404: the server does not have this route. */
async function nullIfMissing<T>(response: Promise<T>): Promise<T | null> {
  try {
    return await response;
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
  queryFn: ({ signal }) => nullIfMissing(request<Me>("GET", "/api/auth/me", undefined, signal)),
});

/** All jobs that have not ended, and those that ended last. */
export const jobsQuery = queryOptions({
  queryKey: ["jobs"],
  queryFn: ({ signal }) => request<Job[]>("GET", "/api/jobs", undefined, signal),
});

/** One job, also if it ended long ago. */
export const jobQuery = (queueId: string) =>
  queryOptions({
    queryKey: ["job", queueId],
    queryFn: async ({ signal }) => {
      // A search, because the browser logs each 404 as an error in its console.
      const { items } = await requestPage<Job>(withQuery("/api/jobs", { id: queueId, limit: 1 }), signal);
      return items.find((job) => job.queue_id === queueId) ?? null;
    },
  });

export const HISTORY = ["history"] as const;

/** The ended jobs that contain all words of `text`, in pages, in the server's order. */
export const historyQuery = (text: string, order: "newest" | "oldest" | "name") =>
  infiniteQueryOptions({
    queryKey: [...HISTORY, "pages", text, order],
    queryFn: ({ pageParam, signal }) => requestPage<Job>(pageParam, signal),
    initialPageParam: withQuery("/api/jobs", { state: "ended", search: text || null, sort: order }),
    getNextPageParam: (last) => last.next,
    placeholderData: keepPreviousData,
  });

/** How many jobs have ended. */
export const endedCountQuery = queryOptions({
  queryKey: [...HISTORY, "count"],
  queryFn: async ({ signal }) => (await requestPage<Job>("/api/jobs?state=ended&limit=0", signal)).total,
});

/** What a cleanup would remove. */
export const cleanupQuery = queryOptions({
  queryKey: [...HISTORY, "cleanup"],
  queryFn: ({ signal }) => request<CleanupPreview>("GET", "/api/jobs/cleanup", undefined, signal),
  staleTime: 0,
  gcTime: 0,
});

export const schedulerQuery = queryOptions({
  queryKey: ["scheduler"],
  queryFn: ({ signal }) => request<Scheduler>("GET", "/api/queue/scheduler", undefined, signal),
});

export const hostQuery = queryOptions({
  queryKey: ["host"],
  queryFn: ({ signal }) => nullIfMissing(request<Host>("GET", "/api/host", undefined, signal)),
});

export const servicesQuery = queryOptions({
  queryKey: ["services"],
  queryFn: ({ signal }) => nullIfMissing(request<Service[]>("GET", "/api/services", undefined, signal)),
});

export const projectsQuery = queryOptions({
  queryKey: ["projects"],
  queryFn: async ({ client, signal }): Promise<Listing> => {
    const known = client.getQueryData<Listing>(["projects"]);
    const path = withQuery("/api/projects/changes", { since: known?.version });
    return applyUpdate(known, (await nullIfMissing(request<ListingUpdate>("GET", path, undefined, signal))) ?? { projects: [] });
  },
});

export const runsQuery = (projectDir: string, config: string) =>
  queryOptions({
    queryKey: ["runs", projectDir, config],
    queryFn: async ({ signal }) => {
      const path = withQuery("/api/runs", { project_dir: projectDir, config });
      return (await nullIfMissing(request<Runs>("GET", path, undefined, signal))) ?? null;
    },
  });

/** The folders in `path` (null: the server's choice), and the files whose names end with one of `files`; only those
 * whose names contain `contains`. */
export const folderQuery = (path: string | null, files?: string, contains?: string) =>
  queryOptions({
    queryKey: ["folder", path, files, contains],
    queryFn: ({ signal }) =>
      request<Folder>("GET", withQuery("/api/fs/browse", { path, files, contains }), undefined, signal),
    staleTime: 0,
  });

/** The paths that begin with `typed`. */
export const completionsQuery = (typed: string, files?: string) =>
  queryOptions({
    queryKey: ["completions", typed, files],
    queryFn: ({ signal }) =>
      request<Completions>("GET", withQuery("/api/fs/complete", { path: typed, files }), undefined, signal),
    placeholderData: keepPreviousData,
  });

export const logdirQuery = (path: string) =>
  queryOptions({
    queryKey: ["logdir", path],
    queryFn: ({ signal }) => request<LogdirFacts>("GET", withQuery("/api/logdir", { path }), undefined, signal),
    staleTime: 5_000,
  });

/** The title that the server gives to a viewer of `path`. */
export const titleQuery = (type: string, path: string) =>
  queryOptions({
    queryKey: ["title", type, path],
    queryFn: ({ signal }) =>
      request<Title>("GET", withQuery("/api/title", { job_type: type, path }), undefined, signal),
    staleTime: Infinity,
  });

export const portQuery = (port: number, host: string | null) =>
  queryOptions({
    queryKey: ["port", port, host],
    queryFn: ({ signal }) => request<PortFacts>("GET", withQuery("/api/ports", { port, host }), undefined, signal),
    // The holder may have released it since.
    staleTime: 0,
    gcTime: 0,
  });

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The event stream reports changes; the rest is refetched when it is shown.
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        refetchOnReconnect: false,
        retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status >= 400 && error.status < 500),
      },
    },
  });
}
