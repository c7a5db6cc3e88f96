import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useMemo, useState } from "react";
import { jobsQuery } from "../api/queries";
import { request, sentence } from "../api/request";
import { useRoute } from "../app/route";
import { counted } from "../format/counted";
import { applied } from "../live/job-changes";
import { Empty } from "../parts/empty";
import { say } from "../parts/toasts";
import { useViewerDialog } from "../viewer/dialogs";
import { JobList } from "./job-list";
import { listed, type Filter, type Sort } from "./listing";
import { ListingBar } from "./listing-bar";
import { isEnded } from "./state";

const JobPanel = lazy(() => import("./job-panel"));

export function JobsView() {
  const { data: jobs, error } = useQuery(jobsQuery);
  const { item, tab } = useRoute();
  const [filter, setFilter] = useState<Filter>("all");
  const [text, setText] = useState("");
  const [sort, setSort] = useState<Sort>("activity");
  const shown = useMemo(() => listed(jobs ?? [], filter, text, sort), [jobs, filter, text, sort]);
  const chosen = item === null ? undefined : jobs?.find((job) => job.queue_id === item);
  const clean = useCleanUp();
  return (
    <div className="jobs" data-chosen={item !== null || undefined}>
      <section className="view jobs-all" aria-label="All jobs">
        <header className="view-head">
          <h1>Jobs</h1>
          <span className="quiet">{jobs ? counted(jobs.length, "job") : ""}</span>
          <button
            type="button"
            className="button button-small push"
            disabled={clean.isPending || !jobs?.some(isEnded)}
            onClick={() => clean.mutate()}
          >
            Clean completed
          </button>
        </header>
        <ListingBar {...{ jobs, filter, setFilter, text, setText, sort, setSort }} />
        {error && !jobs && <p className="field-error">{sentence(error)}</p>}
        {jobs && !shown.length ? <NoJobs any={jobs.length > 0} /> : <JobList jobs={shown} selected={item} />}
      </section>
      {item !== null && jobs && (
        <Suspense fallback={null}>
          <JobPanel key={item} job={chosen} tab={tab} />
        </Suspense>
      )}
    </div>
  );
}

function NoJobs({ any }: { any: boolean }) {
  const openDialog = useViewerDialog();
  if (any) return <Empty title="No job fits the filter" />;
  return (
    <Empty title="No jobs yet">
      <p>A job is a TensorBoard, or a MkDocs, that runs as a systemd unit. Start one here, or from a shell:</p>
      <code className="block">forgather tb --enqueue --logdir output_models</code>
      <button type="button" className="button button-main" onClick={() => openDialog("tensorboard", { kind: "global" })}>
        Start a TensorBoard
      </button>
    </Empty>
  );
}

function useCleanUp() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => request<{ removed: string[]; count: number }>("POST", "/api/jobs/cleanup"),
    onSuccess: ({ removed, count }) => {
      const changes = removed.map((id) => ({ removed: id }));
      client.setQueryData(jobsQuery.queryKey, (jobs) => jobs && applied(jobs, changes));
      say(`${counted(count, "ended job")} removed.`);
    },
    onError: (failure) => say(sentence(failure), "error"),
  });
}
