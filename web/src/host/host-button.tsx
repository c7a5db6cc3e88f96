import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { hostQuery } from "../api/queries";
import type { Finding, Host } from "../api/types";
import { Icon } from "../parts/icon";
import { Modal } from "../parts/modal";

const VERDICTS: Readonly<Record<Finding["verdict"], string>> = { ok: "good", warn: "could be better", bad: "missing" };
const PLACEMENTS: Readonly<Record<Host["placement"], string>> = {
  socket: "behind a private socket",
  direct: "on a port of its own",
};

/** What this host can do, in one line; its findings one click away. */
export function HostButton() {
  const host = useQuery(hostQuery).data;
  const [open, setOpen] = useState(false);
  if (!host) return null;
  const worst = (["bad", "warn"] as const).find((verdict) => host.findings.some((finding) => finding.verdict === verdict));
  const short = `systemd --${host.scope}, ${host.placement}`;
  return (
    <>
      <button
        type="button"
        className="foot-line foot-button"
        aria-haspopup="dialog"
        aria-label={`Host capabilities: ${short}`}
        title="What this host can do"
        onClick={() => setOpen(true)}
      >
        <Icon name="server" />
        <span className="nav-name">
          {short}
        </span>
        <span className={`dot dot-${worst ?? "ok"}`} title={VERDICTS[worst ?? "ok"]} />
      </button>
      <Modal open={open} onClose={() => setOpen(false)} title="Host capabilities" description={about(host)}>
        <ul className="findings" tabIndex={0} aria-label="Findings">
          {host.findings.map((finding) => (
            <li key={finding.name}>
              <span className={`dot dot-${finding.verdict}`} />
              <div>
                <strong>{finding.name}</strong> <span className="quiet">{VERDICTS[finding.verdict]}</span>
                <p>{finding.detail}</p>
                {finding.mend && <p>To mend it: {finding.mend}</p>}
              </div>
            </li>
          ))}
        </ul>
      </Modal>
    </>
  );
}

function about(host: Host): string {
  const why = host.placement_reason ? ` (${host.placement_reason})` : "";
  return `Viewers run under the systemd manager of ${host.user}, ${PLACEMENTS[host.placement]}${why}.`;
}
