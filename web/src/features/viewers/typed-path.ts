/** What the page says of a path before the server knows it. */

/** A comment on a typed path that cannot be meant; null: none. */
export function commentOn(path: string): string | null {
  if (path === "/") return "/ is the whole machine: choose the folder of the runs.";
  if (!path || path.startsWith("/") || path.startsWith("~")) return null;
  return "Type the full path, from /. The server does not know the folder of a shell.";
}

/** The path with `~` replaced by the home of the server's account; unchanged while that is unknown. */
export function withHome(path: string, home: string | undefined): string {
  return home && path.startsWith("~/") ? home + path.slice(1) : path;
}
