import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { authQuery, schedulerQuery } from "../api/queries";
import { request, sentence } from "../api/request";
import type { AuthStatus } from "../api/types";
import { HostButton } from "../host/host-button";
import { Icon } from "../parts/icon";
import { Menu } from "../parts/menu";
import { Modal } from "../parts/modal";
import { Switch } from "../parts/switch";
import { say } from "../parts/toasts";
import { useSchedulerSwitch } from "../queue/use-scheduler-switch";
import { PasswordForm } from "../sign-in/password-form";

export function SidebarFoot({ auth, version }: { auth: AuthStatus; version: string | null }) {
  const client = useQueryClient();
  const scheduler = useQuery(schedulerQuery).data;
  const turn = useSchedulerSwitch();
  const [password, setPassword] = useState(false);
  const leave = useMutation({
    mutationFn: () => request("POST", "/api/auth/logout"),
    onError: (error) => say(sentence(error), "error"),
    onSettled: () => client.invalidateQueries({ queryKey: authQuery.queryKey }),
  });
  return (
    <footer className="sidebar-foot">
      <div className="foot-line" data-paused={scheduler?.enabled === false || undefined}>
        <Icon name={scheduler?.enabled === false ? "pause" : "play"} />
        <span className="nav-name">Scheduler {scheduler ? (scheduler.enabled ? "running" : "paused") : ""}</span>
        <Switch
          label="Scheduler"
          on={scheduler?.enabled ?? false}
          disabled={!scheduler || turn.isPending}
          onChange={(on) => turn.mutate(on)}
        />
      </div>
      <HostButton />
      <div className="foot-line">
        <span className="version nav-name">{version ? `forgather ${version}` : ""}</span>
        {!auth.auth_disabled && (
          <Menu
            label="Account"
            icon="person"
            entries={[
              { name: auth.has_password ? "Change password..." : "Set a password...", run: () => setPassword(true) },
              { name: "Sign out", run: () => leave.mutate() },
            ]}
          />
        )}
      </div>
      <Modal
        open={password}
        onClose={() => setPassword(false)}
        title={auth.has_password ? "Change password" : "Set a password"}
      >
        <div className="modal-body">
          <PasswordForm
            hasPassword={auth.has_password}
            onDone={() => setPassword(false)}
            leave={{ name: "Cancel", run: () => setPassword(false) }}
          />
        </div>
      </Modal>
    </footer>
  );
}
