/** Addresses of the server, which may be below a base path: the page is at its root. */

/** `/api/jobs` relative to the page. */
export function own(path: string): string {
  return path.replace(/^\/+/, "");
}

/** The whole address. */
export function wholeAddress(path: string): string {
  return new URL(own(path), window.location.href).href;
}
