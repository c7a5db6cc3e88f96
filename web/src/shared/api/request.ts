/** Requests to the server, and their errors. */

import { own } from "../own-address";

/** An error response. `field` names the field of the request that it concerns. `status` 0: the server was not reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly field: string | null;
  readonly hint: string | null;
  /** Seconds after which the server accepts the request; null: it does not say. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    detail: string,
    field: string | null = null,
    hint: string | null = null,
    retryAfter: number | null = null,
  ) {
    super(detail);
    this.status = status;
    this.field = field;
    this.hint = hint;
    this.retryAfter = retryAfter;
  }
}

/** A proxy in front of the server responded instead of it: the user is no longer signed in there. */
export class FrontSignInEnded extends ApiError {
  constructor(status: number) {
    super(status, "Your sign-in has ended. Reload the page to sign in again.");
  }
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

let signedOutListener: () => void = () => undefined;

/** Sets the function that is called when a request is rejected for lack of a session. */
export function onSignedOut(listener: () => void): void {
  signedOutListener = listener;
}

export async function request<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const response = await respond(method, path, body, signal);
  return (await response.json()) as T;
}

/** A page of a list: `next` is the path of the next page, `total` the length of the whole list. */
export interface Page<T> {
  items: T[];
  next: string | null;
  total: number;
}

/** Requests one page of a list; the headers Link and X-Total-Count describe the rest. */
export async function requestPage<T>(path: string, signal?: AbortSignal): Promise<Page<T>> {
  const response = await respond("GET", path, undefined, signal);
  const items = (await response.json()) as T[];
  const next = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get("Link") ?? "")?.[1] ?? null;
  return { items, next, total: Number(response.headers.get("X-Total-Count") ?? items.length) };
}

async function respond(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
  const init: RequestInit = {
    method,
    credentials: "same-origin",
    headers: { Accept: "application/json" },
    // The server redirects no request to its API, but a proxy in front redirects to a sign-in, on another origin.
    redirect: "manual",
  };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.headers = { ...init.headers, "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await fetch(own(path), init).catch((reason: unknown) => {
    if (signal?.aborted) throw reason;
    throw new ApiError(0, "The server cannot be reached. Is it running?");
  });
  const error = await errorOf(response);
  if (!error) return response;
  const isAuth = path.startsWith("/api/auth/");
  if ((error.status === 401 || error instanceof FrontSignInEnded) && !isAuth) signedOutListener();
  throw error;
}

/** The error in a response; null for the server's JSON. */
export async function errorOf(response: Response): Promise<ApiError | null> {
  const isJson = response.headers.get("Content-Type")?.includes("json") ?? false;
  if (response.type === "opaqueredirect" || (response.ok && !isJson)) return new FrontSignInEnded(response.status);
  if (response.ok) return null;
  const body: unknown = await response.json().catch(() => null);
  const text = (name: string): string | null => {
    const value = body && typeof body === "object" ? (body as Record<string, unknown>)[name] : null;
    return typeof value === "string" && value ? value : null;
  };
  // Each of the server's own errors has a detail.
  if ((response.status === 401 || response.status === 403) && text("detail") === null) {
    return new FrontSignInEnded(response.status);
  }
  return new ApiError(
    response.status,
    text("detail") ?? `The server responded with status ${response.status}.`,
    text("field"),
    text("hint"),
    Number(response.headers.get("Retry-After")) || null,
  );
}

/** The message to show for anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.hint ? `${error.message}: ${error.hint}` : error.message;
  return error instanceof Error ? error.message : String(error);
}

/** `path` with a query; values that are null are omitted. */
export function withQuery(path: string, query: Record<string, string | number | null | undefined>): string {
  const present = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return present.length ? `${path}?${new URLSearchParams(present.map(([name, value]) => [name, String(value)]))}` : path;
}
