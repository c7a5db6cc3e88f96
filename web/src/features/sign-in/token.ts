/** The token that a sign-in address carries. */

/** Removes `?token=` from the address bar and the history entry, and returns it. */
export function takeToken(): string | null {
  const url = new URL(window.location.href);
  const token = url.searchParams.get("token");
  if (token === null) return null;
  url.searchParams.delete("token");
  window.history.replaceState(null, "", `${url.pathname}${url.search}${url.hash}`);
  return token;
}

export type Credential = { token: string } | { password: string };

/** The field accepts a password, a token, or a whole sign-in address. */
export function credentialOf(typed: string): Credential {
  const text = typed.trim();
  const token = /^(?:https?:\/\/\S+[?&]token=)?([0-9a-f]{64}|login-[0-9a-f]*-[0-9a-f]{32}\.[\w-]+\.[\w-]+)$/.exec(text)?.[1];
  return token ? { token } : { password: typed };
}
