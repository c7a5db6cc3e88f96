import { useQuery } from "@tanstack/react-query";
import { runsQuery } from "../../shared/api/queries";
import { messageOf } from "../../shared/api/request";
import type { Project, ProjectConfig, Run } from "../../shared/api/types";
import { span } from "../../shared/format/seconds";
import { useNow } from "../../shared/live/clock";
import { useHello } from "../../shared/live/hello";
import { Icon } from "../../shared/parts/icon";
import { LossCurve } from "./loss-curve";
import { runsNote } from "./runs-note";
import { useConfigDialog } from "./use-config-dialog";
import styles from "./projects.module.css";

interface ConfigPanelProps {
  project: Project;
  config: ProjectConfig;
  onClose: () => void;
}

/** One config: its output folder and its runs. */
export function ConfigPanel({ project, config, onClose }: ConfigPanelProps) {
  const { open, disabledReason } = useConfigDialog(project, config);
  // Only if the server has the route: the browser logs each 404 as an error in its console.
  const hasRuns = useHello().data?.runs === true;
  const { data: found, error } = useQuery({
    ...runsQuery(project.project_dir, config.name),
    enabled: hasRuns && config.output_dir !== null,
    staleTime: 0,
    // The server sends `runs` events only for some minutes after a request.
    refetchInterval: 120_000,
  });
  return (
    <section className={`view ${styles["panel"]}`} aria-label={`Config ${config.name}`}>
      <header className="view-head">
        <h1>{config.config_name ?? config.name}</h1>
        <button type="button" className="icon-button push" aria-label="Close the config" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div role="toolbar" aria-label="Config" className={styles["toolbar"]}>
        <button type="button" className="button button-main" disabled={disabledReason !== null} aria-haspopup="dialog" onClick={open}>
          <Icon name="tensorboard" />
          TensorBoard...
        </button>
      </div>
      {disabledReason && <p className="reason reason-warning">{disabledReason}</p>}
      <dl className="rows">
        <div>
          <dt>Project</dt>
          <dd>{project.name}</dd>
        </div>
        <div>
          <dt>File</dt>
          <dd>
            <code>{config.name}</code>
          </dd>
        </div>
        {config.config_class && (
          <div>
            <dt>Class</dt>
            <dd>
              <code>{config.config_class}</code>
            </dd>
          </div>
        )}
        {config.output_dir && (
          <div>
            <dt>Output folder</dt>
            <dd>
              <code>{config.output_dir}</code>
            </dd>
          </div>
        )}
      </dl>
      {hasRuns && <h2 className="group-title">Runs</h2>}
      {error && <p className="field-error">{messageOf(error)}</p>}
      {found && !found.runs.length && found.complete && <p className="quiet">No runs yet.</p>}
      {found && found.runs.length > 0 && <RunList runs={found.runs} />}
      {found && runsNote(found) && <p className="quiet">{runsNote(found)}</p>}
    </section>
  );
}

function RunList({ runs }: { runs: readonly Run[] }) {
  const now = useNow();
  return (
    <ul className={styles["runs"]} aria-label="Runs">
      {runs.map((run) => (
        <li key={run.path} title={run.path}>
          <span className={styles["run"]}>
            {run.name}
            <span className="quiet">{span(Math.max(0, now - run.modified))} ago</span>
          </span>
          <LossCurve points={run.curve} />
          <span className={styles["figures"]}>
            {run.last_step !== null && <span>step {run.last_step.toLocaleString("en")}</span>}
            {run.last_loss !== null && <span>loss {run.last_loss.toPrecision(4)}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
