import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { authQuery } from "../shared/api/queries";
import { FrontSignInEnded, messageOf, onSignedOut } from "../shared/api/request";
import { own } from "../shared/own-address";
import { ReloadButton } from "../shared/parts/reload-button";
import { Toasts } from "../shared/parts/toasts";
import type { AuthStatus } from "../shared/api/types";
import { nextOf } from "../features/sign-in/next";
import { PasswordForm } from "../features/sign-in/password-form";
import { CookieLost, SignIn, useSignIn } from "../features/sign-in/sign-in";
import { Welcome, WelcomePage } from "../features/sign-in/welcome";
import { Shell } from "./shell";

/** Shows the sign-in, the offer to set a password, or the page itself. */
export function App({ token }: { token: string | null }) {
  const client = useQueryClient();
  const [offerPassword, setOfferPassword] = useState(false);
  const signIn = useSignIn(setOfferPassword);
  const exchanged = useRef(false);
  const [obsolete, setObsolete] = useState(false);
  const { mutate } = signIn;
  const [next] = useState(() => nextOf(window.location.href));

  useEffect(() => onSignedOut(() => void client.invalidateQueries({ queryKey: authQuery.queryKey })), [client]);
  useEffect(() => {
    if (token === null || exchanged.current) return;
    exchanged.current = true;
    mutate({ token });
  }, [token, mutate]);

  const exchanging = token !== null && !obsolete && (signIn.isIdle || signIn.isPending);
  const auth = useQuery({ ...authQuery, enabled: !exchanging, retry: true, retryDelay });

  return (
    <>
      {exchanging || !auth.data ? (
        <Waiting error={auth.failureReason} />
      ) : !auth.data.authenticated && !auth.data.auth_disabled ? (
        <SignIn
          hasPassword={auth.data.has_password}
          problem={signIn.error ? problemOf(signIn.error) : unknownUser(auth.data)}
          onDone={(offer) => {
            // The token in the address is obsolete after another sign-in.
            signIn.reset();
            setObsolete(true);
            setOfferPassword(offer);
          }}
        />
      ) : offerPassword && !auth.data.auth_disabled ? (
        <OfferPassword onDone={() => setOfferPassword(false)} />
      ) : next !== null ? (
        <GoTo next={next} />
      ) : (
        <Shell auth={auth.data} signInEnded={auth.failureReason instanceof FrontSignInEnded} />
      )}
      <Toasts />
    </>
  );
}

function problemOf(error: Error): string {
  return error instanceof CookieLost ? messageOf(error) : `The sign-in link was not accepted: ${messageOf(error)}`;
}

/** Each request to a proxy without a sign-in may begin one, which would replace the one in another tab. */
const retryDelay = (_count: number, error: Error): number => (error instanceof FrontSignInEnded ? 15_000 : 1_000);

function unknownUser({ unknown_user: user }: AuthStatus): string | null {
  return user && `${user} may not use this server. Sign in with its token, or ask an admin of the server for access.`;
}

/** Leaves the page for the viewer that asked for the sign-in. */
function GoTo({ next }: { next: string }) {
  useEffect(() => window.location.replace(own(next)), [next]);
  return <WelcomePage>{null}</WelcomePage>;
}

function Waiting({ error }: { error: Error | null }) {
  return (
    <WelcomePage>
      {error && <p role="alert">{messageOf(error)}</p>}
      {error instanceof FrontSignInEnded && <ReloadButton />}
    </WelcomePage>
  );
}

function OfferPassword({ onDone }: { onDone: () => void }) {
  return (
    <Welcome title="Set a password?">
      <p className="hint">
        You are signed in. With a password you can sign in without the long address. The token keeps working.
      </p>
      <PasswordForm hasPassword={false} onDone={onDone} leave={{ name: "Skip", run: onDone }} />
    </Welcome>
  );
}
