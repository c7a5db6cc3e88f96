/** The dialog of all kinds of viewer: starts a job, creates or edits a service. The kind defines its fields. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useState } from "react";
import { jobsQuery, titleQuery } from "../../shared/api/queries";
import { ApiError, messageOf, request } from "../../shared/api/request";
import type { QueueItem } from "../../shared/api/types";
import { hrefOf, navigate } from "../../shared/route";
import { useDebounced } from "../../shared/parts/use-debounced";
import { Icon } from "../../shared/parts/icon";
import { Modal, ModalBody, ModalFoot, ModalForm } from "../../shared/parts/modal";
import { showToast } from "../../shared/parts/toasts";
import { CreateService } from "./create-service";
import { useDeclare } from "./use-declare";
import type { FormDefinition } from "./definition";
import { argsOf, edited, nameOf } from "./declaration";
import type { Seed } from "../../shared/viewers/seed";
import { advancedOf, fieldsOf, formOf, hostOf, paramsOf, problemsOf, submissionOf, textIn, type Change, type Problems, type Use, type ViewerForm } from "./form";
import type { ViewerDialogProps } from "../../shared/viewers/kinds";
import { usePortFacts } from "./port-field";
import { addRecentPath } from "./recent-paths";
import { ListeningNotice } from "./listening-notice";
import { AdvancedFields, MainFields, type FieldsProps } from "./option-fields";
import { clearForm, saveForm, lastListening, loadForm } from "./stored";
import styles from "./viewer-dialog.module.css";

const ABOUT: Readonly<Record<Seed["kind"], string>> = {
  global: "It runs as a systemd unit and is opened through this server.",
  config: "Starts with the config's output folder. The settings of other TensorBoards do not change.",
  again: "The settings of the earlier job.",
  service: "Saving restarts the service. Its address does not change.",
};

function initialForm(definition: FormDefinition, seed: Seed): ViewerForm {
  switch (seed.kind) {
    case "global":
      return loadForm(localStorage, definition.storedForm);
    case "config":
      // Only the TensorBoard dialog is opened from a config.
      return { ...definition.storedForm.defaults, logdir: seed.logdir, windowTitle: seed.title };
    case "again":
      return formOf(definition.kind, { ...seed.job.job_params }, seed.job.priority);
    case "service": {
      const { priority, ...params } = seed.service.args;
      const form = formOf(definition.kind, params, Number(priority ?? 0));
      // No derived title: an edit must not add a title to the declaration.
      return { ...form, windowTitle: form.windowTitle ?? "" };
    }
  }
}

interface Props extends ViewerDialogProps {
  definition: FormDefinition;
}

export function ViewerDialog({ viewer, definition, seed, onClose }: Props) {
  const [first] = useState(() => initialForm(definition, seed));
  const [form, setForm] = useState(first);
  const [listening, setListening] = useState(() =>
    seed.kind === "global" ? lastListening(localStorage, definition.storedForm) : null,
  );
  const [problems, setProblems] = useState<Problems>({});
  const [advanced, setAdvanced] = useState(() => hasAdvanced(definition, form));
  /** The name of the new service; null: none was typed. */
  const [name, setName] = useState<string | null>(null);
  /** The name that is suggested for the new service; null: its name is not asked for. */
  const [naming, setNaming] = useState<string | null>(null);
  const client = useQueryClient();
  const id = useId();
  const use: Use = seed.kind === "service" ? "service" : "job";
  const ownPort = seed.kind === "service" ? first.port : null;
  const { kind } = definition;
  const fieldNames = fieldsOf(kind);
  const path = textIn(form, fieldNames[kind.required] ?? "").trim();
  const settled = useDebounced(path, 250);
  const title = useQuery({ ...titleQuery(viewer.type, settled), enabled: settled !== "", retry: false }).data?.title ?? "";
  const derivedTitle = settled === path ? title : "";
  /** Waits for the title if the form is submitted before it has arrived. */
  const fetchTitle = (): Promise<string> =>
    client.fetchQuery(titleQuery(viewer.type, path)).then(
      (response) => response.title,
      () => "",
    );

  /** Counts the reports of errors: each one shows its first field. */
  const [reports, setReports] = useState(0);
  useEffect(() => {
    if (reports) showFirstProblem();
  }, [reports]);
  const show = (found: Problems): void => {
    setProblems(found);
    setReports((count) => count + 1);
    if (Object.keys(found).some((field) => advancedOf(kind).has(field))) setAdvanced(true);
  };
  const showError = (error: Error): void => {
    const field = (error instanceof ApiError && error.field && fieldNames[error.field]) || "";
    setNaming(null);
    show({ [field]: messageOf(error) });
  };
  const start = useMutation({
    mutationFn: async (port: string) => {
      await definition.check?.(client, form);
      const projectDir = seed.kind === "config" ? seed.projectDir : seed.kind === "again" ? seed.job.project_dir : null;
      const params = paramsOf(kind, { ...form, port }, await fetchTitle());
      const shown = String(params[viewer.shows.param]);
      return request<QueueItem>("POST", "/api/queue", submissionOf(viewer.type, { ...form, port }, params, shown, projectDir));
    },
    onSuccess: (item) => {
      if (seed.kind === "global") saveForm(localStorage, definition.storedForm, form);
      addRecentPath(localStorage, viewer.type, path);
      const { warnings, notes } = item;
      showToast([definition.queued, ...warnings, ...notes].join(" "), warnings.length ? "warning" : "plain");
      void client.invalidateQueries({ queryKey: jobsQuery.queryKey });
      onClose();
      navigate(hrefOf("jobs"));
    },
    onError: showError,
  });
  const save = useDeclare({ onDone: onClose, onError: showError });
  const change = (part: Change): void => {
    setForm((before) => ({ ...before, ...part }));
    // An error concerns the old value of a field.
    setProblems(
      (before) =>
        Object.fromEntries(Object.entries(before).filter(([field]) => field !== "" && !(field in part))) as Problems,
    );
  };
  /** Runs `then` if the form is valid. */
  const ifValid = (as: Use, then: () => void): void => {
    const found = problemsOf(kind, form, as);
    if (Object.keys(found).length) show(found);
    else then();
  };
  /** Asks for the name once the derived title has arrived: a later suggestion would mix with what is typed. */
  const askName = async (): Promise<void> => setNaming(nameOf(form.windowTitle ?? (await fetchTitle())));
  const args = (of: ViewerForm) => argsOf(paramsOf(kind, of, derivedTitle), of.priority);
  const portFacts = usePortFacts(form.port, hostOf(form), form.port === ownPort);
  /** The port to start on instead of the one that is taken. */
  const nextPort = use === "job" && portFacts && !portFacts.free && portFacts.next_free !== null ? String(portFacts.next_free) : null;
  const onSubmit = (event: React.FormEvent): void => {
    event.preventDefault();
    ifValid(use, () => {
      if (seed.kind !== "service") return start.mutate(nextPort ?? form.port);
      save.mutate({ ...seed.service, args: edited(seed.service.args, args(first), args(form)) });
    });
  };
  const reset = (): void => {
    clearForm(localStorage, definition.storedForm);
    setListening(null);
    setForm({ ...definition.storedForm.defaults });
    setProblems({});
  };

  const fields: FieldsProps = { kind, form, problems, change, use, ownPort, derivedTitle, Path: definition.Path };
  return (
    <Modal
      open
      onClose={onClose}
      title={seed.kind === "service" ? `Edit the service ${seed.service.name}` : viewer.start}
      description={ABOUT[seed.kind]}
      wide
    >
      <ModalForm onSubmit={onSubmit}>
        <ModalBody>
          {problems[""] && (
            <p className="field-error" role="alert">
              {problems[""]}
            </p>
          )}
          {listening && (
            <ListeningNotice
              last={listening}
              onUse={() => {
                change({ ...listening });
                setListening(null);
              }}
            />
          )}
          <MainFields {...fields} />
          <div className={styles["line"]}>
            <button
            type="button"
            className={styles["disclosure"]}
            aria-expanded={advanced}
            aria-controls={`${id}-advanced`}
            onClick={() => setAdvanced(!advanced)}
          >
            <Icon name="chevron" />
            Advanced
          </button>
          {seed.kind === "global" && (
            <button type="button" className="quiet-button" onClick={reset}>
              Reset to defaults
            </button>
          )}
          </div>
          <div id={`${id}-advanced`} hidden={!advanced}>
            <AdvancedFields {...fields} />
          </div>
        </ModalBody>
        <ModalFoot>
          {seed.kind !== "service" && (
            <button
              type="button"
              className={`button ${styles["create"]}`}
              aria-haspopup="dialog"
              onClick={() => ifValid("service", () => void askName())}
            >
              Create service...
            </button>
          )}
          <button type="button" className={`button ${styles["cancel"]}`} onClick={onClose}>
            Cancel
          </button>
          {nextPort !== null && (
            <button
              type="button"
              className="button"
              disabled={start.isPending}
              onClick={() => ifValid(use, () => start.mutate(form.port))}
            >
              Wait for {form.port}
            </button>
          )}
          {/* A press that began before the port's facts arrived must not start the job on another port: the key makes
              each meaning a button of its own. */}
          <button
            key={nextPort}
            className={`button button-main ${styles["start"]}`}
            disabled={start.isPending || save.isPending}
          >
            {seed.kind === "service" ? "Save service" : nextPort === null ? definition.submit : `Start on ${nextPort}`}
          </button>
        </ModalFoot>
      </ModalForm>
      {naming !== null && (
        <CreateService
          type={viewer.type}
          name={name ?? naming}
          onName={setName}
          args={async () => argsOf(paramsOf(kind, form, await fetchTitle()), form.priority)}
          onDone={onClose}
          onError={showError}
          onClose={() => setNaming(null)}
        />
      )}
    </Modal>
  );
}

/** Whether an advanced field is set: it must be visible. */
function hasAdvanced({ kind, storedForm }: FormDefinition, form: ViewerForm): boolean {
  return [...advancedOf(kind)].some((field) => form[field] !== storedForm.defaults[field]);
}

/** The field may be outside of the visible part of the dialog. */
function showFirstProblem(): void {
  const first = document.querySelector<HTMLElement>("[role=dialog] :is([aria-invalid=true], [role=alert])");
  first?.scrollIntoView({ block: "nearest" });
  first?.focus();
}
