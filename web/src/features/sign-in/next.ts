/** The address that asked for the sign-in: the gate's page links to `/?next=/api/tb/lab/`. */

/** The path in `?next=`; null: there is none, or it does not lead to a viewer of this server. */
export function nextOf(address: string): string | null {
  const here = new URL(address);
  const wanted = here.searchParams.get("next");
  if (!wanted) return null;
  // Every text is a valid path of this origin or a URL of its own, but for a few that no browser follows.
  const target = URL.canParse(wanted, here.origin) ? new URL(wanted, here.origin) : null;
  if (target?.origin !== here.origin || !target.pathname.startsWith("/api/")) return null;
  return `${target.pathname}${target.search}`;
}
