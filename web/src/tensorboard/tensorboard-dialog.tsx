import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { jobsQuery, logdirQuery } from "../api/queries";
import { ApiError, request, sentence } from "../api/request";
import type { QueueItem } from "../api/types";
import { go, hrefOf } from "../app/route";
import { Icon } from "../parts/icon";
import { Modal } from "../parts/modal";
import { say } from "../parts/toasts";
import { Advanced } from "./advanced";
import type { Seed } from "./dialogs";
import { CheckField, TextField } from "./fields";
import { ADVANCED, DEFAULTS, derivedTitle, fieldOf, formOf, problemsOf, submissionOf, type Form, type Problems } from "./form";
import { LogdirField } from "./logdir-field";
import { PortField } from "./port-field";
import { forget, keep, recall } from "./stored";

const ABOUT: Readonly<Record<Seed["kind"], string>> = {
  global: "It runs as a systemd unit and is opened through this server.",
  config: "Seeded with the config's output folder. The settings of other TensorBoards are left alone.",
  again: "The settings of the earlier job, to change or to use again.",
};

function seeded(seed: Seed): Form {
  switch (seed.kind) {
    case "global":
      return recall(localStorage);
    case "config":
      return { ...DEFAULTS, logdir: seed.logdir, windowTitle: seed.title };
    case "again":
      return formOf(seed.job.job_params, seed.job.priority);
  }
}

export default function TensorBoardDialog({ seed, onClose }: { seed: Seed; onClose: () => void }) {
  const [form, setForm] = useState(() => seeded(seed));
  const [problems, setProblems] = useState<Problems>({});
  const [advanced, setAdvanced] = useState(() => hasAdvanced(form));
  const client = useQueryClient();
  const id = useId();

  const show = (found: Problems): void => {
    setProblems(found);
    if (Object.keys(found).some((name) => ADVANCED.has(name as keyof Form))) setAdvanced(true);
  };
  const submit = useMutation({
    mutationFn: async () => {
      // Looked at first: the answer is mostly there already, and it names the field.
      const facts = await client.fetchQuery(logdirQuery(form.logdir.trim())).catch(() => null);
      if (facts?.error) throw new ApiError(400, facts.error, "logdir");
      const projectDir = seed.kind === "config" ? seed.projectDir : seed.kind === "again" ? seed.job.project_dir : null;
      return request<QueueItem>("POST", "/api/queue", submissionOf(form, projectDir));
    },
    onSuccess: (item) => {
      if (seed.kind === "global") keep(localStorage, form);
      const warnings = item.warnings ?? [];
      say(["The TensorBoard is queued.", ...warnings].join(" "), warnings.length ? "warning" : "plain");
      void client.invalidateQueries({ queryKey: jobsQuery.queryKey });
      onClose();
      go(hrefOf("jobs"));
    },
    onError: (error) => show({ [fieldOf(error instanceof ApiError ? error.field : null)]: sentence(error) }),
  });
  const change = (part: Partial<Form>): void => {
    setForm((before) => ({ ...before, ...part }));
    // What was wrong with a field was said of its old value.
    setProblems((before) => Object.fromEntries(Object.entries(before).filter(([name]) => name !== "" && !(name in part))));
  };
  const onSubmit = (event: React.FormEvent): void => {
    event.preventDefault();
    const found = problemsOf(form);
    if (Object.keys(found).length) show(found);
    else submit.mutate();
  };
  const reset = (): void => {
    forget(localStorage);
    setForm({ ...DEFAULTS });
    setProblems({});
  };

  return (
    <Modal open onClose={onClose} title="Start a TensorBoard" description={ABOUT[seed.kind]} wide>
      <form onSubmit={onSubmit} noValidate className="modal-form">
        <div className="modal-body">
          {problems[""] && (
            <p className="field-error" role="alert">
              {problems[""]}
            </p>
          )}
          <LogdirField value={form.logdir} onChange={(logdir) => change({ logdir })} problem={problems.logdir} />
          <div className="form-grid">
            <PortField
              value={form.port}
              host={form.bindAll ? "0.0.0.0" : form.host.trim() || null}
              onChange={(port) => change({ port })}
              problem={problems.port}
            />
            <TextField
              label="Priority"
              value={form.priority}
              onChange={(priority) => change({ priority })}
              numeric
              problem={problems.priority}
              hint="Higher starts sooner; no GPUs reserved."
            />
          </div>
          <TextField
            label="Window title"
            value={form.windowTitle ?? derivedTitle(form.logdir)}
            onChange={(windowTitle) => change({ windowTitle })}
            placeholder="TensorBoard"
            problem={problems.windowTitle}
          />
          <CheckField
            label="--bind_all"
            on={form.bindAll}
            onChange={(bindAll) => change({ bindAll })}
            problem={problems.bindAll}
            hint="Listen on all addresses of this machine."
            warning={
              form.bindAll &&
              "This bypasses the gate: whoever reaches the port sees the runs, without a password. Opened through this page it needs no --bind_all."
            }
          />
          <button
            type="button"
            className="disclosure"
            aria-expanded={advanced}
            aria-controls={`${id}-advanced`}
            onClick={() => setAdvanced(!advanced)}
          >
            <Icon name="chevron" />
            Advanced
          </button>
          <div id={`${id}-advanced`} hidden={!advanced}>
            <Advanced form={form} problems={problems} change={change} />
          </div>
        </div>
        <footer className="modal-foot">
          {seed.kind === "global" && (
            <button type="button" className="quiet-button push-left" onClick={reset}>
              Reset to defaults
            </button>
          )}
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button button-main" disabled={submit.isPending}>
            Start TensorBoard
          </button>
        </footer>
      </form>
    </Modal>
  );
}

/** What is set there must not hide. */
function hasAdvanced(form: Form): boolean {
  return [...ADVANCED].some((name) => name !== "" && form[name] !== DEFAULTS[name]);
}
