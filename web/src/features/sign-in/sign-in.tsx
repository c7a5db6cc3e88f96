import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { authQuery } from "../../shared/api/queries";
import { ApiError, messageOf, request } from "../../shared/api/request";
import type { AuthStatus, Login } from "../../shared/api/types";
import { SecretField } from "./secret-field";
import { credentialOf, type Credential } from "./token";
import { Welcome } from "./welcome";

/** The sign-in succeeded, but the browser did not store the cookie. */
export class CookieLost extends ApiError {
  constructor() {
    super(
      401,
      "Your browser did not store the session cookie. Allow cookies for this address, and delete an older cookie that was set over https.",
    );
  }
}

/** Exchanges a credential for the session cookie. */
export function useSignIn(onDone: (offerPassword: boolean) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async (credential: Credential) => {
      const login = await request<Login>("POST", "/api/auth/login", credential);
      const now = await request<AuthStatus>("GET", "/api/auth/status");
      if (!now.authenticated && !now.auth_disabled) throw new CookieLost();
      return login;
    },
    onSuccess: async (login) => {
      await client.invalidateQueries({ queryKey: authQuery.queryKey });
      onDone(login.requires_password_setup);
    },
  });
}

/** The server counts failures by address, which users of one machine share. */
const paused = (seconds: number): string =>
  `Several sign-ins from this address failed before. The server accepts the next one in ${seconds} s; this page then sends yours.`;

interface SignInProps {
  hasPassword: boolean;
  /** Why the server rejected the token in the address. */
  problem: string | null;
  onDone: (offerPassword: boolean) => void;
}

export function SignIn({ hasPassword, problem, onDone }: SignInProps) {
  const [typed, setTyped] = useState("");
  const signIn = useSignIn(onDone);
  const { mutate, error, variables } = signIn;
  const pause = error instanceof ApiError && error.status === 429 ? error.retryAfter : null;
  useEffect(() => {
    // `error` differs after each attempt, also if the pause is the same.
    if (!error || pause === null || !variables) return undefined;
    const timer = setTimeout(() => mutate(variables), pause * 1000);
    return () => clearTimeout(timer);
  }, [error, pause, mutate, variables]);
  const wrong = error ? (pause === null ? messageOf(error) : paused(pause)) : signIn.isIdle ? problem : null;
  return (
    <Welcome title="Sign in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed) signIn.mutate(credentialOf(typed));
        }}
      >
        <input type="text" name="username" autoComplete="username" value="forgather" readOnly hidden />
        <SecretField
          label={hasPassword ? "Password or token" : "Token"}
          value={typed}
          onChange={(value) => {
            setTyped(value);
            // A correction cancels the attempt that waits.
            if (error) signIn.reset();
          }}
          autoComplete="current-password"
          autoFocus
          hint={
            <>
              <code>forgather login-url</code> prints a one-time sign-in link. A server that runs in a terminal also prints a
              link with its token.
            </>
          }
          wrong={wrong !== null}
        />
        {wrong && (
          <p className="field-error" role="alert">
            {wrong}
          </p>
        )}
        <button className="button button-main" disabled={signIn.isPending}>
          Sign in
        </button>
      </form>
    </Welcome>
  );
}
