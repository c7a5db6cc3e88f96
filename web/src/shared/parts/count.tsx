import styles from "./count.module.css";

/** A number behind a name. The tooltip adds `words`: `3 waiting`. */
export function Count({ of, words }: { of: number; words?: string }) {
  return (
    // Drawn by the style sheet, so that it is no part of the item's accessible name.
    <span className={styles["count"]} data-count={of} title={words && `${of} ${words}`} />
  );
}
