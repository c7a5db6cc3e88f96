/** A line above the view while something concerns all views; read out by screen readers. */
import styles from "./banner.module.css";

interface BannerProps {
  tone: "paused" | "lost";
  shown: boolean;
  children: React.ReactNode;
}

export function Banner({ tone, shown, children }: BannerProps) {
  return (
    <div role="status" aria-live="polite">
      {shown && (
        <p className={styles["banner"]} data-tone={tone}>
          {children}
        </p>
      )}
    </div>
  );
}

export function Spinner() {
  return <span className={styles["spinner"]} aria-hidden />;
}
