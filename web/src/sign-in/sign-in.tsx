import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { authQuery } from "../api/queries";
import { request, sentence } from "../api/request";
import { credentialOf, type Credential } from "./token";
import { Welcome } from "./welcome";

interface LoginAnswer {
  ok: boolean;
  requires_password_setup: boolean;
}

/** Trades a credential for the session cookie. */
export function useSignIn(onDone: (offerPassword: boolean) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (credential: Credential) => request<LoginAnswer>("POST", "/api/auth/login", credential),
    onSuccess: async (answer) => {
      await client.invalidateQueries({ queryKey: authQuery.queryKey });
      onDone(answer.requires_password_setup);
    },
  });
}

interface SignInProps {
  hasPassword: boolean;
  /** Why the address's token did not do. */
  problem: string | null;
  onDone: (offerPassword: boolean) => void;
}

export function SignIn({ hasPassword, problem, onDone }: SignInProps) {
  const [typed, setTyped] = useState("");
  const signIn = useSignIn(onDone);
  const id = useId();
  const wrong = signIn.error ? sentence(signIn.error) : signIn.isIdle ? problem : null;
  return (
    <Welcome title="Sign in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (typed) signIn.mutate(credentialOf(typed));
        }}
      >
        <input type="text" name="username" autoComplete="username" value="forgather" readOnly hidden />
        <label className="field-label" htmlFor={id}>
          {hasPassword ? "Password or token" : "Token"}
        </label>
        <input
          id={id}
          className="input"
          type="password"
          autoComplete="current-password"
          autoFocus
          required
          value={typed}
          aria-describedby={`${id}-about`}
          aria-invalid={wrong ? true : undefined}
          onChange={(event) => setTyped(event.target.value)}
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
      <p className="hint" id={`${id}-about`}>
        <code>forgather login-url</code> prints an address that signs you in. The server's own token stands in the address
        that it prints when it starts, and in a file that only its owner can read.
      </p>
    </Welcome>
  );
}
