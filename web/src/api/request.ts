/** One request to our own server, and what goes wrong with it. */

/** A refusal in the server's own words; `field` names what it concerns. `status` 0: the server was not reached. */
export class ApiError extends Error {
  readonly status: number;
  readonly field: string | null;
  readonly hint: string | null;

  constructor(status: number, detail: string, field: string | null = null, hint: string | null = null) {
    super(detail);
    this.status = status;
    this.field = field;
    this.hint = hint;
  }
}

type Method = "GET" | "POST" | "PATCH" | "DELETE";

/** What is called when a request finds us signed out. */
let onSignedOut: () => void = () => undefined;

export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

export async function request<T>(method: Method, path: string, body?: unknown, signal?: AbortSignal): Promise<T> {
  const init: RequestInit = { method, credentials: "same-origin", headers: { Accept: "application/json" } };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    init.headers = { ...init.headers, "Content-Type": "application/json" };
    init.body = JSON.stringify(body);
  }
  const response = await fetch(path, init).catch((reason: unknown) => {
    if (signal?.aborted) throw reason;
    throw new ApiError(0, "The server cannot be reached. Is it running?");
  });
  if (response.ok) return (await response.json()) as T;
  const error = await refusal(response);
  if (error.status === 401 && !path.startsWith("/api/auth/")) onSignedOut();
  throw error;
}

async function refusal(response: Response): Promise<ApiError> {
  const said: unknown = await response.json().catch(() => null);
  const text = (name: string): string | null => {
    const value = said && typeof said === "object" ? (said as Record<string, unknown>)[name] : null;
    return typeof value === "string" && value ? value : null;
  };
  return new ApiError(
    response.status,
    text("detail") ?? `The server answered ${response.status}.`,
    text("field"),
    text("hint"),
  );
}

/** The sentence to show for anything that was thrown. */
export function sentence(error: unknown): string {
  if (error instanceof ApiError) return error.hint ? `${error.message}: ${error.hint}` : error.message;
  return error instanceof Error ? error.message : String(error);
}

/** A path with its query; values that are null are left out. */
export function address(path: string, query: Record<string, string | number | null | undefined>): string {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined);
  return given.length ? `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : path;
}
