import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { authQuery } from "../api/queries";
import { ApiError, request, sentence } from "../api/request";
import { say } from "../parts/toasts";

interface PasswordFormProps {
  hasPassword: boolean;
  onDone: () => void;
  /** What leaves without a password, and its word. */
  leave: { name: string; run: () => void };
}

export function PasswordForm({ hasPassword, onDone, leave }: PasswordFormProps) {
  const [current, setCurrent] = useState("");
  const [password, setPassword] = useState("");
  const client = useQueryClient();
  const set = useMutation({
    mutationFn: () =>
      request("POST", "/api/auth/set-password", { password, ...(hasPassword ? { current_password: current } : {}) }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: authQuery.queryKey });
      say("The password is set. The token goes on working.");
      onDone();
    },
  });
  const id = useId();
  const field = set.error instanceof ApiError ? set.error.field : null;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        set.mutate();
      }}
    >
      <input type="text" name="username" autoComplete="username" value="forgather" readOnly hidden />
      {hasPassword && (
        <>
          <label className="field-label" htmlFor={`${id}-now`}>
            Current password
          </label>
          <input
            id={`${id}-now`}
            className="input"
            type="password"
            autoComplete="current-password"
            required
            value={current}
            onChange={(event) => setCurrent(event.target.value)}
          />
        </>
      )}
      <label className="field-label" htmlFor={`${id}-new`}>
        New password
      </label>
      <input
        id={`${id}-new`}
        className="input"
        type="password"
        autoComplete="new-password"
        autoFocus={!hasPassword}
        required
        value={password}
        aria-invalid={field === "password" || undefined}
        onChange={(event) => setPassword(event.target.value)}
      />
      {set.error && (
        <p className="field-error" role="alert">
          {sentence(set.error)}
        </p>
      )}
      <div className="form-foot">
        <button type="button" className="button" onClick={leave.run}>
          {leave.name}
        </button>
        <button className="button button-main" disabled={set.isPending}>
          Set password
        </button>
      </div>
    </form>
  );
}
