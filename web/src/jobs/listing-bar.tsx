import type { Job } from "../api/types";
import { FILTERS, listed, SORTS, type Filter, type Sort } from "./listing";

interface ListingBarProps {
  jobs: readonly Job[] | undefined;
  filter: Filter;
  setFilter: (filter: Filter) => void;
  text: string;
  setText: (text: string) => void;
  sort: Sort;
  setSort: (sort: Sort) => void;
}

/** Which jobs, and in which order. */
export function ListingBar({ jobs, filter, setFilter, text, setText, sort, setSort }: ListingBarProps) {
  return (
    <div className="listing-bar">
      <div className="segments" role="group" aria-label="State">
        {(Object.keys(FILTERS) as Filter[]).map((name) => (
          <button key={name} type="button" aria-pressed={filter === name} onClick={() => setFilter(name)}>
            {FILTERS[name]}
            <span className="segment-count">{listed(jobs ?? [], name, "", "newest").length}</span>
          </button>
        ))}
      </div>
      <input
        type="search"
        className="input"
        aria-label="Filter"
        placeholder="Filter by name, folder, port, reason"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <select className="input" aria-label="Sort" value={sort} onChange={(event) => setSort(event.target.value as Sort)}>
        {(Object.keys(SORTS) as Sort[]).map((name) => (
          <option key={name} value={name}>
            {SORTS[name]}
          </option>
        ))}
      </select>
    </div>
  );
}
