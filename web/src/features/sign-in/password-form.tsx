import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { authQuery } from "../../shared/api/queries";
import { ApiError, messageOf, request } from "../../shared/api/request";
import { showToast } from "../../shared/parts/toasts";
import { SecretField } from "./secret-field";
import styles from "./welcome.module.css";

interface PasswordFormProps {
  hasPassword: boolean;
  onDone: () => void;
  /** The button that leaves the form without a password. */
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
      showToast("The password is set. The token keeps working.");
      onDone();
    },
  });
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
        <SecretField
          label="Current password"
          value={current}
          onChange={setCurrent}
          autoComplete="current-password"
          wrong={field === "current_password"}
        />
      )}
      <SecretField
        label="New password"
        value={password}
        onChange={setPassword}
        autoComplete="new-password"
        autoFocus={!hasPassword}
        hint="4 to 1024 characters, of any kind. A new password ends all other sessions."
        wrong={field === "password"}
      />
      {set.error && (
        <p className="field-error" role="alert">
          {messageOf(set.error)}
        </p>
      )}
      <div className={styles["buttons"]}>
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
