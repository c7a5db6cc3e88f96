import { Banner, Spinner } from "../shared/parts/banner";
import { ReloadButton } from "../shared/parts/reload-button";
import type { Connection } from "../shared/live/event-stream";

interface ConnectionBannerProps {
  connection: Connection;
  /** A proxy in front of the server asks for a sign-in. */
  signInEnded: boolean;
}

export function ConnectionBanner({ connection, signInEnded }: ConnectionBannerProps) {
  if (signInEnded) {
    return (
      <Banner tone="lost" shown>
        Your sign-in has ended
        <ReloadButton />
      </Banner>
    );
  }
  return (
    <Banner tone="lost" shown={connection === "lost"}>
      <Spinner />
      Connection to the server is lost, trying again
    </Banner>
  );
}
