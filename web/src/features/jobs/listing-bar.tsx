import { FILTERS, SORTS, type Filter, type Sort } from "./listing";
import type { Layout } from "./job-list";
import styles from "./listing-bar.module.css";

interface ListingBarProps {
  counts: Readonly<Record<Filter, number>>;
  filter: Filter;
  setFilter: (filter: Filter) => void;
  text: string;
  setText: (text: string) => void;
  sort: Sort;
  setSort: (sort: Sort) => void;
  layout: Layout;
  setLayout: (layout: Layout) => void;
}

/** Filter, search and order of the list of jobs. */
export function ListingBar({ counts, filter, setFilter, text, setText, sort, setSort, layout, setLayout }: ListingBarProps) {
  return (
    <div className={styles["bar"]}>
      <div className={styles["segments"]} role="group" aria-label="State">
        {(Object.keys(FILTERS) as Filter[]).map((name) => (
          <button key={name} type="button" aria-pressed={filter === name} onClick={() => setFilter(name)}>
            {FILTERS[name]}
            <span className={styles["count"]}>{counts[name]}</span>
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
      <button
        type="button"
        className="button"
        aria-pressed={layout === "table"}
        onClick={() => setLayout(layout === "table" ? "cards" : "table")}
      >
        Table
      </button>
    </div>
  );
}
