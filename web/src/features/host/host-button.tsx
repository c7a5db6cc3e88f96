import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { hostQuery } from "../../shared/api/queries";
import type { Finding, Host } from "../../shared/api/types";
import { CommandLine } from "../../shared/parts/copy-button";
import { Dot } from "../../shared/parts/dot";
import { Icon } from "../../shared/parts/icon";
import { Modal } from "../../shared/parts/modal";
import { piecesOf } from "./command";
import line from "../../shared/parts/sidebar-line.module.css";
import styles from "./host-button.module.css";

const VERDICTS: Readonly<Record<Finding["verdict"], string>> = { ok: "good", warn: "warning", bad: "missing" };
/** In the order of attention that they need. */
const GROUPS = [
  { verdict: "bad", title: "Missing", meaning: "Red: viewers cannot run, or not as configured, until it is fixed." },
  { verdict: "warn", title: "Needs attention", meaning: "Amber: viewers run, with less protection or information." },
  { verdict: "ok", title: "Good", meaning: "Green: this host supports it." },
] as const;
const PLACEMENTS: Readonly<Record<Host["placement"], string>> = {
  socket: "behind a private socket",
  direct: "on a port of its own",
};

/** A summary of what this host supports; opens a dialog with all checks. */
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
        className={`${line["foot"]} ${styles["button"]}`}
        aria-haspopup="dialog"
        aria-label={`Host capabilities: ${short}`}
        title="What this host supports"
        onClick={() => setOpen(true)}
      >
        <Icon name="server" />
        <span className={line["name"]}>{short}</span>
        <Dot tone={worst ?? "ok"} title={VERDICTS[worst ?? "ok"]} />
      </button>
      <Modal open={open} onClose={() => setOpen(false)} title="Host capabilities" description={about(host)}>
        <div className={styles["findings"]} tabIndex={0} role="region" aria-label="Findings">
          {GROUPS.map(({ verdict, title, meaning }) => (
            <Group
              key={verdict}
              verdict={verdict}
              title={title}
              meaning={meaning}
              findings={host.findings.filter((finding) => finding.verdict === verdict)}
            />
          ))}
        </div>
      </Modal>
    </>
  );
}

interface GroupProps {
  verdict: Finding["verdict"];
  title: string;
  meaning: string;
  findings: readonly Finding[];
}

function Group({ verdict, title, meaning, findings }: GroupProps) {
  if (!findings.length) return null;
  return (
    <section>
      <h2 className="group-title">
        <Dot tone={verdict} /> {title} ({findings.length})
      </h2>
      <p className="hint">{meaning}</p>
      <ul aria-label={title}>
        {findings.map((finding) => (
          <li key={finding.name}>
            <strong>{finding.name}</strong>
            <p>{finding.detail}</p>
            {finding.fix && <Fix fix={finding.fix} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How to change it: command lines and settings can be copied. */
function Fix({ fix }: { fix: string }) {
  const pieces = piecesOf(fix);
  return (
    <div className={styles["fix"]}>
      {pieces[0]?.kind === "text" ? null : "Fix:"}
      {pieces.map(({ kind, text }, index) =>
        kind === "text" ? (
          <p key={text}>
            {index === 0 && "Fix: "}
            {text}
          </p>
        ) : (
          <CommandLine key={text} text={text} label={kind === "command" ? "Copy the command" : "Copy the setting"} />
        ),
      )}
    </div>
  );
}

function about(host: Host): string {
  const why = host.placement_reason ? ` (${host.placement_reason})` : "";
  return `Viewers run under the systemd manager of ${host.user}, ${PLACEMENTS[host.placement]}${why}.`;
}
