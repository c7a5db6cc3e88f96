import { useQuery } from "@tanstack/react-query";
import { runsQuery } from "../api/queries";
import { sentence } from "../api/request";
import type { Project, ProjectConfig, Run } from "../api/types";
import { span } from "../format/seconds";
import { useNow } from "../live/clock";
import { useHello } from "../live/hello";
import { Icon } from "../parts/icon";
import { LossCurve } from "./loss-curve";
import { useConfigDialog } from "./use-config-dialog";

interface ConfigPanelProps {
  project: Project;
  config: ProjectConfig;
  onClose: () => void;
}

/** One config: where it writes, and what it has written so far. */
export function ConfigPanel({ project, config, onClose }: ConfigPanelProps) {
  const { open, why } = useConfigDialog(project, config);
  // Asked for only where they exist: a 404 is an error in the browser's console, however it is taken.
  const told = useHello().data?.runs === true;
  const { data: runs, error } = useQuery({
    ...runsQuery(project.project_dir, config.name),
    enabled: told && config.output_dir !== null,
    staleTime: 0,
    // The server tells of changes as long as it is asked from time to time.
    refetchInterval: 120_000,
  });
  return (
    <section className="view config-panel" aria-label={`Config ${config.name}`}>
      <header className="view-head">
        <h1>{config.config_name ?? config.name}</h1>
        <button type="button" className="icon-button push" aria-label="Close the config" onClick={onClose}>
          <Icon name="close" />
        </button>
      </header>
      <div role="toolbar" aria-label="Config" className="tool-bar">
        <button type="button" className="button button-main" disabled={why !== null} aria-haspopup="dialog" onClick={open}>
          <Icon name="tensorboard" />
          TensorBoard...
        </button>
      </div>
      {why && <p className="reason reason-warning">{why}</p>}
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
      {told && <h2 className="group-title">Runs</h2>}
      {error && <p className="field-error">{sentence(error)}</p>}
      {runs && !runs.length && <p className="quiet">No runs yet.</p>}
      {runs && runs.length > 0 && <Runs runs={runs} />}
    </section>
  );
}

function Runs({ runs }: { runs: readonly Run[] }) {
  const now = useNow();
  return (
    <ul className="runs" aria-label="Runs">
      {runs.map((run) => (
        <li key={run.path} title={run.path}>
          <span className="run-name">
            {run.name}
            <span className="quiet">{span(Math.max(0, now - run.modified))} ago</span>
          </span>
          <LossCurve points={run.curve} />
          <span className="run-figures">
            {run.last_step !== null && <span>step {run.last_step.toLocaleString("en")}</span>}
            {run.last_loss !== null && <span>loss {run.last_loss.toPrecision(4)}</span>}
          </span>
        </li>
      ))}
    </ul>
  );
}
