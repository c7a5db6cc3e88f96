import { Banner, Spinner } from "../shared/parts/banner";
import type { Connection } from "../shared/live/event-stream";

export function ConnectionBanner({ connection }: { connection: Connection }) {
  return (
    <Banner tone="lost" shown={connection === "lost"}>
      <Spinner />
      Connection to the server is lost, trying again
    </Banner>
  );
}
