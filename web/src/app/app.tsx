import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { authQuery } from "../shared/api/queries";
import { messageOf, onSignedOut } from "../shared/api/request";
import { own } from "../shared/own-address";
import { Toasts } from "../shared/parts/toasts";
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
  const auth = useQuery({ ...authQuery, enabled: !exchanging, retry: true, retryDelay: 1_000 });

  return (
    <>
      {exchanging || !auth.data ? (
        <Waiting problem={auth.failureReason ? messageOf(auth.failureReason) : null} />
      ) : !auth.data.authenticated && !auth.data.auth_disabled ? (
        <SignIn
          hasPassword={auth.data.has_password}
          problem={signIn.error && problemOf(signIn.error)}
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
        <Shell auth={auth.data} />
      )}
      <Toasts />
    </>
  );
}

function problemOf(error: Error): string {
  return error instanceof CookieLost ? messageOf(error) : `The sign-in link was not accepted: ${messageOf(error)}`;
}

/** Leaves the page for the viewer that asked for the sign-in. */
function GoTo({ next }: { next: string }) {
  useEffect(() => window.location.replace(own(next)), [next]);
  return <WelcomePage>{null}</WelcomePage>;
}

function Waiting({ problem }: { problem: string | null }) {
  return <WelcomePage>{problem && <p role="alert">{problem}</p>}</WelcomePage>;
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
