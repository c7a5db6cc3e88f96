/** The dialog of every kind of viewer: start a job, declare a service, change one. The kind brings its fields. */
import { useMutation, useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useId, useState } from "react";
import { jobsQuery } from "../api/queries";
import { ApiError, request, sentence } from "../api/request";
import type { JobParams, QueueItem } from "../api/types";
import { go, hrefOf } from "../app/route";
import { Icon } from "../parts/icon";
import { Modal } from "../parts/modal";
import { say } from "../parts/toasts";
import { CreateService } from "../services/create-service";
import { useDeclare } from "../services/use-declare";
import type { FieldsProps } from "./common-fields";
import { argsOf, edited, nameOf } from "./declaration";
import type { Seed } from "./dialogs";
import { submissionOf, type Problems, type Use, type ViewerForm } from "./form";
import { VIEWERS, type ViewerType } from "./kinds";
import { forget, keep, recall, type Keeping } from "./stored";

/** What a kind says of its dialog. */
export interface DialogKind<F extends ViewerForm> {
  type: ViewerType;
  /** The words on its button, and what is said afterwards. */
  submit: string;
  queued: string;
  keeping: Keeping<F>;
  advanced: ReadonlySet<keyof F>;
  /** The server's name of a field -> ours. */
  fields: Readonly<Record<string, keyof F>>;
  problemsOf: (form: F, use: Use) => Problems<F>;
  paramsOf: (form: F) => JobParams;
  formOf: (params: JobParams, priority: number) => F;
  titleOf: (form: F) => string;
  Main: React.ComponentType<FieldsProps<F>>;
  Advanced: React.ComponentType<FieldsProps<F>>;
  /** A look at the machine before a job is queued. Throws ApiError. */
  look?: (client: QueryClient, form: F) => Promise<void>;
}

const ABOUT: Readonly<Record<Seed["kind"], string>> = {
  global: "It runs as a systemd unit and is opened through this server.",
  config: "Seeded with the config's output folder. The settings of other TensorBoards are left alone.",
  again: "The settings of the earlier job, to change or to use again.",
  service: "Saving replaces its instance. The address stays the same.",
};

function seeded<F extends ViewerForm>(kind: DialogKind<F>, seed: Seed): F {
  switch (seed.kind) {
    case "global":
      return recall(localStorage, kind.keeping);
    case "config":
      // Only TensorBoard's is opened from a config.
      return { ...kind.keeping.defaults, logdir: seed.logdir, windowTitle: seed.title } as F;
    case "again":
      return kind.formOf(seed.job.job_params, seed.job.priority);
    case "service": {
      const { priority, ...params } = seed.service.args;
      const form = kind.formOf(params as JobParams, Number(priority ?? 0));
      // What its declaration does not say is not said for it.
      return { ...form, windowTitle: form.windowTitle ?? "" };
    }
  }
}

interface ViewerDialogProps<F extends ViewerForm> {
  kind: DialogKind<F>;
  seed: Seed;
  onClose: () => void;
}

export function ViewerDialog<F extends ViewerForm>({ kind, seed, onClose }: ViewerDialogProps<F>) {
  const [first] = useState(() => seeded(kind, seed));
  const [form, setForm] = useState(first);
  const [problems, setProblems] = useState<Problems<F>>({});
  const [advanced, setAdvanced] = useState(() => hasAdvanced(kind, form));
  /** The name of the service to be; null: nobody asked for one. */
  const [name, setName] = useState<string | null>(null);
  const [naming, setNaming] = useState(false);
  const client = useQueryClient();
  const id = useId();
  const use: Use = seed.kind === "service" ? "service" : "job";
  const ownPort = seed.kind === "service" ? first.port : null;
  const { Main, Advanced } = kind;

  const show = (found: Problems<F>): void => {
    setProblems(found);
    if ((Object.keys(found) as (keyof F)[]).some((field) => kind.advanced.has(field))) setAdvanced(true);
  };
  const showError = (error: Error): void => {
    const field = (error instanceof ApiError && error.field && kind.fields[error.field]) || "";
    setNaming(false);
    show({ [field]: sentence(error) } as Problems<F>);
  };
  const start = useMutation({
    mutationFn: async () => {
      await kind.look?.(client, form);
      const projectDir = seed.kind === "config" ? seed.projectDir : seed.kind === "again" ? seed.job.project_dir : null;
      const params = kind.paramsOf(form);
      const shown = String(params[VIEWERS[kind.type].shows.param]);
      return request<QueueItem>("POST", "/api/queue", submissionOf(kind.type, form, params, shown, projectDir));
    },
    onSuccess: (item) => {
      if (seed.kind === "global") keep(localStorage, kind.keeping, form);
      const warnings = item.warnings ?? [];
      say([kind.queued, ...warnings].join(" "), warnings.length ? "warning" : "plain");
      void client.invalidateQueries({ queryKey: jobsQuery.queryKey });
      onClose();
      go(hrefOf("jobs"));
    },
    onError: showError,
  });
  const save = useDeclare({ onDone: onClose, onError: showError });
  const change = (part: Partial<F>): void => {
    setForm((before) => ({ ...before, ...part }));
    // What was wrong with a field was said of its old value.
    setProblems(
      (before) =>
        Object.fromEntries(Object.entries(before).filter(([field]) => field !== "" && !(field in part))) as Problems<F>,
    );
  };
  /** Runs `then` for a form that can be sent. */
  const ifWell = (as: Use, then: () => void): void => {
    const found = kind.problemsOf(form, as);
    if (Object.keys(found).length) show(found);
    else then();
  };
  const args = (of: F) => argsOf(kind.paramsOf(of), of.priority);
  const onSubmit = (event: React.FormEvent): void => {
    event.preventDefault();
    ifWell(use, () => {
      if (seed.kind !== "service") return start.mutate();
      save.mutate({ ...seed.service, args: edited(seed.service.args, args(first), args(form)) });
    });
  };
  const reset = (): void => {
    forget(localStorage, kind.keeping);
    setForm({ ...kind.keeping.defaults });
    setProblems({});
  };

  const words = VIEWERS[kind.type];
  return (
    <Modal
      open
      onClose={onClose}
      title={seed.kind === "service" ? `Edit the service ${seed.service.name}` : words.start}
      description={ABOUT[seed.kind]}
      wide
    >
      <form onSubmit={onSubmit} noValidate className="modal-form">
        <div className="modal-body">
          {problems[""] && (
            <p className="field-error" role="alert">
              {problems[""]}
            </p>
          )}
          <Main form={form} problems={problems} change={change} use={use} ownPort={ownPort} />
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
            <Advanced form={form} problems={problems} change={change} use={use} ownPort={ownPort} />
          </div>
        </div>
        <footer className="modal-foot">
          {seed.kind === "global" && (
            <button type="button" className="quiet-button push-left" onClick={reset}>
              Reset to defaults
            </button>
          )}
          {seed.kind !== "service" && (
            <button
              type="button"
              className="button"
              aria-haspopup="dialog"
              onClick={() => ifWell("service", () => setNaming(true))}
            >
              Create service...
            </button>
          )}
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button className="button button-main" disabled={start.isPending || save.isPending}>
            {seed.kind === "service" ? "Save service" : kind.submit}
          </button>
        </footer>
      </form>
      {naming && (
        <CreateService
          type={kind.type}
          name={name ?? nameOf(form.windowTitle ?? kind.titleOf(form))}
          onName={setName}
          args={args(form)}
          onDone={onClose}
          onError={showError}
          onClose={() => setNaming(false)}
        />
      )}
    </Modal>
  );
}

/** What is set there must not hide. */
function hasAdvanced<F extends ViewerForm>(kind: DialogKind<F>, form: F): boolean {
  return [...kind.advanced].some((field) => form[field] !== kind.keeping.defaults[field]);
}
