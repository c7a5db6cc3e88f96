/** The token that a sign-in address carries. */

/** Take `?token=` out of the address bar and of the history entry, and give it back. */
export function takeToken(): string | null {
  const url = new URL(window.location.href);
  const token = url.searchParams.get("token");
  if (token === null) return null;
  url.searchParams.delete("token");
  window.history.replaceState(null, "", `${url.pathname}${url.search}${url.hash}`);
  return token;
}

export type Credential = { token: string } | { password: string };

/** One field takes both: a token has a form of its own, and people paste the whole sign-in address too. */
export function credentialOf(typed: string): Credential {
  const text = typed.trim();
  const token = /^(?:https?:\/\/\S+[?&]token=)?([0-9a-f]{64}|login-[0-9a-f]*-[0-9a-f]{32}\.[\w-]+\.[\w-]+)$/.exec(text)?.[1];
  return token ? { token } : { password: typed };
}
