import { Brand } from "../parts/brand";

/** The frame of what is shown before the page itself. */
export function Welcome({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <main className="welcome">
      <div className="welcome-card">
        <Brand />
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  );
}
