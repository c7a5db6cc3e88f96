import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { authQuery, schedulerQuery } from "../shared/api/queries";
import { messageOf, request } from "../shared/api/request";
import type { AuthStatus } from "../shared/api/types";
import { HostButton } from "../features/host/host-button";
import { Icon } from "../shared/parts/icon";
import { Menu, type MenuEntry } from "../shared/parts/menu";
import { Modal, ModalBody } from "../shared/parts/modal";
import { Switch } from "../shared/parts/switch";
import { showToast } from "../shared/parts/toasts";
import { useSchedulerSwitch } from "../features/queue/use-scheduler-switch";
import { PasswordForm } from "../features/sign-in/password-form";
import styles from "./sidebar.module.css";
import line from "../shared/parts/sidebar-line.module.css";

interface SidebarFootProps {
  auth: AuthStatus;
  version: string | null;
  onKeys: () => void;
}

export function SidebarFoot({ auth, version, onKeys }: SidebarFootProps) {
  const client = useQueryClient();
  const scheduler = useQuery(schedulerQuery).data;
  const setEnabled = useSchedulerSwitch();
  const [password, setPassword] = useState(false);
  const signOut = useMutation({
    mutationFn: () => request("POST", "/api/auth/logout"),
    onError: (error) => showToast(messageOf(error), "error"),
    onSettled: () => client.invalidateQueries({ queryKey: authQuery.queryKey }),
  });
  const keys: MenuEntry = { name: "Keyboard shortcuts...", run: onKeys };
  const account: readonly MenuEntry[] = [
    { name: auth.has_password ? "Change password..." : "Set a password...", run: () => setPassword(true) },
    { name: "Sign out", run: () => signOut.mutate() },
  ];
  return (
    <footer className={styles["foot"]}>
      <div className={line["foot"]} data-paused={scheduler?.enabled === false || undefined}>
        <Icon name={scheduler?.enabled === false ? "pause" : "play"} />
        <span className={line["name"]}>Scheduler {scheduler ? (scheduler.enabled ? "running" : "paused") : ""}</span>
        <Switch
          label="Scheduler"
          on={scheduler?.enabled ?? false}
          disabled={!scheduler || setEnabled.isPending}
          onChange={(on) => setEnabled.mutate(on)}
        />
      </div>
      <HostButton />
      <div className={line["foot"]}>
        <span className={line["name"]}>{version ? `forgather ${version}` : ""}</span>
        <Menu label="Account" icon="person" entries={auth.auth_disabled || auth.by_proxy ? [keys] : [keys, ...account]} />
      </div>
      <Modal
        open={password}
        onClose={() => setPassword(false)}
        title={auth.has_password ? "Change password" : "Set a password"}
      >
        <ModalBody>
          <PasswordForm
            hasPassword={auth.has_password}
            onDone={() => setPassword(false)}
            leave={{ name: "Cancel", run: () => setPassword(false) }}
          />
        </ModalBody>
      </Modal>
    </footer>
  );
}
