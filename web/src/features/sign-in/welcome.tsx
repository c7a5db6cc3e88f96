import { Brand } from "../../shared/parts/brand";
import styles from "./welcome.module.css";

/** A card on a page without the frame: sign-in, password. */
export function Welcome({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <WelcomePage>
      <div className={styles["card"]}>
        <Brand className={styles["brand"]} />
        <h1>{title}</h1>
        {children}
      </div>
    </WelcomePage>
  );
}

/** The page without its frame. */
export function WelcomePage({ children }: { children: React.ReactNode }) {
  return <main className={styles["welcome"]}>{children}</main>;
}
