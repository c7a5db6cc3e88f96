import type { Connection } from "./event-stream";

export function ConnectionBanner({ connection }: { connection: Connection }) {
  return (
    <div role="status" aria-live="polite">
      {connection === "lost" && (
        <p className="banner banner-lost">
          <span className="spinner" aria-hidden />
          Connection to the server is lost, trying again
        </p>
      )}
    </div>
  );
}
