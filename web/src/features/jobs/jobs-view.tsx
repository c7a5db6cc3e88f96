import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useMemo, useState } from "react";
import { endedCountQuery, historyQuery, jobQuery, jobsQuery } from "../../shared/api/queries";
import { messageOf } from "../../shared/api/request";
import type { Job } from "../../shared/api/types";
import { isText, useAddressState } from "../../shared/address-state";
import { useRoute } from "../../shared/route";
import { plural } from "../../shared/format/plural";
import { useStoredState } from "../../shared/parts/use-stored-state";
import { useDebounced } from "../../shared/parts/use-debounced";
import { CleanUp } from "./clean-up";
import { isLayout, JobList, type Layout } from "./job-list";
import type { TtyComponent } from "./job-panel";
import { isFilter, isSort, listed, orderOf, overview, withHistory, type Filter, type Sort } from "./listing";
import { ListingBar } from "./listing-bar";
import { NoJobs } from "./no-jobs";
import { toggled } from "./selection";
import { SelectionBar } from "./selection-bar";
import { isActive } from "../../shared/jobs/state";
import styles from "./jobs-view.module.css";

const NO_JOBS: readonly Job[] = [];
const loadNothing = (): void => undefined;
const NONE: ReadonlySet<string> = new Set();
/** Query the server after a pause in typing. */
const SEARCH_PAUSE_MS = 200;

const JobPanel = lazy(() => import("./job-panel"));

/** `TtyTab` shows a job's output. */
export function JobsView({ TtyTab }: { TtyTab: TtyComponent }) {
  const { data: jobs, error } = useQuery(jobsQuery);
  const { item, tab } = useRoute();
  const [filter, setFilter] = useAddressState<Filter>("state", "all", isFilter);
  const [text, setText] = useAddressState("filter", "", isText);
  const [sort, setSort] = useAddressState<Sort>("sort", "activity", isSort);
  const counts = useCounts(jobs ?? NO_JOBS);
  const history = useHistory(filter, text, sort);
  const known = useMemo(
    () => withHistory(jobs ?? NO_JOBS, history.jobs, !history.hasMore, sort),
    [jobs, history.jobs, history.hasMore, sort],
  );
  const isOverview = filter === "all" && text === "" && sort === "activity";
  const found = useMemo(() => listed(known, filter, text, sort), [known, filter, text, sort]);
  const shown = useMemo(() => (isOverview ? overview(found) : found), [found, isOverview]);
  const hidden = isOverview ? counts.all - shown.length : 0;
  const [layout, setLayout] = useStoredState<Layout>("forgather-jobs-layout", "cards", isLayout);
  const [checked, setChecked] = useState<ReadonlySet<string>>(NONE);
  const onCheck = useCallback((id: string) => setChecked((before) => toggled(before, id)), []);
  const chosenJobs = useMemo(() => known.filter((job) => checked.has(job.queue_id)), [known, checked]);
  const chosen = useChosen(item, jobs, known);
  const isWaiting = !shown.length && history.isFetching;
  return (
    <div className={styles["jobs"]} data-chosen={item !== null || undefined}>
      <section className={`view ${styles["all"]}`} aria-label="All jobs">
        <header className="view-head">
          <h1>Jobs</h1>
          <span className="quiet">{jobs ? plural(counts.all, "job") : ""}</span>
          <CleanUp disabled={!counts.ended} />
        </header>
        <ListingBar {...{ counts, filter, setFilter, text, setText, sort, setSort, layout, setLayout }} />
        {chosenJobs.length > 0 && (
          <SelectionBar
            jobs={chosenJobs}
            onSelectAll={() => setChecked(new Set(shown.map((job) => job.queue_id)))}
            onClear={() => setChecked(NONE)}
          />
        )}
        {error && !jobs && <p className="field-error">{messageOf(error)}</p>}
        {history.error && <p className="field-error">{messageOf(history.error)}</p>}
        {jobs && !shown.length && !isWaiting ? (
          <NoJobs
            isFiltered={(filter !== "all" || text !== "") && counts.all > 0}
            onClear={() => {
              setFilter("all");
              setText("");
            }}
          />
        ) : (
          <JobList
            jobs={shown}
            selected={item}
            checked={checked}
            onCheck={onCheck}
            layout={layout}
            total={text ? shown.length : counts[filter] - hidden}
            onNearEnd={isOverview ? loadNothing : history.loadMore}
          >
            {hidden > 0 && (
              <button type="button" className="quiet-button" onClick={() => setFilter("ended")}>
                Show all {counts.ended.toLocaleString("en")} ended jobs
              </button>
            )}
          </JobList>
        )}
      </section>
      {item !== null && chosen !== "unknown" && (
        <Suspense fallback={null}>
          <JobPanel key={item} job={chosen} tab={tab} TtyTab={TtyTab} />
        </Suspense>
      )}
    </div>
  );
}

/** The job in the address: "unknown" until the server has responded whether it exists. */
function useChosen(item: string | null, jobs: readonly Job[] | undefined, known: readonly Job[]): Job | undefined | "unknown" {
  const found = item === null ? undefined : known.find((job) => job.queue_id === item);
  const query = useQuery({ ...jobQuery(item ?? ""), enabled: item !== null && jobs !== undefined && !found });
  if (found || item === null) return found;
  return jobs === undefined || query.isPending ? "unknown" : (query.data ?? undefined);
}

function useCounts(jobs: readonly Job[]): Readonly<Record<Filter, number>> {
  const ended = useQuery(endedCountQuery).data;
  return useMemo(() => {
    const active = jobs.filter(isActive).length;
    const queued = jobs.filter((job) => job.status === "queued").length;
    const endedCount = ended ?? jobs.length - active - queued;
    return { all: active + queued + endedCount, active, queued, ended: endedCount };
  }, [jobs, ended]);
}

/** The matching ended jobs, as far as they are loaded. */
function useHistory(filter: Filter, text: string, sort: Sort) {
  const words = useDebounced(text.trim(), SEARCH_PAUSE_MS);
  const query = useInfiniteQuery({ ...historyQuery(words, orderOf(sort)), enabled: filter === "all" || filter === "ended" });
  const { data, error, hasNextPage, isFetching, isError, isPlaceholderData, fetchNextPage } = query;
  const jobs = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const mayLoad = hasNextPage && !isFetching && !isError && !isPlaceholderData;
  const loadMore = useCallback(() => {
    if (mayLoad) void fetchNextPage();
  }, [mayLoad, fetchNextPage]);
  return { jobs: isPlaceholderData ? NO_JOBS : jobs, hasMore: hasNextPage, isFetching, error, loadMore };
}
