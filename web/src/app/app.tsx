import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { authQuery } from "../api/queries";
import { sentence, whenSignedOut } from "../api/request";
import { Toasts } from "../parts/toasts";
import { PasswordForm } from "../sign-in/password-form";
import { SignIn, useSignIn } from "../sign-in/sign-in";
import { Welcome } from "../sign-in/welcome";
import { Shell } from "./shell";

/** Who is there decides what is shown: the sign-in, the offer of a password, or the page. */
export function App({ token }: { token: string | null }) {
  const client = useQueryClient();
  const [offerPassword, setOfferPassword] = useState(false);
  const signIn = useSignIn(setOfferPassword);
  const exchanged = useRef(false);
  const [spent, setSpent] = useState(false);
  const { mutate } = signIn;

  useEffect(() => whenSignedOut(() => void client.invalidateQueries({ queryKey: authQuery.queryKey })), [client]);
  useEffect(() => {
    if (token === null || exchanged.current) return;
    exchanged.current = true;
    mutate({ token });
  }, [token, mutate]);

  const exchanging = token !== null && !spent && (signIn.isIdle || signIn.isPending);
  const auth = useQuery({ ...authQuery, enabled: !exchanging, retry: true, retryDelay: 1_000 });

  return (
    <>
      {exchanging || !auth.data ? (
        <Waiting problem={auth.failureReason ? sentence(auth.failureReason) : null} />
      ) : !auth.data.authenticated && !auth.data.auth_disabled ? (
        <SignIn
          hasPassword={auth.data.has_password}
          problem={signIn.error ? `The token in the address did not do: ${sentence(signIn.error)}` : null}
          onDone={(offer) => {
            // The address's token is history once somebody came in another way.
            signIn.reset();
            setSpent(true);
            setOfferPassword(offer);
          }}
        />
      ) : offerPassword && !auth.data.auth_disabled ? (
        <OfferPassword onDone={() => setOfferPassword(false)} />
      ) : (
        <Shell auth={auth.data} />
      )}
      <Toasts />
    </>
  );
}

function Waiting({ problem }: { problem: string | null }) {
  return <main className="welcome">{problem && <p role="alert">{problem}</p>}</main>;
}

function OfferPassword({ onDone }: { onDone: () => void }) {
  return (
    <Welcome title="Set a password?">
      <p className="hint">
        You are signed in. A password lets you come back without the long address. The token goes on working either way.
      </p>
      <PasswordForm hasPassword={false} onDone={onDone} leave={{ name: "Skip", run: onDone }} />
    </Welcome>
  );
}
